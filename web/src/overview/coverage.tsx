import { type Schemas } from '../api/client.js';
import { Text } from '../parts/text.js';
import { Time } from '../parts/time.js';
import { Figure } from './figure.js';

/** How many documents of each kind there are, and how many are missing. */
export function CoverageOfBuckets({ coverage: { buckets } }: { coverage: Schemas['Coverage'] }) {
  if (buckets.length === 0) return null;
  return (
    <Figure
      title="Coverage"
      note="Approved documents that have such a part, of as many as a fine-tuning needs. The parts and numbers are those of ground-truth coverage."
      table={[
        ['Part', 'Field', 'Have', 'Need', 'Missing', 'In 28 days'],
        ...buckets.map(({ name, field_path, have, need, missing, last_28_days }) => [
          name,
          <code key="path">{field_path}</code>,
          have.toLocaleString(),
          need.toLocaleString(),
          missing.toLocaleString(),
          last_28_days.toLocaleString(),
        ]),
      ]}
    >
      <ul class="buckets">
        {buckets.map(({ name, have, need, missing, day }) => (
          <li key={name}>
            <a href="samples?approved=true">
              <Text text={name} />
            </a>
            <progress value={Math.min(have, need)} max={need} aria-label={`${name}: ${have} of ${need}`} />
            <span class="bucket-note">
              <strong>
                {have.toLocaleString()} of {need.toLocaleString()}
              </strong>
              <span class="soft">
                {missing === 0 ? (
                  'enough'
                ) : (
                  <>
                    {missing.toLocaleString()} missing
                    {day !== null && (
                      <>
                        , at this pace until <Time at={`${day}T00:00:00Z`} how="day" />
                      </>
                    )}
                  </>
                )}
              </span>
            </span>
          </li>
        ))}
      </ul>
    </Figure>
  );
}
