import { type DataSource } from 'typeorm';
import { type Env } from '../../config/env.js';
import { errorCode } from '../../files/system-error.js';
import { ExternalDatabaseError } from './relation.js';
import { findRelations, type Relation, type Wanted } from './relation.js';
import { CORRECTION_COLUMNS, JOB_COLUMNS } from './column-kind.js';

/**
 * The two tables or views of somebody else's that stand for `jobs` and `job_corrections`. What is asked of our own tables is
 * asked of them in the same words, below common table expressions that give them our names, columns and types.
 */
export class ExternalRelations {
  private readonly asJobs: string;
  private readonly selectCorrections: string;

  private constructor(
    readonly jobs: Relation,
    readonly corrections: Relation,
  ) {
    // Not materialized: PostgreSQL then plans as if the relations stood in the statement itself, with their indexes.
    this.asJobs = `jobs as not materialized (select ${jobExpressions(jobs, corrections)} from ${jobs.name} as relation)`;
    this.selectCorrections = `select ${correctionExpressions(corrections)} from ${corrections.name} as relation`;
  }

  /**
   * Looks both relations up in the catalog.
   *
   * @throws ExternalDatabaseError with all that is wrong with them
   */
  static async find(dataSource: DataSource, env: Env): Promise<ExternalRelations> {
    await refuseUnknownEncoding(dataSource);
    const [jobs, corrections] = await findRelations(dataSource, [
      wanted(env, 'GROUND_TRUTH_JOBS_RELATION', JOB_COLUMNS),
      wanted(env, 'GROUND_TRUTH_CORRECTIONS_RELATION', CORRECTION_COLUMNS),
    ]);
    return new ExternalRelations(jobs!, corrections!);
  }

  /** A statement about `jobs` and `job_corrections`, of these. */
  reading(statement: string): string {
    return this.below(this.selectCorrections, statement);
  }

  /** The same without corrections of jobs that are not there, which our own schema would not hold: for counting them. */
  readingWhatBelongsTogether(statement: string): string {
    return this.below(`${this.selectCorrections} where relation.job_id in (select id from jobs)`, statement);
  }

  /** What an error of a statement means where a relation has changed since it was looked at; undefined for any other. */
  explain(error: unknown): ExternalDatabaseError | undefined {
    const code = errorCode(error);
    if (code === undefined || !CHANGED.includes(code)) return undefined;
    const { jobs, corrections } = this;
    return new ExternalDatabaseError(
      `${jobs.name} or ${corrections.name} is not what it was at the start (SQLSTATE ${code}); start again`,
    );
  }

  /** A statement may begin with table expressions of its own, which then come after these. */
  private below(corrections: string, statement: string): string {
    const expressions = `${this.asJobs}, job_corrections as not materialized (${corrections})`;
    const [, rest] = /^\s*with\s([^]*)$/.exec(statement) ?? [];
    return rest === undefined ? `with ${expressions} ${statement}` : `with ${expressions}, ${rest}`;
  }
}

/** No such table, column or function, another type. A view's own function may raise these too, with any text. */
const CHANGED = ['42P01', '42703', '42883', '42804', '42846'];

function wanted(
  env: Env,
  variable: 'GROUND_TRUTH_JOBS_RELATION' | 'GROUND_TRUTH_CORRECTIONS_RELATION',
  columns: Wanted['columns'],
): Wanted {
  return { variable, name: env[variable] ?? '', columns };
}

function jobExpressions(jobs: Relation, corrections: Relation): string {
  const latest = `(select max(correction.corrected_at) from ${corrections.name} as correction where correction.job_id = relation.id)`;
  return expressions(jobs, JOB_COLUMNS, {
    original_sha256: (read) => read ?? 'null::text',
    updated_at: (read) => read ?? `greatest(relation.created_at, relation.reviewed_at, ${latest})`,
    review_flags: (read) => `coalesce(${read!}, '{}')`,
  });
}

function correctionExpressions(corrections: Relation): string {
  return expressions(corrections, CORRECTION_COLUMNS, {
    op: (read) => (read === undefined ? `'replace'::text` : `coalesce(${read}, 'replace')`),
    // An integer in our schema. What is beyond the end means the end; what is less than 0 is refused by name.
    position: (read) =>
      read === undefined
        ? 'null::integer'
        : `(case when ${read} < 0 then -1 when ${read} > ${MAX_INTEGER} then ${MAX_INTEGER} else ${read} end)::integer`,
  });
}

const MAX_INTEGER = 2_147_483_647;

/** @param special what stands for a column, by its name; `read` is undefined where the relation does not have it */
function expressions(
  relation: Relation,
  expected: object,
  special: Readonly<Record<string, (read: string | undefined) => string>>,
): string {
  return Object.keys(expected)
    .map((name) => {
      const read = relation.columns.get(name)?.read(`relation.${name}`);
      return `${special[name]?.(read) ?? read!} as ${name}`;
    })
    .join(', ');
}

/** Elsewhere PostgreSQL converts to UTF-8; of this encoding it does not know what its bytes mean. */
async function refuseUnknownEncoding(dataSource: DataSource): Promise<void> {
  const [setting] = await dataSource.query<[{ encoding: string }]>(
    `select current_setting('server_encoding') as encoding`,
  );
  if (setting.encoding === 'SQL_ASCII')
    throw new ExternalDatabaseError(
      'DATABASE_URL: the database is encoded in SQL_ASCII, which does not say what its bytes mean; accepted is every other encoding',
    );
}
