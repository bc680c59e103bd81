import { escapeLiteral } from 'pg';
import { ExternalFaults } from '../platform/database/external/external-faults.js';
import { type ExternalRelations } from '../platform/database/external/external-relations.js';
import { type Snapshot } from '../platform/database/snapshot.js';
import { type JobFilter } from './corpus-filter.js';
import { isWindow } from './corpus-query.js';

/**
 * Refuses faults that no single row shows: a job that occurs twice, corrections whose order is undefined, and jobs that a
 * window would silently leave out because their time is null. Our own schema rules these out, and so do the constraints of an
 * external table. Without such constraints, all rows are read, which can take long. SQL, because only the database can group
 * all rows.
 *
 * @throws ExternalDatabaseError
 */
export async function checkKeys(
  snapshot: Snapshot,
  relations: ExternalRelations,
  filter: JobFilter,
): Promise<void> {
  const faults = new ExternalFaults();
  for (const { query, describe } of questions(relations, filter)) {
    const faulty = await snapshot.ask<Faulty>(query);
    faults.addAll(Number(faulty[0]?.count ?? 0), faulty.map(describe));
  }
  faults.throwIfAny();
}

interface Faulty {
  readonly job_id: string;
  /** Whether the id of the row is null. */
  readonly is_null: boolean;
  /** Of all such rows; a bigint, as text. */
  readonly count: string;
}

interface Question {
  /** Returns the first rows with which something is wrong. */
  readonly query: string;
  readonly describe: (faulty: Faulty) => string;
}

function questions(relations: ExternalRelations, filter: JobFilter): Question[] {
  const asked: Question[] = [];
  if (!relations.jobs.hasKey) asked.push(jobsTwice(relations, filter));
  if (!relations.corrections.hasKey) asked.push(correctionsWithoutOrder(relations, filter));
  if (isWindow(filter)) asked.push(...jobsWithoutTime(relations));
  return asked;
}

function jobsTwice(relations: ExternalRelations, { id }: JobFilter): Question {
  const { name } = relations.jobs;
  return {
    query: relations.reading(`
      select id as job_id, id is null as is_null, ${COUNT} from jobs ${id === undefined ? '' : `where id = ${uuid(id)}`}
      group by id having count(*) > 1 or id is null ${FIRST}`),
    describe: ({ job_id, is_null }) =>
      is_null ? `${name}: column id is null in a row` : `${name}: job ${job_id} occurs more than once`,
  };
}

function correctionsWithoutOrder(relations: ExternalRelations, { id }: JobFilter): Question {
  const { name } = relations.corrections;
  const query = (condition: string) => `
    select job_id, id is null as is_null, ${COUNT} from job_corrections ${condition}
    group by job_id, corrected_at, id having count(*) > 1 or id is null ${FIRST}`;
  return {
    query:
      id === undefined
        ? relations.readingWhatBelongsTogether(query(''))
        : relations.reading(query(`where job_id = ${uuid(id)}`)),
    describe: ({ job_id, is_null }) =>
      is_null
        ? `${name}: column id of a correction of job ${job_id} is null`
        : `${name}: two corrections of job ${job_id} have the same corrected_at and id, so their order is undefined`,
  };
}

function jobsWithoutTime(relations: ExternalRelations): Question[] {
  const { name, columns } = relations.jobs;
  const column = columns.has('updated_at') ? 'updated_at' : 'created_at';
  if (columns.get(column)!.isNeverNull) return [];
  return [
    {
      query: relations.reading(
        `select id as job_id, false as is_null, ${COUNT} from jobs where ${column} is null ${FIRST}`,
      ),
      describe: ({ job_id }) => `${name}: column ${column} of job ${job_id} is null`,
    },
  ];
}

const COUNT = 'count(*) over () as count';
const FIRST = `order by job_id limit ${ExternalFaults.MAX}`;

function uuid(id: string): string {
  return `${escapeLiteral(id)}::uuid`;
}
