import { v7 as uuidv7 } from 'uuid';
import { type GroundTruthDataSource } from '../database/ground-truth-data-source.js';
import { readTime, timeText } from '../database/time-column.js';
import { AccessLog, type ExportBegin, type ExportEnd, type LoggedExport } from './access-log.js';

/** The log in the tables `access_log` and `access_log_outcomes`. */
export class DatabaseAccessLog extends AccessLog {
  constructor(private readonly dataSource: GroundTruthDataSource) {
    super();
  }

  override async begin({ who, via, filter }: ExportBegin): Promise<string> {
    const id = uuidv7();
    const dataSource = await this.dataSource.connected();
    await dataSource.query('insert into access_log (id, who, via, filter) values ($1, $2, $3, $4)', [
      id,
      who,
      via,
      JSON.stringify(filter),
    ]);
    return id;
  }

  override async end(id: string, { outcome, samples, bytes, sha256 }: ExportEnd): Promise<void> {
    const dataSource = await this.dataSource.connected();
    await dataSource.query(
      'insert into access_log_outcomes (id, outcome, samples, bytes, sha256) values ($1, $2, $3, $4, $5)',
      [id, outcome, samples, bytes, sha256],
    );
  }

  override async list(limit: number): Promise<LoggedExport[]> {
    const dataSource = await this.dataSource.connected();
    const rows = await dataSource.query<Row[]>(
      `select id, ${timeText('began_at')}, who, via, filter, ${timeText('ended_at')}, outcome, samples, bytes, sha256
       from access_log left join access_log_outcomes using (id)
       order by access_log.began_at desc, id desc limit $1`,
      [limit],
    );
    return rows.map(toExport);
  }
}

interface Row {
  readonly id: string;
  readonly began_at: string;
  readonly who: string;
  readonly via: ExportBegin['via'];
  readonly filter: string;
  readonly ended_at: string | null;
  readonly outcome: ExportEnd['outcome'];
  readonly samples: string;
  readonly bytes: string;
  readonly sha256: string;
}

function toExport({ ended_at, outcome, samples, bytes, sha256, ...begin }: Row): LoggedExport {
  return {
    ...begin,
    began_at: readTime(begin.began_at),
    filter: JSON.parse(begin.filter) as ExportBegin['filter'],
    ...(ended_at === null
      ? { ended_at: null, outcome: null, samples: null, bytes: null, sha256: null }
      : { ended_at: readTime(ended_at), outcome, samples: Number(samples), bytes: Number(bytes), sha256 }),
  };
}
