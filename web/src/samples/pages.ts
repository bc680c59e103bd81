import { Buffer } from 'node:buffer';
import { readElements, readMembers } from '../../../src/json-text/index.js';
import { type Access, may } from '../access/access.js';
import { ask, askJson, type Schemas } from '../api/client.js';
import { parametersOf, type View } from './filters.js';

const LISTED = [
  'job_id',
  'filename',
  'source_kind',
  'approved',
  'reviewed_by',
  'reviewed_at',
  'review_flags',
  'confidence',
  'created_at',
] as const;

/** What the list shows of a sample. */
export type Listed = Pick<Schemas['JobSummary'], (typeof LISTED)[number] | 'correction_count'>;

/** A page of the list. */
export interface ListPage {
  readonly listed: readonly Listed[];
  readonly next: string | undefined;
  /** Whether there are others that no page shows: what has no pages ends after the first one. */
  readonly isCut: boolean;
  /** How many there are on all pages; only the first page says so. */
  readonly total?: Schemas['Total'];
}

const LIMIT = 50;
/** The samples of an export come with their documents, so there are no pages of them. */
const EXPORTED = 100;

/**
 * Whether the list is that of jobs, which has pages, an order and the filters `filename` and `not_flag`; else the first samples of an
 * export: where the server reads somebody else's database, and where the key may not review.
 */
export function listsJobs(access: Access): boolean {
  return !access.external && may(access, 'review');
}

export async function findPage(access: Access, view: View, signal: AbortSignal): Promise<ListPage> {
  if (!listsJobs(access)) return exported(view, signal);
  const query = { ...parametersOf(view), limit: LIMIT };
  const { jobs, next_cursor, total } = await askJson<Schemas['JobPage']>('jobs', { query, signal });
  return { listed: jobs, next: next_cursor ?? undefined, isCut: false, total };
}

async function exported({ filters }: View, signal: AbortSignal): Promise<ListPage> {
  const { approved, filename: _name, not_flag: _flag, ...others } = filters;
  const query = { ...others, approved_only: approved === 'true', limit: EXPORTED + 1 };
  const response = await ask('ground-truth/export', { query, signal });
  const bytes = Buffer.from(await response.arrayBuffer());
  const listed: Listed[] = [];
  let isCut = false;
  for (let from = 0; from < bytes.length;) {
    const end = bytes.indexOf(0x0a, from);
    if (listed.length === EXPORTED) isCut = true;
    else listed.push(listedOf(bytes.subarray(from, end)));
    from = end + 1;
  }
  return { listed, next: undefined, isCut };
}

/** The documents stay unread. */
function listedOf(line: Buffer): Listed {
  const members = new Map(readMembers(line)!.map(({ key, value }) => [key, value]));
  const rest = LISTED.map((name) => `"${name}":${members.get(name)!.toString()}`);
  return {
    ...(JSON.parse(`{${rest.join(',')}}`) as Omit<Listed, 'correction_count'>),
    correction_count: readElements(members.get('corrections')!)!.length,
  };
}

/** The cursors of the pages before, as this tab came to them: a cursor leads forward only. */
const before = new Map<string, string>();

export function notePage(cursor: string, previous: string | undefined): void {
  before.set(cursor, previous ?? '');
}

/** @returns undefined if it is not known; the empty text for the first page */
export function previousOf(cursor: string): string | undefined {
  return before.get(cursor);
}
