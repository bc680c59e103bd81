import { ReplayService } from '../replay/replay.service.js';
import { planResult, type ResultPlan } from './plan.js';
import { Threads } from '../platform/threads.js';
import { Planner } from './planner.js';

const replay = new ReplayService();
const threads = new Threads();
const planner = new Planner(replay, threads);
afterAll(() => threads.onApplicationShutdown());

const text = (value: unknown) => Buffer.from(JSON.stringify(value));
const people = (count: number) =>
  Array.from({ length: count }, (_, n) => ({
    no: n + 1,
    nama: `NAMA ${(n * 7_919) % 997}`,
    nrp: `${80_000_000 + n}`,
  }));

/** As text, which is compared faster. */
const read = ({ result, corrections, isWhole }: ResultPlan) =>
  JSON.stringify([
    result.toString(),
    corrections.map((each) => ({
      ...each,
      old_value: each.old_value.toString(),
      new_value: each.new_value.toString(),
    })),
    isWhole,
  ]);

describe('Planner', () => {
  it.each<[string, unknown, unknown]>([
    ['small', people(3), people(4)],
    ['large', people(1_000), people(1_000).filter(({ no }) => no % 50 !== 0)],
    [
      'small, but hard to align',
      Array.from({ length: 2_000 }, (_, n) => n),
      Array.from({ length: 2_000 }, (_, n) => -n),
    ],
    [
      'so different that one correction replaces all',
      {},
      Object.fromEntries(people(11_000).map(({ nama, nrp }) => [nrp, nama])),
    ],
  ])('plans in a thread or here the same for results that are %s', async (_, before, after) => {
    const [current, wanted] = [text(before), text(after)];
    expect(read(await planner.planResult(current, wanted))).toBe(read(planResult(current, wanted, replay)));
  });

  it('lets other work go on meanwhile', async () => {
    const rows = people(2_000);
    let turns = 0;
    const turn = setInterval(() => turns++, 1);
    const planned = planner.planResult(
      text(rows),
      text(rows.map((row) => ({ ...row, nama: row.nama.toLowerCase() }))),
    );
    expect((await planned).corrections).toHaveLength(2_000);
    clearInterval(turn);
    expect(turns).toBeGreaterThan(10);
  });
});
