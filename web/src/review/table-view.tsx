import { useMemo, useState } from 'preact/hooks';
import { type JsonNode, keyOf } from '../json/json-node.js';
import { visible } from '../parts/signs.js';
import { Text } from '../parts/text.js';
import { fieldPathOf, isLeaf, nodeAt, type Place, rowOf } from './draft-tree.js';
import { useWindow, Value } from './lines-view.js';
import { type Draft } from './use-draft.js';

const HEIGHT = 34;
const MOST = 200;
/** Columns come from the members of so many rows. */
const MOST_ROWS_FOR_COLUMNS = 100;

interface Table {
  readonly place: Place;
  readonly node: JsonNode;
}

/** The arrays of objects of a document, outside of other tables. */
function tablesOf(node: JsonNode, place: Place = []): Table[] {
  const isTable = node.kind === 'array' && node.children.some((row) => row.node.kind === 'object');
  if (isTable) return [{ place, node }];
  return node.children.flatMap((child, index) => tablesOf(child.node, [...place, index]));
}

function columnsOf(table: JsonNode): string[] {
  const rows = table.children.slice(0, MOST_ROWS_FOR_COLUMNS);
  return [...new Set(rows.flatMap((row) => row.node.children.map((member) => keyOf(member) ?? '')))];
}

/** A list of rows, one a line. */
export function TableView({ draft }: { draft: Draft }) {
  const { root, place } = draft;
  const tables = useMemo(() => tablesOf(root), [root]);
  const isIn = ({ place: at }: Table): boolean => at.every((step, index) => place[index] === step);
  const [chosen, setChosen] = useState<number>();
  const inFocus = tables.findIndex((table) => table.place.length > 0 && isIn(table));
  const table = tables[inFocus >= 0 ? inFocus : (chosen ?? 0)];
  if (!table) return <p class="soft">This document has no rows.</p>;
  return (
    <>
      {tables.length > 1 && (
        <label>
          <span class="visually-hidden">Table</span>
          <select
            value={tables.indexOf(table)}
            onChange={({ currentTarget }) => {
              const index = Number(currentTarget.value);
              setChosen(index);
              const first = [...tables[index]!.place, 0, 0];
              if (nodeAt(root, first)) draft.dispatch({ do: 'go', place: first });
            }}
          >
            {tables.map((each, index) => (
              <option key={index} value={index}>
                {fieldPathOf(root, each.place)} ({each.node.children.length.toLocaleString()})
              </option>
            ))}
          </select>
        </label>
      )}
      <Rows table={table} draft={draft} />
    </>
  );
}

function Rows({ table, draft }: { table: Table; draft: Draft }) {
  const { root, place } = draft;
  const row = rowOf(root, place.slice(0, table.place.length + 1));
  const current = row?.length === table.place.length + 1 ? row.at(-1)! : -1;
  const count = table.node.children.length;
  const columns = columnsOf(table.node);
  // The head takes the place of a row.
  const { frame, range, look } = useWindow(count + 1, current + 1, HEIGHT);
  const from = Math.min(range.from, count);
  const until = Math.min(range.until, count);
  return (
    <div ref={frame} class="review-lines" onScroll={look}>
      <table class="review-table" aria-rowcount={count + 1}>
        <thead>
          <tr style={{ height: `${HEIGHT}px` }}>
            <th scope="col">#</th>
            {columns.map((name) => (
              <th key={name} scope="col">
                <Text text={name.slice(0, MOST)} />
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {from > 0 && <Space rows={from} />}
          {table.node.children.slice(from, until).map(({ node }, index) => (
            <tr key={node.id} style={{ height: `${HEIGHT}px` }} aria-rowindex={from + index + 2}>
              <th scope="row">{from + index}</th>
              {columns.map((name) => {
                const at = node.children.findLastIndex((member) => keyOf(member) === name);
                const row: Place = [...table.place, from + index];
                const value = node.children[at]?.node;
                if (value) return <Cell key={name} node={value} place={[...row, at]} draft={draft} />;
                const add = (): void => {
                  draft.dispatch({ do: 'add', row, name });
                };
                return <Missing key={name} name={name} add={node.kind === 'object' ? add : undefined} />;
              })}
            </tr>
          ))}
          {until < count && <Space rows={count - until} />}
        </tbody>
      </table>
    </div>
  );
}

function Space({ rows }: { rows: number }) {
  return <tr aria-hidden="true" style={{ height: `${rows * HEIGHT}px` }} />;
}

/** Where a row lacks a member that others have. */
function Missing({ name, add }: { name: string; add: (() => void) | undefined }) {
  return (
    <td>
      {add && (
        <button
          type="button"
          tabIndex={-1}
          class="review-cell soft"
          title={`This row has no ${visible(name)}: add it`}
          onClick={add}
        >
          + add
        </button>
      )}
    </td>
  );
}

function Cell({ node, place, draft }: { node: JsonNode; place: Place; draft: Draft }) {
  const isCurrent = nodeAt(draft.root, draft.place) === node;
  const isSettled = draft.confirmed.has(node.id) || draft.edited.has(node.id);
  const kind = isSettled ? 'confirmed' : draft.doubtful.has(node.id) ? 'doubtful' : undefined;
  return (
    <td class={kind}>
      <button
        type="button"
        tabIndex={-1}
        class="review-cell mono"
        aria-current={isCurrent ? 'true' : undefined}
        onClick={() => {
          draft.dispatch({ do: 'go', place });
        }}
      >
        {isLeaf(node) ? <Value node={node} most={MOST} /> : '…'}
      </button>
    </td>
  );
}
