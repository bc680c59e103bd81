import { readFileSync } from 'node:fs';
import path from 'node:path';
import { problemKinds, statusOfProblem } from '../../src/platform/http/problem.js';

const read = (name: string) => readFileSync(path.resolve(__dirname, '../../docs', name), 'utf8');

/** Any request can meet them; Swagger shows what belongs to a route. */
const OF_NO_ROUTE = [
  'bad-request',
  'not-found',
  'method-not-allowed',
  'request-timeout',
  'misdirected-request',
  'foreign-origin',
  'expectation-failed',
  'headers-too-large',
  'internal-error',
];

describe('the problems', () => {
  it('are all listed in docs/review-api.md, each with its status', () => {
    const listed = [...read('review-api.md').matchAll(/^\| `([a-z-]+)` +\| ([0-9]{3}) +\|/gm)].map(
      ([, kind, status]) => [kind, Number(status)],
    );
    expect(listed.sort()).toEqual(problemKinds.map((kind) => [kind, statusOfProblem(kind)]).sort());
  });

  it.each(problemKinds.filter((kind) => !OF_NO_ROUTE.includes(kind)))('%s is shown in Swagger UI', (kind) => {
    expect(read('openapi.json')).toContain(`"urn:ground-truth:problem:${kind}"`);
  });
});
