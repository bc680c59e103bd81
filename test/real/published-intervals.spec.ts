import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Calibration } from '../../src/measure/calibration.js';
import { wilsonInterval } from '../../src/measure/interval.js';
import { describeReal } from './real-data.js';

interface Vectors {
  readonly wilson95: readonly { x: number; n: number; low: number; high: number; decimals: number }[];
  readonly calibration_torchmetrics: readonly {
    conf: number[];
    correct: number[];
    bins: number;
    l1: number;
  }[];
}

describeReal('what others published', (folder) => {
  const vectors = JSON.parse(readFileSync(path.join(folder, '../metrics-vectors.json'), 'utf8')) as Vectors;

  it('has the intervals of Wilson', () => {
    expect(vectors.wilson95.length).toBeGreaterThan(0);
    for (const { x, n, low, high, decimals } of vectors.wilson95) {
      const interval = wilsonInterval(x, n);
      expect(interval.low).toBeCloseTo(low, decimals);
      expect(interval.high).toBeCloseTo(high, decimals);
    }
  });

  it('has the expected calibration error', () => {
    expect(vectors.calibration_torchmetrics.length).toBeGreaterThan(0);
    for (const { conf, correct, bins, l1 } of vectors.calibration_torchmetrics) {
      const calibration = new Calibration(bins);
      for (const [index, confidence] of conf.entries())
        calibration.add([{ confidence, isRight: correct[index] === 1 }]);
      expect(calibration.report(0.01).ece).toBeCloseTo(l1, 4);
    }
  });
});
