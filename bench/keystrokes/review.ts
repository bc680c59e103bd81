import { type OpenPage, type Timing } from './open-page.js';

const OPENINGS = 3;

/** Reviews a document by keyboard, each step so many times. */
export async function reviewByKeys(
  open: OpenPage,
  title: string,
  jobId: string,
  presses: number,
): Promise<Timing[]> {
  const named = (what: string): string => `${title}: ${what}`;
  const times = async (count: number, step: (n: number) => Promise<void>): Promise<void> => {
    for (let n = 0; n < count; n++) await step(n);
  };
  for (let n = 0; n < OPENINGS; n++)
    await open.open(named('opening the page'), `review/${jobId}`, '.review-line');
  const editing = async (view: string): Promise<void> => {
    await times(presses, async (n) => {
      await open.press(named(`${view}, next field`), 'j');
      await open.press(named(`${view}, edit`), 'Enter');
      await open.page.getByRole('textbox', { name: 'New value' }).waitFor();
      await open.press(named(`${view}, typing`), String(n % 10));
      await open.press(named(`${view}, keep the value`), 'Enter');
    });
  };
  await times(presses, () => open.press(named('fields, next unsure field'), 'n'));
  await times(presses, () => open.press(named('fields, confirm'), 'c'));
  await editing('fields');
  await times(presses, () => open.press(named('fields, insert a row'), 'i'));
  await times(presses, () => open.press(named('fields, remove the row'), 'x'));
  await times(presses, () => open.press(named('fields, undo'), 'u'));
  await open.press(undefined, '2');
  await editing('table');
  await times(presses, () => open.press(named('table, insert a row'), 'i'));
  await times(presses, () => open.press(named('table, undo'), 'u'));
  await open.press(named('to the text'), '3');
  await open.page.getByRole('textbox', { name: 'The document as JSON' }).focus();
  await times(presses, () => open.press(named('text, typing'), ' '));
  await times(presses, () => open.press(named('text, next line'), 'ArrowDown'));
  await open.press(named('text, keep the text'), 'Control+Enter');
  return open.all();
}
