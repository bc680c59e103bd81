import { type DataSource } from 'typeorm';
import { type Env } from '../../config/env.js';
import { errorCode } from '../../files/system-error.js';
import { columnsOf, type TableColumn } from '../entities/columns.js';
import { Job, JobCorrection } from '../entities/job.entity.js';
import { type ExpectedColumn, ExternalDatabaseError, findRelations, type Relation } from './relation.js';
import { KINDS } from './column-kind.js';

/** Without what is for the review queue only, and with what our own schema has in other tables. */
const JOB_COLUMNS: readonly TableColumn[] = [
  ...columnsOf(Job).filter(({ name }) => name !== 'lowest_field_confidence'),
  { name: 'producer', type: 'json', isNullable: true },
  { name: 'fields', type: 'json', isNullable: true },
  { name: 'ocr_text', type: 'text', isNullable: true },
];
const CORRECTION_COLUMNS = columnsOf(JobCorrection);

/**
 * The two external relations that replace `jobs` and `job_corrections`. The same statements run on them as on our own tables,
 * behind common table expressions that give the relations our names, columns and types.
 */
export class ExternalRelations {
  private readonly asJobs: string;
  private readonly selectCorrections: string;

  private constructor(
    readonly jobs: Relation,
    readonly corrections: Relation,
    /** Whether the server has Citus, which may have their rows on other servers. */
    readonly mayBeDistributed: boolean,
  ) {
    // Not materialized, so that PostgreSQL can use the indexes of the relations.
    this.asJobs = `jobs as not materialized (select ${expressions(jobs, JOB_COLUMNS, JOB_SUBSTITUTES, corrections.name)} from ${jobs.name} as relation)`;
    this.selectCorrections = `select ${expressions(corrections, CORRECTION_COLUMNS, CORRECTION_SUBSTITUTES, corrections.name)} from ${corrections.name} as relation`;
  }

  /**
   * Finds both relations in the catalog.
   *
   * @throws ExternalDatabaseError with all their faults
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
    return new ExternalRelations(jobs!, corrections!, await hasCitus(dataSource));
  }

  /** Makes a statement on `jobs` and `job_corrections` read the external relations. */
  reading(statement: string): string {
    return this.below(this.selectCorrections, statement);
  }

  /** Like `reading`, without corrections of missing jobs, which our own schema cannot contain. For counting corrections. */
  readingWhatBelongsTogether(statement: string): string {
    return this.below(`${this.selectCorrections} where relation.job_id in (select id from jobs)`, statement);
  }

  /** Explains an error of a statement that means that a relation has changed since `find`; undefined for any other. */
  explain(error: unknown): ExternalDatabaseError | undefined {
    const code = errorCode(error);
    const { jobs, corrections } = this;
    if (code?.startsWith(DATA_EXCEPTION) === true)
      return new ExternalDatabaseError(
        `${jobs.name} or ${corrections.name} converts a value that cannot be converted (SQLSTATE ${code}); ` +
          'a view can leave out what its casts do not take, or convert it in another way',
      );
    if (code === undefined || !CHANGED.includes(code)) return undefined;
    return new ExternalDatabaseError(
      `${jobs.name} or ${corrections.name} has changed since the start (SQLSTATE ${code}); start again`,
    );
  }

  /** Puts our table expressions before those that the statement may begin with. */
  private below(corrections: string, statement: string): string {
    const expressions = `${this.asJobs}, job_corrections as not materialized (${corrections})`;
    const [, rest] = /^\s*with\s([^]*)$/.exec(statement) ?? [];
    return rest === undefined ? `with ${expressions} ${statement}` : `with ${expressions}, ${rest}`;
  }
}

/** The class of errors of casts and functions. The messages quote values. */
const DATA_EXCEPTION = '22';
/** Missing table, column or function; wrong type. `explain` omits the message: a view's function can raise these with any text. */
const CHANGED = ['42P01', '42703', '42883', '42804', '42846'];

/** How to read a column that is missing or needs an expression. */
interface Substitute {
  /** SQL if the relation lacks the column, which makes it optional. */
  readonly whenAbsent?: (corrections: string) => string;
  /** SQL around the column. */
  readonly around?: (column: string) => string;
}

const JOB_SUBSTITUTES: Readonly<Record<string, Substitute>> = {
  external_id: { whenAbsent: () => 'null::text' },
  original_sha256: { whenAbsent: () => 'null::text' },
  updated_at: {
    whenAbsent: (corrections) =>
      `greatest(relation.created_at, relation.reviewed_at, (select max(correction.corrected_at) from ${corrections} as correction where correction.job_id = relation.id))`,
  },
  producer: { whenAbsent: () => 'null::json' },
  fields: { whenAbsent: () => 'null::json' },
  ocr_text: { whenAbsent: () => 'null::text' },
  review_flags: { around: (column) => `coalesce(${column}, '{}')` },
};

const MAX_INTEGER = 2_147_483_647;

const CORRECTION_SUBSTITUTES: Readonly<Record<string, Substitute>> = {
  op: { whenAbsent: () => `'replace'::text`, around: (column) => `coalesce(${column}, 'replace')` },
  // An integer in our schema. A position after the end means the end; the row check refuses a negative one with the job's id.
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

/** The select list that gives a relation our column names. */
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

async function hasCitus(dataSource: DataSource): Promise<boolean> {
  return (await dataSource.query<unknown[]>(`select from pg_extension where extname = 'citus'`)).length > 0;
}

/** PostgreSQL converts every other encoding to UTF-8. */
async function refuseUnknownEncoding(dataSource: DataSource): Promise<void> {
  const [setting] = await dataSource.query<[{ encoding: string }]>(
    `select current_setting('server_encoding') as encoding`,
  );
  if (setting.encoding === 'SQL_ASCII')
    throw new ExternalDatabaseError(
      'DATABASE_URL: the database is encoded in SQL_ASCII, which cannot be converted to UTF-8; every other encoding is accepted',
    );
}
