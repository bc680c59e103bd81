import { counted } from './counted.js';

it.each([
  [0, '0 samples'],
  [1, '1 sample'],
  [2, '2 samples'],
  [12_345, '12,345 samples'],
])('%d is written %s', (count, text) => {
  expect(counted(count, 'sample')).toBe(text);
});

it('takes plurals that end in something else', () => {
  expect([counted(1, 'job has', 'jobs have'), counted(2, 'job has', 'jobs have')]).toEqual([
    '1 job has',
    '2 jobs have',
  ]);
});
