import { type FieldPath, readElements, readMembers, tryParseFieldPath } from '../json-text/index.js';
import { type MeasuredSample } from './measured-sample.js';
import { readTime } from './times.js';

/** Values that a reviewer looked at and found right. */
export interface Confirmation {
  /** Paths of the document after so many corrections of its trail. */
  readonly after: number;
  readonly paths: readonly FieldPath[];
}

const NONE: readonly Confirmation[] = [];
const CONFIRMED = '"confirmed"';
const QUOTE = 0x22;

/** Reads the confirmations of a sample from its history, oldest first. A path that cannot be parsed confirms nothing. */
export function readConfirmations(sample: MeasuredSample): readonly Confirmation[] {
  if (!sample.history.includes(CONFIRMED)) return NONE;
  return (readElements(sample.history) ?? []).flatMap((event) => {
    const members = new Map(readMembers(event)?.map(({ key, value }) => [key, value]));
    const at = readTime(members.get('at'));
    const paths = members.get('field_paths');
    if (members.get('event')?.toString() !== CONFIRMED || at === undefined || paths === undefined) return [];
    return [{ after: sample.correctionsUntil(at), paths: readPaths(paths) }];
  });
}

function readPaths(list: Buffer): FieldPath[] {
  return (readElements(list) ?? []).flatMap((text) => {
    const path = text[0] === QUOTE ? tryParseFieldPath(JSON.parse(text.toString()) as string) : undefined;
    return path === undefined ? [] : [path];
  });
}
