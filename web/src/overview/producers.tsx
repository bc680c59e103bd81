import { type Schemas } from '../api/client.js';
import { Text } from '../parts/text.js';
import { withQuery } from '../router.js';
import { percent } from './scale.js';

/** The names that a producer most often has, in this order. */
const NAMES = ['name', 'model', 'version'];

function nameOf(producer: unknown): string {
  if (typeof producer !== 'object' || producer === null) return 'not named';
  const members = producer as Readonly<Record<string, unknown>>;
  const named = NAMES.map((name) => members[name]).filter((value) => typeof value === 'string');
  return named.length > 0 ? named.join(', ') : JSON.stringify(producer);
}

/** Error rates by what made the results. */
export function Producers({
  groups,
  producers,
}: {
  groups: readonly Schemas['ErrorGroup'][];
  producers: readonly Schemas['ProducerStatistics'][];
}) {
  if (groups.length === 0) return null;
  const digests = new Map(producers.map(({ producer, sha256 }) => [JSON.stringify(producer), sha256]));
  return (
    <section class="card" aria-labelledby="producers">
      <h2 id="producers">By producer</h2>
      <p class="soft small">What made the results: each leads to its samples.</p>
      <div class="table-box" role="region" aria-label="Rates by producer" tabIndex={0}>
        <table>
          <thead>
            <tr>
              <th scope="col">Producer</th>
              <th scope="col" class="number">
                Documents
              </th>
              <th scope="col" class="number">
                Values wrong
              </th>
              <th scope="col" class="number">
                Documents with an error
              </th>
            </tr>
          </thead>
          <tbody>
            {groups.map(({ group, all }, index) => {
              const name = nameOf(group);
              const digest = digests.get(JSON.stringify(group));
              return (
                <tr key={index}>
                  <th scope="row">
                    {digest === undefined ? (
                      <Text text={name} />
                    ) : (
                      <a href={withQuery('samples', { producer: digest })}>
                        <Text text={name} />
                      </a>
                    )}
                  </th>
                  <td class="number">{all.documents.toLocaleString()}</td>
                  <Rate rate={all.rate} interval={all.interval} />
                  <Rate rate={all.documents_rate} interval={all.documents_interval} />
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function Rate({ rate, interval }: { rate: number | null; interval: readonly number[] | null }) {
  if (rate === null || interval === null) return <td class="number">–</td>;
  return (
    <td class="number">
      {percent(rate)}
      <br />
      <span class="soft small">
        {percent(interval[0]!)} to {percent(interval[1]!)}
      </span>
    </td>
  );
}
