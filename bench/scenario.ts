import 'reflect-metadata';
import { type Context } from './measurement.js';
import { IMPORT, SCENARIOS } from './scenarios.js';

/**
 * One scenario, once, in this process: `node dist/bench/scenario.js NAME`, with its context as JSON in BENCH_CONTEXT (a
 * URL may hold a password, and arguments are for everybody to see). Prints its measurements as one line of JSON.
 */
const name = process.argv[2];
const scenario = [IMPORT, ...SCENARIOS].find((candidate) => candidate.name === name);
if (!scenario) throw new Error(`there is no scenario ${String(name)}`);
// Only a process that ends by itself takes the servers along that it has started.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
const context = JSON.parse(process.env.BENCH_CONTEXT ?? '') as Context;
process.stdout.write(`${JSON.stringify(await scenario.run(context))}\n`);
