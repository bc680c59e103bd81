import { BadInputError } from '../../src/corpus/import/bad-input.js';
import { type ImportOptions } from '../../src/corpus/import/import.service.js';
import {
  exportSamples,
  exportText,
  importText,
  linesOf,
  readPlainBundled,
  sampleLine,
} from '../setup/corpus.js';
import { createTestDatabase, type TestDatabase } from '../setup/database.js';

const correction = (overrides: Record<string, unknown> = {}) => ({
  field_path: 'a',
  old_value: 1,
  new_value: 2,
  corrected_by: 'rini',
  reason: null,
  corrected_at: '2025-06-02T00:00:00Z',
  ...overrides,
});

/** One correction of `a` from 1 to 2 that fits. */
const corrected = { initial_result: { a: 1 }, final_result: { a: 2 }, corrections: [correction()] };

describe('import', () => {
  let database: TestDatabase;

  beforeAll(async () => {
    database = await createTestDatabase();
  });
  afterAll(() => database.drop());
  beforeEach(() => database.clear());

  const bringIn = (input: string | Buffer, options: Partial<ImportOptions> = {}) =>
    importText(database.dataSource, input, options);
  const bringOut = () => exportText(database.dataSource);

  async function faultsOf(input: string | Buffer, options: Partial<ImportOptions> = {}): Promise<string[]> {
    const error: unknown = await bringIn(input, options).catch((reason: unknown) => reason);
    if (!(error instanceof BadInputError)) throw new Error('the input was not refused', { cause: error });
    expect(await bringOut()).toBe('');
    return error.faults.map(({ line, field, reason }) => `${line} ${field}: ${reason}`);
  }

  describe('with ids of the pipeline', () => {
    const other = '0197a1b2-0000-7000-8000-000000000002';
    const output = (members: Record<string, unknown>) =>
      `${JSON.stringify({ filename: 'a.pdf', source_kind: 'pdf', result: { a: 1 }, ...members })}\n`;
    const ids = async () =>
      (await exportSamples(database.dataSource, { include: new Set(['external_id'] as const) })).map(
        ({ job_id, external_id }) => [job_id, external_id],
      );
    const refused = async (input: string, onConflict: ImportOptions['onConflict']) => {
      const before = await ids();
      const error: unknown = await bringIn(input, { onConflict }).catch((reason: unknown) => reason);
      expect(await ids()).toEqual(before);
      return (error as BadInputError).faults.map(({ line, field, reason }) => `${line} ${field}: ${reason}`);
    };

    it('brings them in and out again byte for byte', async () => {
      const corpus =
        sampleLine({ ...corrected, external_id: '4711 "ü" \u0001\n/', history: [] }) +
        sampleLine({ job_id: other, external_id: null, history: [] });
      await bringIn(corpus);
      const include = new Set(['external_id', 'history'] as const);
      expect(await exportText(database.dataSource, { include })).toBe(corpus);
    });

    it.each<[ImportOptions['onConflict'], object]>([
      ['skip-same', { inserted: 0, skipped: 1 }],
      ['skip', { inserted: 0, skipped: 1 }],
      ['replace', { inserted: 1, replaced: 1 }],
    ])('knows a job by it: %s', async (onConflict, expected) => {
      await bringIn(output({ external_id: '4711' }));
      const before = await ids();
      expect(await bringIn(output({ external_id: '4711' }), { onConflict })).toMatchObject(expected);
      expect(await ids()).toEqual(before);
    });

    it('refuses other output, and an id that is given twice', async () => {
      await bringIn(output({ external_id: '4711' }));
      const changed = output({ external_id: '4711', result: 2 });
      expect(await refused(changed, 'skip-same')).toEqual([
        '1 external_id: belongs to a job that already exists with different pipeline output',
      ]);
      expect(await refused(changed, 'fail')).toEqual([
        expect.stringContaining('1 external_id: is already in the database'),
      ]);
      expect(await refused(output({ external_id: '7' }).repeat(2), 'skip')).toEqual([
        '2 external_id: is already in line 1',
      ]);
      // The second line means the same job.
      const [[id]] = (await ids()) as [[string]];
      expect(
        await refused(output({ job_id: id, external_id: '7' }) + output({ external_id: '4711' }), 'replace'),
      ).toEqual(['2 job_id: is already in line 1']);
    });

    it.each(['fail', 'skip', 'skip-same', 'replace'] as const)(
      'refuses the id of another job: %s',
      async (onConflict) => {
        await bringIn(sampleLine({ external_id: '4711' }));
        expect(await refused(sampleLine({ job_id: other, external_id: '4711' }), onConflict)).toEqual([
          '1 external_id: is that of another job in the database',
        ]);
      },
    );

    it('leaves it to a replaced job, unless the line has another', async () => {
      await bringIn(sampleLine({ external_id: '4711' }));
      await bringIn(sampleLine(corrected), { onConflict: 'replace' });
      expect(await ids()).toMatchObject([[expect.anything(), '4711']]);
      expect(
        await refused(sampleLine(corrected) + sampleLine({ job_id: other, external_id: '4711' }), 'replace'),
      ).toEqual(['2 external_id: is already in line 1']);
      await bringIn(
        sampleLine({ external_id: '4712' }) + sampleLine({ job_id: other, external_id: '4711' }),
        { onConflict: 'replace' },
      );
      expect((await ids()).map(([, external]) => external)).toEqual(['4712', '4711']);
    });

    it.each([
      ['', 'is empty'],
      ['x'.repeat(256), 'has more than 255 characters'],
      [1, 'is neither a string nor null'],
    ])('refuses %j as one', async (external_id, reason) => {
      expect(await faultsOf(output({ external_id }))).toEqual([`1 external_id: ${reason}`]);
    });

    it('says where an id of another form belongs', async () => {
      expect(await faultsOf(output({ job_id: '01J0' }))).toEqual([
        '1 job_id: is not a UUID; send an id of another form as external_id',
      ]);
      expect((await bringIn(output({ external_id: '😀'.repeat(255) }))).inserted).toBe(1);
    });
  });

  describe('with a history of approvals', () => {
    const event = (name: string, by: string, at: string) => ({ event: name, by, at });
    const history = [
      event('approved', 'rini "R" \u0001\n', '2025-06-03T00:00:00Z'),
      event('reopened', 'budi', '2025-06-03T00:00:00.5Z'),
      event('approved', 'rini', '2025-06-04T00:00:00.000001Z'),
      event('approved', 'rini', '2025-06-04T00:00:00.000001Z'),
    ];
    const bringOutAll = () => exportText(database.dataSource, { include: new Set(['history'] as const) });
    const historyNow = async () =>
      (await exportSamples(database.dataSource, { include: new Set(['history'] as const) }))[0]!.history;

    it('brings it in and out again byte for byte', async () => {
      const corpus =
        sampleLine({ ...corrected, history }) +
        sampleLine({ job_id: '0197a1b2-0000-7000-8000-000000000002', history: [] });
      await bringIn(corpus);
      expect(await bringOutAll()).toBe(corpus);
      expect(await bringOut()).toBe(
        sampleLine(corrected) + sampleLine({ job_id: '0197a1b2-0000-7000-8000-000000000002' }),
      );
    });

    it('adds none where a line has none', async () => {
      await bringIn(sampleLine({ ...corrected, approved: true, reviewed_by: 'rini' }));
      expect(await historyNow()).toEqual([]);
    });

    it('keeps it where a job is replaced, and adds what is not there yet', async () => {
      const later = event('reopened', 'budi', '2025-07-01T00:00:00Z');
      await bringIn(sampleLine({ ...corrected, history: history.slice(0, 3) }));
      const ids = () => database.query('select id from job_events order by id');
      const before = await ids();
      await bringIn(sampleLine(corrected), { onConflict: 'replace' });
      expect(await historyNow()).toEqual(history.slice(0, 3));
      expect(await ids()).toEqual(before);
      await bringIn(sampleLine({ ...corrected, history: [history[1], history[3], later] }), {
        onConflict: 'replace',
      });
      expect(await historyNow()).toEqual([...history.slice(0, 3), later]);
      await bringIn(sampleLine({ ...corrected, history }), { onConflict: 'replace' });
      expect(await historyNow()).toEqual([...history, later]);
      await bringIn(
        '{"job_id":"0197a1b2-0000-7000-8000-000000000001","filename":"f","source_kind":"pdf","result":1}',
        {
          onConflict: 'replace',
        },
      );
      expect(await historyNow()).toEqual([...history, later]);
    });

    it('leaves it alone where a job is skipped', async () => {
      await bringIn(sampleLine({ ...corrected, history: history.slice(0, 1) }));
      await bringIn(sampleLine({ ...corrected, history }), { onConflict: 'skip' });
      expect(await historyNow()).toEqual(history.slice(0, 1));
    });

    it.each<[string, unknown, string]>([
      ['of no events', 'approved', '1 history: is not an array'],
      [
        'of an event without a name',
        [{ by: 'r', at: '2025-06-03T00:00:00Z' }],
        '1 history[0].event: is missing',
      ],
      [
        'of an unknown event',
        [event('erased', 'r', '2025-06-03T00:00:00Z')],
        '1 history[0].event: is not one of approved, reopened, flagged, confirmed',
      ],
      ['of an event with more', [{ ...history[1], x: 1 }], '1 history[0].x: is not known'],
      ['out of order', [history[2], history[1]], '1 history[1].at: is before the time of the previous event'],
    ])('refuses a history %s', async (_, given, fault) => {
      expect(await faultsOf(sampleLine({ ...corrected, history: given }))).toEqual([fault]);
    });
  });

  it('brings the demonstration corpus in and out again byte for byte', async () => {
    const corpus = await readPlainBundled();
    await expect(bringIn(corpus)).resolves.toMatchObject({ inserted: 300, diverged: 0 });
    expect(await bringOut()).toBe(corpus);
  });

  it.each([
    '198703212010011234',
    '1.0',
    '-0',
    '1e400',
    '"\\u0000"',
    '"\\ud800"',
    '{"a":1,"a":2}',
    '{"":1}',
    '{"a.b[0]\\"":1}',
    '{"\\u0061\\/":"\\u00e9é"}',
    '{"__proto__":{"constructor":1}}',
    '"\u2028\u2029\u007f"',
  ])('keeps %s as it is written', async (json) => {
    const line = sampleLine({ approved: true }, { initial_result: json, final_result: json });
    await bringIn(line);
    expect(await bringOut()).toBe(line);
    await database.clear();
    const edited = sampleLine(
      { corrections: [correction({ field_path: '', old_value: null, new_value: null })] },
      {
        initial_result: json,
        final_result: '{"b":1}',
        corrections: `[${JSON.stringify(correction({ field_path: '' })).replace('"old_value":1,"new_value":2', `"old_value":${json},"new_value":{"b":1}`)}]`,
      },
    );
    await bringIn(edited);
    expect(await bringOut()).toBe(edited);
  });

  it('keeps 5,000 levels, in a result as in a correction, and refuses 5,001 by name', async () => {
    const nested = (levels: number) => '['.repeat(levels) + ']'.repeat(levels);
    const line = (levels: number) =>
      sampleLine(
        {},
        {
          initial_result: nested(levels),
          final_result: '1',
          corrections: `[${JSON.stringify(correction({ field_path: '', old_value: 0, new_value: 1 })).replace('"old_value":0', `"old_value":${nested(levels)}`)}]`,
        },
      );
    await bringIn(line(5_000));
    expect(await bringOut()).toBe(line(5_000));
    await database.clear();
    expect(await faultsOf(line(5_001))).toEqual([
      '1 initial_result: is deeper than 5,000 levels',
      '1 corrections[0].old_value: is deeper than 5,000 levels',
    ]);
    expect(await faultsOf(line(100_000))).toEqual([
      expect.stringMatching(/^1 : is JSON deeper than 5,000 levels$/),
    ]);
  });

  it('compacts JSON and writes our own strings as JSON.stringify does', async () => {
    const line = sampleLine(
      { filename: 'é"\\\u0001.pdf' },
      { final_result: '{"a":[1,2]}', initial_result: '{"a":[1,2]}' },
    );
    const loose = line.replace(/,"/g, ' ,\t"').replace('é', '\\u00e9').replace('[1,2]', '[ 1 , 2 ]');
    await bringIn(loose);
    expect(await bringOut()).toBe(line);
  });

  it('takes times with any offset and a last line without a line feed, and skips blank lines', async () => {
    const line = sampleLine({ created_at: '2025-06-01T17:15:00.500+07:00' });
    await bringIn(`\n \r\n${line.trimEnd()}`);
    expect(await bringOut()).toBe(sampleLine({ created_at: '2025-06-01T10:15:00.5Z' }));
  });

  it('accepts pipeline output, and makes ids that sort like the lines', async () => {
    const outcome = (fields: object) =>
      `${JSON.stringify({ filename: 'a', source_kind: 'pdf', ...fields })}\n`;
    await bringIn(
      outcome({ result: { n: 1 } }) +
        outcome({ result: null, confidence: 0.5, review_flags: ['ocr_failed'] }) +
        outcome({ result: { n: 3 } }) +
        outcome({ result: 4, job_id: '0197A1B2-0000-7000-8000-00000000000A', created_at: '2020-01-01' }),
    );
    const samples = await exportSamples(database.dataSource);
    expect(samples.map(({ final_result }) => final_result)).toEqual([4, { n: 1 }, null, { n: 3 }]);
    expect(samples[0]).toMatchObject({
      job_id: '0197a1b2-0000-7000-8000-00000000000a',
      created_at: '2020-01-01T00:00:00Z',
      approved: false,
    });
    expect(samples[2]).toMatchObject({ confidence: 0.5, review_flags: ['ocr_failed'], initial_result: null });
    expect(samples[1]!.job_id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7/);
    const hashes = await database.query(
      'select original_sha256 is null as without, result is null as failed from jobs',
    );
    expect(hashes.every(({ without, failed }) => without === failed)).toBe(true);
  });

  it('stores the digest of what the trail leads back to', async () => {
    await bringIn(sampleLine(corrected));
    expect(
      await database.query(`select original_sha256 = encode(sha256('{"a":1}'), 'hex') as same from jobs`),
    ).toEqual([{ same: true }]);
  });

  it('finds where removed members stood, also among members that came later', async () => {
    const trail = [
      correction({ op: 'remove', field_path: 'b', old_value: 2, new_value: null }),
      correction({ op: 'add', field_path: 'd', old_value: null, new_value: 4 }),
      correction({ op: 'remove', field_path: 'a', old_value: 1, new_value: null }),
    ];
    const line = sampleLine({
      initial_result: { a: 1, b: 2, c: 3 },
      final_result: { c: 3, d: 4 },
      corrections: trail,
    });
    // `op` is the last key of a correction.
    const canonical = line.replace(/"op":"(\w+)",("field_path".*?"corrected_at":"[^"]*")/g, '$2,"op":"$1"');
    await bringIn(line);
    expect(await bringOut()).toBe(canonical.replace(/"op":"(\w+)",([^}]*)\}/g, '$2,"op":"$1"}'));
    expect(await database.query('select position from job_corrections order by id')).toEqual([
      { position: 1 },
      { position: null },
      { position: 0 },
    ]);
  });

  it('keeps an escape that the key of a removed member does not need', async () => {
    const removal = { op: 'remove', old_value: 1, new_value: null };
    for (const field_path of ['b.b', '/b/b', 'b["\\u0062"]']) {
      const line = sampleLine(
        { final_result: { b: { c: 2 } }, corrections: [correction({ ...removal, field_path })] },
        { initial_result: '{"b":{"\\u0062":1,"c":2}}' },
      );
      await bringIn(line);
      expect(await bringOut()).toContain('"initial_result":{"b":{"\\u0062":1,"c":2}}');
      await database.clear();
    }
  });

  it('stores the one spelling of a path, and the trail still leads back', async () => {
    const spellings = [
      'a.b[1].c',
      '/a/b/1/c',
      'a.b[1]["c"]',
      '["a"]["b"][1]["c"]',
      'a["b"][1].c',
      '["\\u0061"].b[1].c',
    ];
    for (const [n, field_path] of spellings.entries()) {
      const members = {
        job_id: `0197a1b2-0000-7000-8000-00000000000${n}`,
        initial_result: { a: { b: [{ c: 1 }, { c: 1 }] } },
        final_result: { a: { b: [{ c: 1 }, { c: 2 }] } },
        corrections: [correction({ field_path })],
      };
      await expect(bringIn(sampleLine(members))).resolves.toMatchObject({ diverged: 0 });
    }
    const stored = await database.query('select distinct field_path from job_corrections');
    expect(stored).toEqual([{ field_path: 'a.b[1].c' }]);
    const first = await bringOut();
    await database.clear();
    await bringIn(first);
    expect(await bringOut()).toBe(first);
  });

  it.each([
    // The document writes the key plainly, or as it is spelled here, or not at all.
    ['{"b":1,"c":2}', '{"c":2}', '["\\u0062"]', 'b'],
    ['{"\\u0062":1,"c":2}', '{"c":2}', '["\\u0062"]', '["\\u0062"]'],
    ['{"\\u0062":1,"c":2}', '{"c":2}', '["b"]', '["\\u0062"]'],
    ['{"\\u0061":{"b":1,"c":2}}', '{"\\u0061":{"c":2}}', '["\\u0061"]["\\u0062"]', 'a.b'],
  ])(
    'spells the key of a member removed from %s as the document does',
    async (before, after, given, stored) => {
      const removal = correction({ field_path: given, op: 'remove', old_value: 1, new_value: null });
      await bringIn(sampleLine({ corrections: [removal] }, { initial_result: before, final_result: after }));
      const [sample] = await exportSamples(database.dataSource);
      expect(sample!.corrections).toMatchObject([{ field_path: stored }]);
      const first = await bringOut();
      expect(first).toContain(`"initial_result":${before},`);
      await database.clear();
      await bringIn(first);
      expect(await bringOut()).toBe(first);
    },
  );

  it('takes JSON Pointers and stores the dotted form', async () => {
    const trail = [
      correction({ field_path: '/rows/0/a~1b' }),
      correction({ field_path: '/rows/-', op: 'add', old_value: null, new_value: 5 }),
      correction({ field_path: '/map/0' }),
      correction({ field_path: 'map["0"]', old_value: 2, new_value: 3 }),
    ];
    await bringIn(
      sampleLine({
        initial_result: { rows: [{ 'a/b': 1 }], map: { 0: 1 } },
        final_result: { rows: [{ 'a/b': 2 }, 5], map: { 0: 3 } },
        corrections: trail,
      }),
    );
    const [sample] = await exportSamples(database.dataSource);
    expect(sample!.corrections.map(({ field_path }) => field_path)).toEqual([
      'rows[0].a/b',
      'rows[1]',
      'map.0',
      'map.0',
    ]);
    expect(sample).toMatchObject({ initial_result: { rows: [{ 'a/b': 1 }], map: { 0: 1 } } });
  });

  it.each<[string, string, Record<string, unknown>, Record<string, string>?]>([
    ['job_id: is not a UUID', 'a malformed id', { job_id: '123' }],
    ['job_id: is missing', 'a missing key', { job_id: undefined }],
    ['extra: is not known', 'an unknown key', { extra: 1 }],
    ['filename: is not a string', 'a number for a string', { filename: 1 }],
    ['filename: contains a NUL character', 'NUL', { filename: 'a\0' }],
    ['filename: contains a lone surrogate', 'a lone surrogate', { filename: '\ud800' }],
    ['approved: is neither true nor false', 'a string for a boolean', { approved: 'true' }],
    ['approved: is true, but final_result is null', 'approved without a result', { approved: true }],
    ['reviewed_by: is neither a string nor null', 'a number for a reviewer', { reviewed_by: 1 }],
    ['created_at: is not a string with a time', 'a number for a time', { created_at: 1 }],
    [
      'created_at: has more than six digits of a second’s fraction, and those beyond the sixth are not zeros; times are kept to the microsecond and not rounded',
      'nanoseconds',
      { created_at: '2025-06-01T00:00:00.1234567Z' },
    ],
    [
      'created_at: has a second of 60; leap seconds are not accepted',
      'a leap second',
      { created_at: '2025-06-30T23:59:60Z' },
    ],
    ['confidence: is neither a number from 0 to 1 nor null', 'too much confidence', { confidence: 1.5 }],
    [
      'confidence: is neither a number from 0 to 1 nor null',
      'a number that rounds to 1',
      {},
      { confidence: '1.00000000000000000001' },
    ],
    [
      'confidence: is neither a number from 0 to 1 nor null',
      'a number that rounds to 0',
      {},
      { confidence: '-1e-400' },
    ],
    ['"x\\n?[31m": is not known', 'a key that would be obeyed by a terminal', { 'x\n\u009b[31m': 1 }],
    ['confidence: is neither a number from 0 to 1 nor null', 'confidence as text', { confidence: '1' }],
    ['confidence: is neither a number from 0 to 1 nor null', 'confidence as truth', { confidence: true }],
    ['review_flags: is not an array of strings', 'a flag alone', { review_flags: 'x' }],
    ['review_flags[1]: is not a string', 'a flag that is none', { review_flags: ['x', null] }],
    ['corrections: is not an array', 'a trail that is none', { corrections: {} }],
    ['corrections[0]: is not a JSON object', 'a correction that is none', { corrections: [1] }],
    [
      'corrections[0].who: is not known',
      'an unknown key in a correction',
      { ...corrected, corrections: [correction({ who: 1 })] },
    ],
    [
      'corrections[0].op: is not one of replace, add, remove',
      'another operation',
      { ...corrected, corrections: [correction({ op: 'move' })] },
    ],
    [
      'corrections[0].old_value: must be null for an add',
      'an add with an old value',
      { corrections: [correction({ op: 'add' })] },
    ],
    [
      'corrections[1].corrected_at: is before the corrected_at of the previous correction',
      'a trail out of order',
      {
        ...corrected,
        corrections: [correction(), correction({ corrected_at: '2025-06-01T23:59:59.999999Z' })],
      },
    ],
    [
      'corrections[0]: does not match the document at that point of the trail (value_differs); use --accept-diverged to import it anyway',
      'a correction that does not fit',
      { ...corrected, final_result: { a: 3 } },
    ],
    [
      'corrections[0]: does not match the document at that point of the trail (path_missing): rows is an array of 1 element, and [1] is beyond its end; use --accept-diverged to import it anyway',
      'a correction of what is not there',
      {
        initial_result: { rows: [0] },
        final_result: { rows: [0] },
        corrections: [correction({ field_path: 'rows[1].nrp' })],
      },
    ],
    [
      'corrections[0].field_path: cannot be parsed: a key is expected; a key with special characters is written ["…"] (at position 2); use --accept-diverged to import it anyway',
      'a path that is none',
      { ...corrected, corrections: [correction({ field_path: 'a..b' })] },
    ],
    [
      'initial_result: is not what the trail leads back to; use --accept-diverged to import it anyway',
      'another initial result',
      { ...corrected, initial_result: { a: 0 } },
    ],
    ['filename: occurs more than once', 'a key twice', {}, { filename: '"x","filename":"y"' }],
  ])('%s (%s)', async (fault, _, fields, json = {}) => {
    expect(await faultsOf(sampleLine(fields, json))).toEqual([`1 ${fault}`]);
  });

  it('refuses what is not JSON, and never quotes it', async () => {
    const faults = await faultsOf('{"rahasia":tidak}\n' + sampleLine() + '[1]\n');
    expect(faults[0]).toMatch(/^1 : is not JSON: .* \(at byte 12\)$/);
    expect(faults).toContain('3 : is not a JSON object');
    expect(faults.join()).not.toMatch(/rahasia|tidak/);
    expect(await faultsOf(Buffer.from([0x7b, 0xff, 0x7d]))).toEqual([
      '1 : is not JSON: not valid UTF-8 (at byte 1)',
    ]);
  });

  it('leaves a byte order mark at the start out, and names one elsewhere', async () => {
    const other = sampleLine({ job_id: '0197a1b2-0000-7000-8000-000000000002' });
    expect(await faultsOf(`\ufeff${sampleLine()}\ufeff${other}`)).toEqual([
      '2 : is not JSON: a byte order mark (U+FEFF) where a JSON value is expected (at byte 0)',
    ]);
    await bringIn(`\ufeff\r\n${sampleLine()}${other}`);
    expect(await bringOut()).toBe(sampleLine() + other);
  });

  it.each([
    [
      'a time that is none',
      { corrected_at: 'yesterday' },
      /^1 corrections\[1\]\.corrected_at: is not a time/,
    ],
    ['a time that is missing', { corrected_at: undefined }, /^1 corrections\[1\]\.corrected_at: is missing$/],
    ['an operation that is none', { op: 1 }, /^1 corrections\[1\]\.op: is not a string$/],
  ])('tells one fault for %s', async (_, overrides, fault) => {
    const corrections = [correction(), correction(overrides), correction()];
    expect(await faultsOf(sampleLine({ ...corrected, corrections }))).toEqual([
      expect.stringMatching(fault) as string,
    ]);
  });

  it('tells one fault for an approved sample without its result', async () => {
    const fields = { approved: true, final_result: undefined };
    expect(await faultsOf(sampleLine(fields))).toEqual(['1 final_result: is missing']);
  });

  it('names a job that stands twice in the input, or is in the database', async () => {
    expect(await faultsOf(sampleLine() + sampleLine({ filename: 'b' }))).toEqual([
      '2 job_id: is already in line 1',
    ]);
    await bringIn(sampleLine());
    const error: unknown = await bringIn(sampleLine(corrected)).catch((reason: unknown) => reason);
    expect(error).toMatchObject({
      faults: [{ line: 1, field: 'job_id', reason: expect.stringContaining('--on-conflict') as string }],
    });
    expect(await bringOut()).toBe(sampleLine());
  });

  it('names the first 1,000 faults and counts the rest', async () => {
    const error: unknown = await bringIn('x\n'.repeat(1_500)).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ count: 1_500 });
    expect((error as BadInputError).faults).toHaveLength(1_000);
  });

  it('skips or replaces a job that exists, as asked', async () => {
    const other = sampleLine({ job_id: '0197a1b2-0000-7000-8000-000000000002' });
    await bringIn(sampleLine(corrected));
    await expect(
      bringIn(sampleLine({ filename: 'new.pdf' }) + other, { onConflict: 'skip' }),
    ).resolves.toMatchObject({
      inserted: 1,
      skipped: 1,
    });
    expect(await bringOut()).toBe(sampleLine(corrected) + other);
    await expect(
      bringIn(sampleLine({ filename: 'new.pdf' }), { onConflict: 'replace' }),
    ).resolves.toMatchObject({
      inserted: 1,
      replaced: 1,
    });
    expect(await bringOut()).toBe(sampleLine({ filename: 'new.pdf' }) + other);
  });

  it('accepts a diverged sample with acceptDiverged, and exports it as it was', async () => {
    const diverged = sampleLine({
      ...corrected,
      initial_result: { a: 9 },
      final_result: { a: 9 },
      corrections: [correction({ field_path: '/a' }), correction({ field_path: 'a' })],
      diverged: { correction: 1, reason: 'value_differs' },
    });
    expect(await faultsOf(diverged)).toEqual([expect.stringContaining('--accept-diverged') as string]);
    await expect(bringIn(diverged, { acceptDiverged: true })).resolves.toMatchObject({ diverged: 1 });
    expect(await bringOut()).toBe(diverged);
    expect(await database.query('select original_sha256 from jobs')).toEqual([{ original_sha256: null }]);
  });

  it('keeps the order of a trail whose times are the same', async () => {
    const trail = Array.from({ length: 50 }, (_, i) => correction({ old_value: i, new_value: i + 1 }));
    const line = sampleLine({ initial_result: { a: 0 }, final_result: { a: 50 }, corrections: trail });
    await bringIn(line);
    expect(await bringOut()).toBe(line);
  });

  it('gives a job its last change', async () => {
    await bringIn(sampleLine(corrected));
    expect(await database.query(`select updated_at = '2025-06-02Z' as right from jobs`)).toEqual([
      { right: true },
    ]);
  });

  it('imports nothing when it is aborted', async () => {
    const stop = new AbortController();
    const lines = Array.from({ length: 20 }, () => sampleLine()).join('');
    await expect(
      bringIn(lines, {
        signal: stop.signal,
        onProgress: () => {
          stop.abort();
        },
      }),
    ).rejects.toThrow(/abort/);
    expect(linesOf(await bringOut())).toEqual([]);
  });
});
