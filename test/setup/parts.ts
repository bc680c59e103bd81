import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { type TestDatabase } from './database.js';
import { MARKER } from './log-watch.js';

/** Inserts jobs of various sizes, some at the same time; every fifth with a correction, every third not approved. */
export async function insertVariousJobs(
  database: Pick<TestDatabase, 'query'>,
  count: number,
  start = '2025-01-01Z',
): Promise<void> {
  await database.query(
    `with made as (
       insert into jobs (filename, source_kind, result, approved, created_at)
       select '${MARKER}' || n, 'pdf', json_build_object('text', repeat('x', n * 37 % 900), 'n', n), n % 3 <> 0,
         $2::timestamptz + n / 4 * interval '1 second'
       from generate_series(1, $1::int) as n
       returning id, result, created_at
     )
     insert into job_corrections (job_id, field_path, old_value, new_value, corrected_by, corrected_at)
     select id, 'n', '0', result -> 'n', '${MARKER}', created_at from made where (result ->> 'n')::int % 5 = 0`,
    [count, start],
  );
}

export interface PartsManifest {
  readonly sha256: null;
  readonly samples: number;
  readonly bytes: number;
  readonly cursor: string | null;
  readonly parts: readonly {
    readonly name: string;
    readonly first: { readonly created_at: string; readonly job_id: string };
    readonly last: { readonly created_at: string; readonly job_id: string };
    readonly samples: number;
    readonly bytes: number;
    readonly sha256: string;
  }[];
}

export function readManifestIn(folder: string): PartsManifest {
  return JSON.parse(readFileSync(path.join(folder, 'manifest.json'), 'utf8')) as PartsManifest;
}

/** What `cat part-*` gives. */
export function readParts(folder: string): Buffer {
  const names = readdirSync(folder).filter((name) => name.startsWith('part-'));
  return Buffer.concat(names.sort().map((name) => readFileSync(path.join(folder, name))));
}
