import { useState } from 'preact/hooks';
import { type Schemas } from '../api/client.js';
import { withQuery } from '../router.js';
import { Figure } from './figure.js';
import { percent, scale } from './scale.js';

type Kind = 'documents' | 'fields';

const SIZE = 320;
const x = scale([0, 1], [40, SIZE - 10]);
const y = scale([0, 1], [SIZE - 36, 10]);
const MARKS = [0, 0.25, 0.5, 0.75, 1];

/** Whether a confidence means what it says: the share of right values by confidence, beside the line where both are equal. */
export function Calibration({ calibration }: { calibration: Schemas['ErrorCalibration'] }) {
  const [kind, setKind] = useState<Kind>(calibration.fields.all.values > 0 ? 'fields' : 'documents');
  const { bins, values, ece, threshold } = calibration[kind].all;
  const full = bins.filter(({ mean_confidence, accuracy }) => mean_confidence !== null && accuracy !== null);
  const table = [
    ['Confidence', 'Count', 'Right', 'Share', 'From', 'To'],
    ...full.map(({ low, high, values: count, right, accuracy, interval }) => [
      kind === 'documents' ? (
        <a
          href={withQuery('samples', {
            approved: true,
            confidence_gte: low,
            confidence_lt: high === 1 ? undefined : high,
          })}
        >
          {low} to {high}
        </a>
      ) : (
        `${low} to ${high}`
      ),
      count.toLocaleString(),
      right.toLocaleString(),
      percent(accuracy!),
      percent(interval?.[0] ?? 0),
      percent(interval?.[1] ?? 1),
    ]),
  ];
  return (
    <Figure
      title="Calibration"
      note={
        values === 0
          ? 'The pipeline gave no confidences.'
          : `Of ${values.toLocaleString()} ${kind === 'documents' ? 'documents' : 'values'} with a confidence, by tenths. On the line, a confidence of 90 % is right in 90 %.${ece === null ? '' : ` Expected calibration error: ${percent(ece)}.`}`
      }
      table={table}
    >
      <div class="actions" role="group" aria-label="Confidences of">
        {(['fields', 'documents'] as const).map((each) => (
          <button
            key={each}
            type="button"
            aria-pressed={kind === each}
            onClick={() => {
              setKind(each);
            }}
          >
            {each === 'fields' ? 'Values' : 'Documents'}
          </button>
        ))}
      </div>
      <svg
        class="calibration"
        viewBox={`0 0 ${SIZE} ${SIZE}`}
        role="img"
        aria-label="The numbers of this plot are in the table below it."
      >
        {MARKS.map((mark) => (
          <g key={mark}>
            <line class="grid" x1={x(mark)} x2={x(mark)} y1={y(0)} y2={y(1)} />
            <line class="grid" x1={x(0)} x2={x(1)} y1={y(mark)} y2={y(mark)} />
            <text x={x(mark)} y={y(0) + 15} text-anchor="middle">
              {mark * 100}
            </text>
            <text x={x(0) - 6} y={y(mark) + 4} text-anchor="end">
              {mark * 100}
            </text>
          </g>
        ))}
        <text x={(x(0) + x(1)) / 2} y={SIZE - 4} text-anchor="middle">
          confidence, %
        </text>
        <text x={-(y(0) + y(1)) / 2} y="11" text-anchor="middle" transform="rotate(-90)">
          right, %
        </text>
        <line class="ideal" x1={x(0)} x2={x(1)} y1={y(0)} y2={y(1)} />
        {full.map(({ low, mean_confidence, accuracy, interval }) => (
          <g key={low}>
            {interval && (
              <line
                class="interval"
                x1={x(mean_confidence!)}
                x2={x(mean_confidence!)}
                y1={y(interval[0]!)}
                y2={y(interval[1]!)}
              />
            )}
            <circle cx={x(mean_confidence!)} cy={y(accuracy!)} r="4.5" />
          </g>
        ))}
      </svg>
      {threshold && (
        <p class="small soft">
          From a confidence of {threshold.confidence} on, at most {percent(calibration.max_error)} are wrong.
        </p>
      )}
    </Figure>
  );
}
