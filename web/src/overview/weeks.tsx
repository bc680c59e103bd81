import { type Schemas } from '../api/client.js';
import { withQuery } from '../router.js';
import { Figure } from './figure.js';
import { ticks } from './scale.js';

type Week = NonNullable<Schemas['Statistics']['weeks']>[number];

const DAY_MS = 86_400_000;

/** The first day of the next week. */
function endOf(week: string): string {
  return new Date(Date.parse(`${week}T00:00:00Z`) + 7 * DAY_MS).toISOString().slice(0, 10);
}

const inWords = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short', timeZone: 'UTC' });
const dayOf = (week: string): string => inWords.format(new Date(`${week}T00:00:00Z`));

const HEIGHT = 160;

/** Corrections and approvals by week, each in a plot of its own, since one correction is no unit of the other. */
export function Weeks({ weeks }: { weeks: readonly Week[] }) {
  if (weeks.length === 0) return null;
  return (
    <Figure
      title="Work by week"
      note="Corrections and approvals in the last weeks with any, from Monday to Sunday in UTC. A week leads to the samples that were last changed in it."
      table={[
        ['Week from', 'Corrections', 'Approvals'],
        ...weeks.map(({ week, corrections, approvals }) => [week, corrections, approvals]),
      ]}
    >
      <div class="week-plots">
        <Bars weeks={weeks} what="corrections" title="Corrections" />
        <Bars weeks={weeks} what="approvals" title="Approvals" />
      </div>
    </Figure>
  );
}

function Bars({
  weeks,
  what,
  title,
}: {
  weeks: readonly Week[];
  what: 'corrections' | 'approvals';
  title: string;
}) {
  const marks = ticks(Math.max(1, ...weeks.map((week) => week[what])), 3, 1);
  const most = marks.at(-1)!;
  return (
    <div class="weeks">
      <h3>{title}</h3>
      <div class="bars-frame">
        <svg class="bars-grid" viewBox={`0 0 100 ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
          {marks.map((mark) => (
            <line
              key={mark}
              x1="0"
              x2="100"
              y1={HEIGHT * (1 - mark / most)}
              y2={HEIGHT * (1 - mark / most)}
            />
          ))}
        </svg>
        <ol class="bar-labels" aria-hidden="true">
          {marks.toReversed().map((mark) => (
            <li key={mark}>{mark.toLocaleString()}</li>
          ))}
        </ol>
        <ol class={`bars ${what}`}>
          {weeks.map((week) => {
            const count = week[what];
            const name = `Week from ${dayOf(week.week)}: ${count.toLocaleString()} ${title.toLowerCase()}`;
            return (
              <li key={week.week}>
                <a
                  href={withQuery('samples', { since: week.week, until: endOf(week.week) })}
                  aria-label={name}
                  title={name}
                >
                  <svg viewBox={`0 0 10 ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
                    <rect x="0" width="10" y={HEIGHT * (1 - count / most)} height={(HEIGHT * count) / most} />
                  </svg>
                </a>
              </li>
            );
          })}
        </ol>
      </div>
      <p class="bar-ends small soft" aria-hidden="true">
        <span>{dayOf(weeks[0]!.week)}</span>
        <span>{dayOf(weeks.at(-1)!.week)}</span>
      </p>
    </div>
  );
}
