import { hash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { type CopyRow } from '../platform/database/binary-copy.js';
import { GroundTruthDataSource, type ReadLimits } from '../platform/database/ground-truth-data-source.js';
import { Snapshot } from '../platform/database/snapshot.js';
import { Fault } from '../platform/fault.js';
import { ParameterError } from '../platform/parameters/read-dto.js';
import { Threads } from '../platform/threads.js';
import { ReplayService } from '../replay/replay.service.js';
import { NotInExternalRelations } from './external-evidence.js';
import { findFeedState, findNewest, needsReset } from './feed-head.js';
import {
  BEGINNING,
  type FeedPosition,
  formatCursor,
  isBehind,
  parseCursor,
  type Place,
} from './feed-cursor.js';
import {
  changesQuery,
  FEED_SETTINGS,
  feedFields,
  type FeedQuery,
  type FeedState,
  selectionOf,
} from './feed-query.js';
import { SampleLines } from './sample-lines.js';

export interface FeedLimits extends ReadLimits {
  /** The answer ends after about so many bytes, even if there is more. */
  readonly mostBytes?: number;
}

/** What a cursor leads to is not what it was made of: its reader must begin again. */
class CursorExpired extends Fault {
  constructor(reason: string) {
    super('cursor-expired', `${reason}; begin again without a cursor`);
  }
}

/** A replica will know what the cursor was made of, in a moment. */
class ReplicaBehind extends Fault {
  constructor() {
    super(
      'replica-behind',
      'the replica has not replayed yet what the cursor has seen of the primary; try again in a moment, or ask the primary',
    );
  }
}

/** The ids of transactions began anew, so that the order of the changes is lost. */
const NEEDS_RESET =
  'the database has changes of transactions that it does not know yet, as after a restore into another cluster; run: ground-truth changes --reset';

/** The feed of changes: what was changed since a cursor, each job once, without gaps. See docs/decisions/0013. */
@Injectable()
export class FeedService {
  constructor(
    private readonly dataSource: GroundTruthDataSource,
    private readonly replay: ReplayService,
    private readonly threads: Threads,
  ) {}

  /**
   * Opens the feed at a moment. The caller must close it.
   *
   * @throws CursorExpired; ReplicaBehind; ParameterError if the cursor is of another selection, or none
   */
  async open(query: FeedQuery, limits: FeedLimits = {}): Promise<Feed> {
    const cursor = query.cursor === undefined ? undefined : parseCursor(query.cursor);
    const snapshot = await Snapshot.open(this.dataSource, limits);
    try {
      if (this.dataSource.external)
        throw new NotInExternalRelations(
          'changes',
          'external relations have no feed; export windows instead',
        );
      const state = await findFeedState(snapshot);
      const position = positionOf(cursor, state, selectionOf(query));
      const newest = await findNewest(snapshot, position, state);
      const lines = new SampleLines(this.replay, this.threads, query.include);
      const { mostBytes = Infinity } = limits;
      return new Feed(snapshot, lines, query, state, position, newest, mostBytes);
    } catch (error) {
      snapshot.close();
      throw error;
    }
  }

  /** Expires all cursors, and makes all that there is new. Needs the rights of the owner of the tables. */
  async reset(): Promise<void> {
    const dataSource = await this.dataSource.connected();
    await dataSource.transaction(async (manager) => {
      await manager.query(`
        lock table jobs in share row exclusive mode;
        update feed set id = gen_random_uuid();
        truncate job_changes;
        insert into job_changes (job_id) select id from jobs order by id;
      `);
    });
  }
}

function positionOf(cursor: FeedPosition | undefined, state: FeedState, selection: string): FeedPosition {
  if (needsReset(state)) throw new CursorExpired(NEEDS_RESET);
  const { feed } = state;
  if (!cursor) return { ...BEGINNING, feed, selection };
  if (cursor.feed !== feed)
    throw new CursorExpired(
      'the cursor is of another database, or of one before it was restored, reset or moved to a standby',
    );
  if (cursor.xid >= BigInt(state.next) && state.is_replica) throw new ReplicaBehind();
  if (cursor.xid >= BigInt(state.next))
    throw new CursorExpired('the cursor is of a later state of the database');
  if (cursor.selection !== selection)
    throw new ParameterError([
      {
        field: 'cursor',
        message: 'was made with other filters or another include; use the same, or begin without one',
      },
    ]);
  return cursor;
}

/** An answer of the feed. Iterate it at most once to get its bytes, in blocks; then close it. */
export class Feed implements AsyncIterable<Buffer> {
  /** Changes written so far. */
  changes = 0;
  private isFull = false;

  constructor(
    private readonly snapshot: Snapshot,
    private readonly lines: SampleLines,
    private readonly query: FeedQuery,
    private readonly state: FeedState,
    private position: FeedPosition,
    /** The last change there is behind the position. */
    private readonly newest: Place | undefined,
    private readonly mostBytes: number,
  ) {}

  get progress(): { samples: number; diverged: number; bytes: number } {
    return this.lines.progress;
  }

  /** Changes with every change that a reader of this selection may see. Safe in an entity tag. */
  get head(): string {
    const { feed, selection } = this.position;
    const { xid, job_id } = this.newest ?? this.position;
    return hash('sha256', [feed, selection, xid, job_id].join(' '), 'base64url').slice(0, 27);
  }

  /** Whether there is no change behind the cursor. */
  get isUpToDate(): boolean {
    return this.newest === undefined;
  }

  /** Where to go on after what was returned. */
  get cursor(): string {
    return formatCursor(this.position);
  }

  /** Seconds since the oldest change that an open transaction holds back; null if there is none. */
  get waiting(): number | null {
    return this.state.waiting;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer> {
    const { lines, query, position, state } = this;
    const fields = feedFields(query);
    const changes = changesQuery(query, position, BigInt(state.oldest), query.limit);
    const rows = this.snapshot.stream(changes, fields.count, (row) => this.write(row, fields), FEED_SETTINGS);
    for await (const _ of rows) {
      yield* lines.handOut();
      if (lines.progress.bytes < this.mostBytes) continue;
      this.isFull = true;
      break;
    }
    const more = this.newest !== undefined && isBehind(this.newest, this.position);
    lines.writeText(JSON.stringify({ op: 'cursor', cursor: this.cursor, more, waiting: this.waiting }));
    lines.finish();
    yield* lines.handOut();
  }

  /** Releases the connection. May be called more than once. */
  close(): void {
    this.snapshot.close();
  }

  private write(row: CopyRow, { xid, jobId, kind }: ReturnType<typeof feedFields>): boolean {
    // What the database had sent already.
    if (this.isFull) return true;
    const text = (field: number) => row.bytes.toString('latin1', row.start(field), row.end(field));
    const place = { xid: BigInt(text(xid)), job_id: text(jobId) };
    this.position = { ...this.position, ...place };
    this.changes++;
    const reason = text(kind);
    if (reason === 'upsert') {
      return this.lines.write(row, {
        before: `{"op":"upsert","job_id":"${place.job_id}","sample":`,
        after: '}',
      });
    }
    // Also at the beginning: its reader may have begun before, and crashed.
    return this.lines.writeText(JSON.stringify({ op: 'remove', job_id: place.job_id, reason }));
  }
}
