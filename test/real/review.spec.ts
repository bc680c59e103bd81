import { readFileSync } from 'node:fs';
import path from 'node:path';
import { readElements, readMembers } from '../../src/json-text/index.js';
import { apiOf } from '../setup/api.js';
import { exportText, linesOf } from '../setup/corpus.js';
import { createTestDatabase, type TestDatabase } from '../setup/database.js';
import { startServer, type TestServer } from '../setup/server.js';
import { describeReal } from './real-data.js';

/** A member's text as it is written. */
function text(object: Buffer, name: string): Buffer {
  return readMembers(object)!.find(({ key }) => key === name)!.value;
}

function string(object: Buffer, name: string): string {
  return JSON.parse(text(object, name).toString()) as string;
}

describeReal('real corpora through the API', (folder) => {
  let database: TestDatabase;
  let server: TestServer;
  const call = apiOf(() => server);

  beforeAll(async () => {
    database = await createTestDatabase();
    server = await startServer({ DATABASE_URL: database.url });
  });
  afterAll(async () => {
    await server.stop();
    await database.drop();
  });
  beforeEach(() => database.clear());

  const read = (name: string) =>
    linesOf(readFileSync(path.join(folder, name), 'utf8')).map((line) => Buffer.from(line));

  const post = async (sample: Buffer): Promise<string> => {
    const id = string(sample, 'job_id');
    const members = ['job_id', 'filename', 'source_kind', 'review_flags', 'confidence', 'created_at'];
    const fields = members.map((name) => `"${name}":${text(sample, name).toString()}`).join(',');
    const body = `{${fields},"result":${text(sample, 'initial_result').toString()}}`;
    expect((await call('POST', '/jobs', { body })).status).toBe(201);
    return id;
  };

  const exported = async () => {
    const lines = linesOf(await exportText(database.dataSource)).map((line) => Buffer.from(line));
    expect(lines.filter((line) => line.includes('"diverged":{"correction"'))).toEqual([]);
    return new Map(lines.map((line) => [string(line, 'job_id'), line]));
  };

  it('library-cards.jsonl: result by result, correction by correction, and back byte for byte', async () => {
    const samples = read('library-cards.jsonl');
    for (const sample of samples) {
      const id = await post(sample);
      for (const correction of readElements(text(sample, 'corrections'))!) {
        const members = readMembers(correction)!.filter(({ key }) =>
          ['field_path', 'op', 'new_value', 'reason'].includes(key),
        );
        const body = `{${members.map(({ written, value }) => `${written}:${value.toString()}`).join(',')}}`;
        const user = string(correction, 'corrected_by');
        const made = await call('POST', `/jobs/${id}/corrections`, { body, user });
        expect([id, made.status]).toEqual([id, 201]);
      }
    }
    const lines = await exported();
    expect(lines.size).toBe(155);
    const withoutTime = (sample: Buffer) =>
      readElements(text(sample, 'corrections'))!.map((correction) =>
        readMembers(correction)!
          .filter(({ key }) => key !== 'corrected_at')
          .map(({ key, value }) => [key, value.toString()]),
      );
    for (const sample of samples) {
      const line = lines.get(string(sample, 'job_id'))!;
      expect(text(line, 'initial_result').equals(text(sample, 'initial_result'))).toBe(true);
      expect(withoutTime(line)).toEqual(withoutTime(sample));
    }
  });

  it('cord-receipts.jsonl: whole corrected documents, and back byte for byte', async () => {
    const samples = read('cord-receipts.jsonl');
    for (const sample of samples) {
      const id = await post(sample);
      const body = text(sample, 'final_result').toString();
      const tag = (await call('GET', `/jobs/${id}`)).headers.get('etag')!;
      const made = await call('PUT', `/jobs/${id}/result`, { body, headers: { 'if-match': tag } });
      expect([id, made.status < 300]).toEqual([id, true]);
    }
    const lines = await exported();
    expect(lines.size).toBe(60);
    for (const sample of samples) {
      const line = lines.get(string(sample, 'job_id'))!;
      expect(text(line, 'initial_result').equals(text(sample, 'initial_result'))).toBe(true);
      expect(JSON.parse(text(line, 'final_result').toString())).toEqual(
        JSON.parse(text(sample, 'final_result').toString()),
      );
    }
  });
});
