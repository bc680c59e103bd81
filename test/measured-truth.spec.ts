import { createReadStream } from 'node:fs';
import path from 'node:path';
import { generateSamples } from '../samples/generate.js';
import { CoverageMeasure } from '../src/measure/coverage.js';
import { coverageOptions, CoverageQueryDto } from '../src/measure/coverage-query.js';
import { type Errors, ErrorsMeasure } from '../src/measure/errors.js';
import { ErrorsQueryDto } from '../src/measure/errors-query.js';
import { takeFile } from '../src/measure/measured-samples.js';
import { readDto } from '../src/platform/parameters/read-dto.js';

/** A second of work, on a machine that does much else. */
const BUSY_MACHINE = 60_000;

const BUNDLED = path.join(__dirname, '../samples/surat-perintah.jsonl');

interface Sample {
  readonly approved: boolean;
  readonly reviewed_at: string;
  readonly final_result: { readonly header: { readonly satuan: string } };
  readonly corrections: readonly {
    readonly field_path: string;
    readonly old_value: unknown;
    readonly new_value: unknown;
    readonly op?: 'add' | 'remove';
  }[];
}

/** How many values a field has, and how many of them the generator spoils. */
interface Truth {
  values: number;
  errors: number;
}

/**
 * The rates of the generator, from so many samples of it that they hardly vary. It makes a mistake by one or two edits, which say
 * alone what was wrong: no result is compared here, and no row followed.
 */
function truthOf(samples: Iterable<Sample>): {
  fields: Map<string, Truth>;
  documents: number;
  affected: number;
} {
  const fields = new Map<string, Truth>();
  let [documents, affected] = [0, 0];
  const count = (name: string, what: keyof Truth, by: number) => {
    const truth = fields.get(name) ?? { values: 0, errors: 0 };
    truth[what] += by;
    fields.set(name, truth);
  };
  for (const { approved, final_result, corrections } of samples) {
    if (!approved) continue;
    documents++;
    if (corrections.length > 0) affected++;
    for (const name of namesIn(final_result)) count(name, 'values', 1);
    const mended = new Set<string>();
    for (const { field_path, op, old_value, new_value } of corrections) {
      const name = field_path.replace(/\[\d+\]/g, '[*]');
      if (op !== undefined || isList(old_value) !== isList(new_value)) {
        // What was removed is not in the final result.
        const removed = op === 'add' ? [] : namesIn(old_value, name);
        for (const one of removed) count(one, 'values', 1);
        for (const one of [...removed, ...(op === 'remove' ? [] : namesIn(new_value, name))])
          count(one, 'errors', 1);
      } else if (isList(old_value)) {
        // One item that was the whole list: the first one is wrong, the others are missing.
        count(`${name}[*]`, 'errors', (new_value as unknown[]).length);
      } else if (!mended.has(field_path)) count(name, 'errors', 1);
      mended.add(field_path);
    }
  }
  return { fields, documents, affected };
}

const isList = (value: unknown): boolean => Array.isArray(value);

/** The fields of all values below one. */
function namesIn(value: unknown, name = ''): string[] {
  const isEmpty = typeof value !== 'object' || value === null || Object.keys(value).length === 0;
  if (isEmpty) return [name];
  if (Array.isArray(value)) return value.flatMap((row) => namesIn(row, `${name}[*]`));
  return Object.entries(value).flatMap(([key, part]) => {
    const step = key.includes('.') ? `[${JSON.stringify(key)}]` : key;
    return namesIn(part, name === '' || step.startsWith('[') ? name + step : `${name}.${step}`);
  });
}

function* parsed(lines: Iterable<string>): Generator<Sample> {
  for (const line of lines) yield JSON.parse(line) as Sample;
}

async function errorsOfBundled(flags: Record<string, string>): Promise<Errors> {
  const measure = new ErrorsMeasure(readDto(ErrorsQueryDto, flags));
  await takeFile(createReadStream(BUNDLED), 'bundled', measure);
  return measure.report();
}

/** How often the truth is within an interval. */
function held(
  cases: readonly (readonly [truth: number, interval: readonly [number, number] | null])[],
): number {
  const within = cases.filter(
    ([truth, interval]) => interval && interval[0] <= truth && truth <= interval[1],
  );
  return within.length / cases.length;
}

describe('measures of the bundled corpus, against what its generator does', () => {
  const many = [...parsed(generateSamples({ count: 3_000, seed: 99 }))];
  const truth = truthOf(many);
  let errors: Errors;
  beforeAll(async () => {
    errors = await errorsOfBundled({ calibration: 'true', by: 'producer' });
  }, BUSY_MACHINE);

  it('finds the rates of its mistakes, nearly each within its interval', () => {
    const casesOf = (fields: Errors['fields']) =>
      fields.map(({ field_path, interval }) => {
        const { values, errors: wrong } = truth.fields.get(field_path)!;
        return [wrong / values, interval] as const;
      });
    expect(held(casesOf(errors.fields))).toBeGreaterThanOrEqual(0.9);
    // Those of every document; the others are inventions of the pipeline.
    const common = errors.fields.filter(({ documents }) => documents > 200);
    expect(common).toHaveLength(11);
    expect(held(casesOf(common))).toBeGreaterThanOrEqual(0.9);
    for (const { interval } of common) expect(interval![1] - interval![0]).toBeLessThan(0.15);
  });

  it('counts the very errors that its trails tell', () => {
    const { fields } = truthOf(parsed(generateSamples({ count: 300, seed: 1 })));
    const counts = errors.fields.map((field) => [
      field.field_path,
      { values: field.values, errors: field.wrong + field.missing + field.spurious },
    ]);
    expect(Object.fromEntries(counts)).toEqual(Object.fromEntries(fields));
  });

  it('finds how many documents have mistakes, and who never corrects', () => {
    const { jobs, all, reviewers } = errors;
    expect(jobs).toMatchObject({ total: 300, approved: 210, measured: 210, uncorrected: 45, diverged: 0 });
    expect(held([[truth.affected / truth.documents, all.documents_interval]])).toBe(1);
    expect(reviewers.reduce((sum, { approved }) => sum + approved, 0)).toBe(210);
    expect(reviewers.reduce((sum, { uncorrected }) => sum + uncorrected, 0)).toBe(45);
  });

  it('finds the characters that it takes for others', () => {
    const confusions = errors.fields.flatMap((field) => field.confusions);
    expect(confusions).not.toHaveLength(0);
    const of = (name: string) => errors.fields.find(({ field_path }) => field_path === name)!.confusions;
    expect(of('personel[*].nrp').map(({ from, to }) => from + to)).toEqual(
      expect.arrayContaining([expect.stringMatching(/^(O0|I1|l1|S5|B8)$/)]),
    );
  });

  it('sorts by the lower bound, also the producers, which together have all documents', () => {
    const lows = (list: readonly { interval: readonly [number, number] | null }[]) =>
      list.map(({ interval }) => interval![0]);
    for (const { fields } of [errors, ...errors.groups!.map(([, group]) => group)])
      expect(lows(fields)).toEqual(lows(fields).sort((a, b) => b - a));
    const groups = errors.groups!.map(([, { all }]) => all);
    expect(groups.reduce((sum, { documents }) => sum + documents, 0)).toBe(210);
    expect(groups.reduce((sum, { values }) => sum + values, 0)).toBe(errors.all.values);
  });

  describe('calibration', () => {
    // What `drawConfidence` of samples/evidence.ts does, in thousandths.
    const rightSure = [0.97, 985, 999] as const;
    const rightUnsure = [0.03, 700, 984] as const;
    const wrongSure = [0.45, 950, 999] as const;
    const wrongUnsure = [0.55, 450, 949] as const;
    /** The probability of each thousandth. */
    const spread = (...parts: (readonly [number, number, number])[]): number[] =>
      Array.from({ length: 1_001 }, (_, at) =>
        parts.reduce(
          (sum, [share, low, high]) => sum + (at >= low && at <= high ? share / (high - low + 1) : 0),
          0,
        ),
      );
    const [ofRight, ofWrong] = [spread(rightSure, rightUnsure), spread(wrongSure, wrongUnsure)];

    it('of values is what the generator makes of right and wrong ones', () => {
      const { all, producers } = errors.calibration!.fields;
      const right = all.right / all.values;
      const share = (from: number, to: number) => {
        const sum = (of: number[]) => of.slice(from + 1, to + 1).reduce((total, one) => total + one, 0);
        const [rights, wrongs] = [right * sum(ofRight), (1 - right) * sum(ofWrong)];
        return rights / (rights + wrongs);
      };
      const cases = all.bins
        .filter(({ values }) => values > 0)
        .map(({ low, high, interval }) => [share(low * 1_000, high * 1_000), interval] as const);
      expect(cases.length).toBeGreaterThan(4);
      expect(held(cases)).toBeGreaterThanOrEqual(0.9);
      let [auroc, below] = [0, 0];
      for (let at = 0; at <= 1_000; at++) {
        auroc += ofRight[at]! * (below + ofWrong[at]! / 2);
        below += ofWrong[at]!;
      }
      expect(all.auroc).toBeCloseTo(auroc, 1);
      expect(producers).toHaveLength(2);
      expect(producers.reduce((sum, [, { values }]) => sum + values, 0)).toBe(all.values);
    });

    it('of documents shows that their confidence says nothing of mistakes', () => {
      const { all } = errors.calibration!.documents;
      expect(all.auroc).toBeGreaterThan(0.4);
      expect(all.auroc).toBeLessThan(0.6);
      expect(all.ece).toBeGreaterThan(0.4);
      expect(all.threshold).toBeNull();
    });

    it('has thresholds that keep to the accepted errors', () => {
      const { threshold, assured_threshold } = errors.calibration!.fields.all;
      expect(threshold!.rate).toBeLessThanOrEqual(0.01);
      expect(threshold!.share).toBeGreaterThan(0.5);
      // From this confidence on, what the generator makes is wrong as often as the interval says.
      const from = Math.round(threshold!.confidence * 1_000);
      const { all } = errors.calibration!.fields;
      const sum = (of: number[]) => of.slice(from).reduce((total, one) => total + one, 0);
      const wrongs = (1 - all.right / all.values) * sum(ofWrong);
      const rate = wrongs / (wrongs + (all.right / all.values) * sum(ofRight));
      expect(held([[rate, threshold!.interval]])).toBe(1);
      // eslint-disable-next-line jest/no-conditional-expect
      if (assured_threshold) expect(assured_threshold.interval![1]).toBeLessThanOrEqual(0.01);
    });
  });

  it(
    'covers what it has, at the pace that it came',
    async () => {
      const flags = {
        as_of: '2025-04-01',
        bucket: 'all=header:300,tables=personel[*]:210,notes=header.tembusan:5',
        per: 'header.satuan:8',
      };
      const measure = new CoverageMeasure(coverageOptions(readDto(CoverageQueryDto, flags)));
      await takeFile(createReadStream(BUNDLED), 'bundled', measure);
      const { buckets, per, gain } = measure.report();
      const approved = [...parsed(generateSamples({ count: 300, seed: 1 }))].filter(
        (sample) => sample.approved,
      );
      const recent = approved.filter(
        ({ reviewed_at }) => reviewed_at > '2025-03-04T00:00:00Z' && reviewed_at <= '2025-04-01T00:00:00Z',
      ).length;
      expect(recent).toBeGreaterThan(5);
      const days = Math.ceil((90 * 28) / recent);
      expect(buckets).toEqual([
        {
          name: 'all',
          field_path: 'header',
          have: 210,
          need: 300,
          missing: 90,
          last_28_days: recent,
          day: new Date(Date.UTC(2025, 3, 1 + days)).toISOString().slice(0, 10),
        },
        {
          name: 'tables',
          field_path: 'personel[*]',
          have: 210,
          need: 210,
          missing: 0,
          last_28_days: recent,
          day: null,
        },
        {
          name: 'notes',
          field_path: 'header.tembusan',
          have: 0,
          need: 5,
          missing: 5,
          last_28_days: 0,
          day: null,
        },
      ]);
      const units = new Set(approved.map(({ final_result }) => final_result.header.satuan));
      expect(per[0]).toMatchObject({ field_path: 'header.satuan', values: units.size });
      expect(gain.documents.is_narrow_enough).toBe(false);
      expect(gain.documents.documents_needed).toBeGreaterThan(210);
      expect(gain.values.half_width).toBeLessThan(gain.documents.half_width!);
    },
    BUSY_MACHINE,
  );
});
