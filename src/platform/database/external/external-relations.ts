import { type DataSource } from 'typeorm';
import { type Env } from '../../config/env.js';
import { errorCode } from '../../files/system-error.js';
import { columnsOf, type TableColumn } from '../entities/columns.js';
import { Job, JobCorrection } from '../entities/job.entity.js';
import { type ExpectedColumn, ExternalDatabaseError, findRelations, type Relation } from './relation.js';
import { KINDS } from './column-kind.js';

const JOB_COLUMNS = columnsOf(Job);
const CORRECTION_COLUMNS = columnsOf(JobCorrection);

/**
 * The two external relations that stand for `jobs` and `job_corrections`. What is asked of our own tables is
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
    this.asJobs = `jobs as not materialized (select ${expressions(jobs, JOB_COLUMNS, JOB_SUBSTITUTES, corrections.name)} from ${jobs.name} as relation)`;
    this.selectCorrections = `select ${expressions(corrections, CORRECTION_COLUMNS, CORRECTION_SUBSTITUTES, corrections.name)} from ${corrections.name} as relation`;
  }

  /**
   * Looks both relations up in the catalog.
   *
   * @throws ExternalDatabaseError with all that is wrong with them
   */
  static async find(dataSource: DataSource, env: Env): Promise<ExternalRelations> {
    await refuseUnknownEncoding(dataSource);
    const [jobs, corrections] = await findRelations(dataSource, [
      {
        variable: 'GROUND_TRUTH_JOBS_RELATION',
        name: env.GROUND_TRUTH_JOBS_RELATION ?? '',
        columns: expected(JOB_COLUMNS, JOB_SUBSTITUTES),
      },
      {
        variable: 'GROUND_TRUTH_CORRECTIONS_RELATION',
        name: env.GROUND_TRUTH_CORRECTIONS_RELATION ?? '',
        columns: expected(CORRECTION_COLUMNS, CORRECTION_SUBSTITUTES),
      },
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

/** How a column is read where it is not simply there under its name. */
interface Substitute {
  /** SQL for a relation that does not have the column, which makes it optional. */
  readonly whenAbsent?: (corrections: string) => string;
  /** SQL around the column. */
  readonly around?: (column: string) => string;
}

const JOB_SUBSTITUTES: Readonly<Record<string, Substitute>> = {
  original_sha256: { whenAbsent: () => 'null::text' },
  updated_at: {
    whenAbsent: (corrections) =>
      `greatest(relation.created_at, relation.reviewed_at, (select max(correction.corrected_at) from ${corrections} as correction where correction.job_id = relation.id))`,
  },
  review_flags: { around: (column) => `coalesce(${column}, '{}')` },
};

const MAX_INTEGER = 2_147_483_647;

const CORRECTION_SUBSTITUTES: Readonly<Record<string, Substitute>> = {
  op: { whenAbsent: () => `'replace'::text`, around: (column) => `coalesce(${column}, 'replace')` },
  // An integer in our schema. What is beyond the end means the end; what is less than 0 is refused by name.
  position: {
    whenAbsent: () => 'null::integer',
    around: (column) =>
      `(case when ${column} < 0 then -1 when ${column} > ${MAX_INTEGER} then ${MAX_INTEGER} else ${column} end)::integer`,
  },
};

function expected(
  columns: readonly TableColumn[],
  substitutes: Readonly<Record<string, Substitute>>,
): readonly ExpectedColumn[] {
  return columns.map(({ name, type }) => ({
    name,
    kind: KINDS[type],
    isOptional: substitutes[name]?.whenAbsent !== undefined,
  }));
}

/** The columns of a relation under our names. */
function expressions(
  relation: Relation,
  columns: readonly TableColumn[],
  substitutes: Readonly<Record<string, Substitute>>,
  corrections: string,
): string {
  return columns
    .map(({ name }) => {
      const read = relation.columns.get(name)?.read(`relation.${name}`);
      const { whenAbsent, around } = substitutes[name] ?? {};
      return `${read === undefined ? whenAbsent!(corrections) : (around?.(read) ?? read)} as ${name}`;
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
