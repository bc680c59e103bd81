import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';

/** Random numbers of the distributions that simulations need. */
export class Chance {
  private readonly random = xoroshiro128plus(17);

  uniform(): number {
    return uniformFloat64(this.random);
  }

  between(least: number, most: number): number {
    return least + Math.floor(this.uniform() * (most - least + 1));
  }

  /** Each document has a rate of its own, by a beta distribution; `correlation` is that of two values of one document. */
  wrong(values: number, rate: number, correlation: number): number {
    const size = (1 - correlation) / correlation;
    const ofDocument = this.beta(rate * size, (1 - rate) * size);
    let wrong = 0;
    for (let i = 0; i < values; i++) if (this.uniform() < ofDocument) wrong++;
    return wrong;
  }

  private beta(a: number, b: number): number {
    const x = this.gamma(a);
    return x / (x + this.gamma(b));
  }

  /** Marsaglia and Tsang 2000. */
  private gamma(shape: number): number {
    if (shape < 1) return this.gamma(shape + 1) * (1 - this.uniform()) ** (1 / shape);
    const d = shape - 1 / 3;
    for (;;) {
      const normal = Math.sqrt(-2 * Math.log(1 - this.uniform())) * Math.cos(2 * Math.PI * this.uniform());
      const v = (1 + normal / Math.sqrt(9 * d)) ** 3;
      if (v > 0 && Math.log(1 - this.uniform()) < normal ** 2 / 2 + d - d * v + d * Math.log(v)) return d * v;
    }
  }
}
