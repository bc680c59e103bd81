import { setTimeout as sleep } from 'node:timers/promises';
import { type Repository } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { toDatabaseFault } from '../database/database-fault.js';
import { AccessLogEntry, AccessLogOutcome } from '../database/entities/access.entity.js';
import { type GroundTruthDataSource } from '../database/ground-truth-data-source.js';
import { AccessLog, type ExportBegin, type ExportEnd, type LoggedExport } from './access-log.js';

/** An outcome is known only here, and a connection that was idle may just have been lost: it is written again, on another one. */
const ATTEMPTS = 3;
const PAUSE_MS = 100;

/** The access log in the tables `access_log` and `access_log_outcomes`. */
export class DatabaseAccessLog extends AccessLog {
  private readonly ending = new Map<string, Promise<void>>();

  private readonly entries: Repository<AccessLogEntry>;
  private readonly outcomes: Repository<AccessLogOutcome>;

  /** @param dataSource need not be connected yet */
  constructor(private readonly dataSource: GroundTruthDataSource) {
    super();
    this.entries = dataSource.getRepository(AccessLogEntry);
    this.outcomes = dataSource.getRepository(AccessLogOutcome);
  }

  override async begin({ who, via, filter }: ExportBegin): Promise<string> {
    await this.dataSource.connected();
    const id = uuidv7();
    await this.entries.insert({ id, who, via, filter });
    return id;
  }

  override async end(id: string, end: ExportEnd): Promise<void> {
    const writing = this.write(id, end);
    this.ending.set(id, writing);
    try {
      await writing;
    } finally {
      this.ending.delete(id);
    }
  }

  private async write(id: string, { outcome, samples, bytes, sha256 }: ExportEnd): Promise<void> {
    await this.dataSource.connected();
    const write = this.outcomes.createQueryBuilder().insert().values({ id, outcome, samples, bytes, sha256 });
    for (let attempt = 1; ; attempt++) {
      try {
        await write.execute();
        return;
      } catch (error) {
        if (attempt === ATTEMPTS || toDatabaseFault(error)?.kind !== 'unavailable') throw error;
        // What was written, and only the answer was lost, is not written twice.
        write.orIgnore();
        await sleep(PAUSE_MS);
      }
    }
  }

  override async find(id: string): Promise<LoggedExport | undefined> {
    // A client that has read the last byte may ask before the outcome is written.
    await this.ending.get(id)?.catch(() => undefined);
    await this.dataSource.connected();
    const entry = await this.entries.findOne({ where: { id }, relations: { outcome: true } });
    return entry ? toExport(entry) : undefined;
  }

  override async list(limit: number): Promise<LoggedExport[]> {
    await this.dataSource.connected();
    const entries = await this.entries
      .createQueryBuilder('entry')
      .leftJoinAndSelect('entry.outcome', 'outcome')
      .orderBy('entry.began_at', 'DESC')
      .addOrderBy('entry.id', 'DESC')
      // Not `take`, for which TypeORM would sort the whole log first.
      .limit(limit)
      .getMany();
    return entries.map(toExport);
  }
}

function toExport({ id, beganAt, who, via, filter, outcome: ended }: AccessLogEntry): LoggedExport {
  const begin = { id, began_at: beganAt, who, via, filter };
  if (!ended) return { ...begin, ended_at: null, outcome: null, samples: null, bytes: null, sha256: null };
  const { endedAt, samples, bytes, sha256 } = ended;
  return {
    ...begin,
    ended_at: endedAt,
    outcome: ended.outcome as ExportEnd['outcome'],
    samples,
    bytes,
    sha256,
  };
}
