import { Column, Entity, JoinColumn, OneToOne, PrimaryColumn, type Relation, VirtualColumn } from 'typeorm';
import { TimeColumn, TimeText } from './columns.js';

/*
 * The entities do not declare the defaults of these tables. TypeORM would read such columns back after an insert, and the
 * server's role need not have the right to read the log.
 */

/**
 * SQL for whether to record the last use again. Not every use is recorded, because concurrent writes wait for each other, and none where
 * the database can only be read.
 */
export function isStale(lastUse: string): string {
  return `(
    (${lastUse} is null or ${lastUse} < now() - interval '1 minute') and current_setting('transaction_read_only') = 'off'
  )`;
}

/** An API key. */
@Entity('api_keys')
export class ApiKeyRow {
  @PrimaryColumn('uuid')
  id!: string;

  @Column('text')
  name!: string;

  @Column('text', { select: false })
  sha256?: string;

  @Column('text', { array: true })
  scopes!: string[];

  @TimeColumn()
  created_at?: string;

  @TimeColumn({ nullable: true })
  expires_at?: string | null;

  @TimeColumn({ nullable: true })
  revoked_at?: string | null;

  @TimeColumn({ nullable: true })
  last_used_at?: string | null;

  /** By the clock of the database, so that all servers agree. */
  @VirtualColumn('text', {
    query: (key) =>
      `case when ${key}.revoked_at is not null then 'revoked' when ${key}.expires_at <= now() then 'expired' else 'valid' end`,
  })
  state!: 'valid' | 'expired' | 'revoked';

  @VirtualColumn('boolean', { query: (key) => isStale(`${key}.last_used_at`), select: false })
  isStale?: boolean;

  @TimeText('created_at')
  createdAt!: string;

  @TimeText('expires_at')
  expiresAt!: string | null;

  @TimeText('revoked_at')
  revokedAt!: string | null;

  @TimeText('last_used_at')
  lastUsedAt!: string | null;
}

/** The beginning of an export. Append-only: the database refuses changes to existing rows. */
@Entity('access_log')
export class AccessLogEntry {
  @PrimaryColumn('uuid')
  id!: string;

  @TimeColumn()
  began_at?: string;

  @Column('text')
  who!: string;

  @Column('text')
  via!: 'http' | 'cli';

  @Column('json', {
    transformer: { to: (value: object) => value, from: (text: string) => JSON.parse(text) as object },
  })
  filter!: Readonly<Record<string, string | number | boolean>>;

  @OneToOne(() => AccessLogOutcome, (outcome) => outcome.entry)
  outcome?: Relation<AccessLogOutcome> | null;

  @TimeText('began_at')
  beganAt!: string;
}

const COUNT = { to: (count: number) => count, from: Number };

/** The outcome of an export. Append-only, too. */
@Entity('access_log_outcomes')
export class AccessLogOutcome {
  @PrimaryColumn('uuid')
  id!: string;

  @OneToOne(() => AccessLogEntry, (entry) => entry.outcome)
  @JoinColumn({ name: 'id' })
  entry?: Relation<AccessLogEntry>;

  @TimeColumn()
  ended_at?: string;

  @Column('text')
  outcome!: string;

  @Column('bigint', { transformer: COUNT })
  samples!: number;

  @Column('bigint', { transformer: COUNT })
  bytes!: number;

  @Column('text')
  sha256!: string;

  @TimeText('ended_at')
  endedAt!: string;
}
