import { counted } from '../../platform/counted.js';
import { type AlikeFaults, type BadInputError } from './bad-input.js';
import { type LineFault } from './line-reader.js';

/** The faults of an input for people, by line: many alike ones are one entry, with the first of them and a count. */
export function faultLines({ alike, count }: BadInputError): string[] {
  const told = alike.flatMap((kind) => (isMany(kind) ? [kind] : kind.first.map(alone)));
  told.sort((a, b) => a.first[0]!.line - b.first[0]!.line);
  const lines = told.map(describe);
  const more = count - alike.reduce((sum, kind) => sum + kind.count, 0);
  if (more > 0) lines.push(`and ${counted(more, 'more error')}`);
  return lines;
}

/** Whether not all of them are named. */
function isMany({ first, count }: AlikeFaults): boolean {
  return count > first.length;
}

function alone(fault: LineFault): AlikeFaults {
  return { first: [fault], count: 1 };
}

/** Names the first of many alike faults by their lines, and by their fields where these differ. */
function describe({ first, count }: AlikeFaults): string {
  const [{ field, reason }] = first as [LineFault];
  const isSameField = first.every((fault) => fault.field === field);
  const places = first.map((fault) => (isSameField ? String(fault.line) : `${fault.line}: ${fault.field}`));
  const more = count > first.length ? ` and ${(count - first.length).toLocaleString('en-US')} more` : '';
  const isSameReason = first.every((fault) => fault.reason === reason);
  return (
    `line${places.length === 1 ? '' : 's'} ${places.join(', ')}${more}: ` +
    `${field === '' || !isSameField ? '' : `${field} `}${reason}${isSameReason ? '' : ' in the first of them'}`
  );
}
