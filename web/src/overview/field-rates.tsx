import { useState } from 'preact/hooks';
import { type Schemas } from '../api/client.js';
import { Empty } from '../parts/states.js';
import { Text } from '../parts/text.js';
import { Figure } from './figure.js';
import { percent, ticks } from './scale.js';

const MOST = 15;

/** The fields that the pipeline gets wrong most often, each with its interval. */
export function FieldRates({ errors: { fields, jobs } }: { errors: Schemas['Errors'] }) {
  const [isWhole, setWhole] = useState(false);
  const rated = fields.filter(({ interval }) => interval !== null);
  if (rated.length === 0)
    return (
      <Empty title="No error rates yet">
        <p>
          They are of approved documents. <a href="samples?approved=false">Review the open ones</a>.
        </p>
      </Empty>
    );
  const shown = isWhole ? rated : rated.slice(0, MOST);
  const marks = ticks(Math.max(0.01, ...shown.map(({ interval }) => interval![1]!)), 5);
  const most = marks.at(-1)!;
  const x = (share: number): number => (share / most) * 100;
  return (
    <Figure
      title="Fields by error rate"
      note={`Values that reviewers changed, added or removed, in ${jobs.measured.toLocaleString()} approved documents. The line is the 95% interval; the field that is surely worst comes first.`}
      table={[
        ['Field', 'Rate', 'From', 'To', 'Values', 'Wrong', 'Missing', 'Spurious'],
        ...rated.map(({ field_path, rate, interval, values, wrong, missing, spurious }) => [
          <code key="path">
            <Text text={field_path} />
          </code>,
          percent(rate ?? 0),
          percent(interval![0]!),
          percent(interval![1]!),
          values.toLocaleString(),
          wrong.toLocaleString(),
          missing.toLocaleString(),
          spurious.toLocaleString(),
        ]),
      ]}
    >
      <ol class="dots">
        {shown.map(({ field_path, rate, interval, values }) => (
          <li key={field_path}>
            <a class="dot-name" href="samples?has_corrections=true">
              <code>
                <Text text={field_path} />
              </code>
            </a>
            <svg viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">
              {marks.map((mark) => (
                <line key={mark} class="grid" x1={x(mark)} x2={x(mark)} y1="0" y2="10" />
              ))}
              <line class="interval" x1={x(interval![0]!)} x2={x(interval![1]!)} y1="5" y2="5" />
              <line class="dot" x1={x(rate ?? 0)} x2={x(rate ?? 0)} y1="5" y2="5" />
            </svg>
            <span class="dot-note small">
              <strong>{percent(rate ?? 0)}</strong>{' '}
              <span class="soft">
                {percent(interval![0]!)} to {percent(interval![1]!)}, of {values.toLocaleString()}
              </span>
            </span>
          </li>
        ))}
      </ol>
      <ol class="dot-axis small soft" aria-hidden="true">
        {marks.map((mark) => (
          <li key={mark}>{percent(mark)}</li>
        ))}
      </ol>
      {rated.length > MOST && (
        <button
          type="button"
          onClick={() => {
            setWhole(!isWhole);
          }}
        >
          {isWhole ? 'Show the worst only' : `Show all ${rated.length.toLocaleString()} fields`}
        </button>
      )}
    </Figure>
  );
}
