import { useMemo, useState } from 'preact/hooks';
import { commonEnds, type ComparedRow } from '../json/comparison.js';
import { type SampleAnswer } from '../json/sample-answer.js';
import { Text } from '../parts/text.js';
import { type Compared, comparedOf, shownRows } from './compared.js';

/** The most rows that one press of a button adds to the page. */
const STEP = 500;

const SIGNS: Readonly<Record<ComparedRow['state'], string>> = {
  same: '',
  changed: '≠',
  added: '+',
  removed: '−',
};
const WORDS: Readonly<Record<ComparedRow['state'], string>> = {
  same: '',
  changed: 'changed',
  added: 'added',
  removed: 'removed',
};

/** The pipeline's result and the reviewed one, value by value. */
export function Comparison({ sample }: { sample: SampleAnswer }) {
  const compared = useMemo(() => comparedOf(sample), [sample]);
  const [opened, setOpened] = useState<readonly (readonly [number, number])[]>([]);
  const shown = useMemo(() => shownRows(compared, opened), [compared, opened]);
  const { rows } = compared;
  const differ = rows.filter(({ state }) => state !== 'same').length;
  const isWhole = shown.every((each) => 'row' in each);
  return (
    <section class="card" aria-labelledby="comparison">
      <div class="card-head">
        <h2 id="comparison">Pipeline and review</h2>
        <span class="soft">
          {differ === 0
            ? 'no difference'
            : `${differ.toLocaleString()} ${differ === 1 ? 'line differs' : 'lines differ'}`}
        </span>
        {!isWhole && rows.length <= STEP * 4 && (
          <button
            type="button"
            onClick={() => {
              setOpened([[0, rows.length - 1]]);
            }}
          >
            Show the whole document
          </button>
        )}
        {opened.length > 0 && (
          <button
            type="button"
            onClick={() => {
              setOpened([]);
            }}
          >
            Only differences
          </button>
        )}
      </div>
      <div class="compared-box" role="region" aria-label="Both results" tabIndex={0}>
        <table class="compared">
          <thead>
            <tr>
              <th scope="col">
                <span class="visually-hidden">Field</span>
              </th>
              <th scope="col">Pipeline</th>
              <th scope="col">Reviewed</th>
            </tr>
          </thead>
          <tbody>
            {shown.map((each) =>
              'row' in each ? (
                <Row key={each.index} row={each.row} compared={compared} />
              ) : (
                <tr key={each.from} class="folded">
                  <td colSpan={3}>
                    <button
                      type="button"
                      class="quiet"
                      onClick={() => {
                        setOpened([...opened, [each.from, Math.min(each.to, each.from + STEP - 1)]]);
                      }}
                    >
                      {(each.to - each.from + 1).toLocaleString()} {each.to === each.from ? 'line' : 'lines'}{' '}
                      without a difference
                    </button>
                  </td>
                </tr>
              ),
            )}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function Row({ row, compared }: { row: ComparedRow; compared: Compared }) {
  const { depth, label, left, right, state, isValue, id } = row;
  const mark =
    state === 'changed' && left !== undefined && right !== undefined ? commonEnds(left, right) : undefined;
  const by = isValue || state !== 'same' ? compared.corrections.get(id) : undefined;
  return (
    <tr class={state} data-depth={Math.min(depth, 12)}>
      {label === '' ? (
        <td class="of-bracket" />
      ) : (
        <th scope="row">
          <span class="label">
            <Text text={label} />
          </span>
        </th>
      )}
      <td class={left === undefined ? 'absent' : 'left'}>
        {left !== undefined && <Text text={left} mark={mark} />}
        {state === 'removed' && <span class="visually-hidden"> {WORDS[state]}</span>}
      </td>
      <td class={right === undefined ? 'absent' : 'right'}>
        {(state === 'changed' || state === 'added') && <span class="visually-hidden">{WORDS[state]} </span>}
        {right !== undefined && <Text text={right} mark={mark} />}
        {label !== '' &&
          by?.map((index) => (
            <button
              key={index}
              type="button"
              class="to-trail"
              aria-label={`Correction ${index + 1} in the trail`}
              onClick={() => {
                const entry = document.getElementById(`correction-${index + 1}`);
                entry?.scrollIntoView({ block: 'center' });
                entry?.focus({ preventScroll: true });
              }}
            >
              {SIGNS[state]}
              {index + 1}
            </button>
          ))}
      </td>
    </tr>
  );
}
