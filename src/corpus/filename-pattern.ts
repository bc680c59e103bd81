/**
 * Returns a regular expression of PostgreSQL that finds `part` in a filename, whatever the case of its letters. The cases are those of
 * Unicode as JavaScript knows them: `lower` of PostgreSQL folds what the locale of the database folds, and that is only ASCII in C.
 *
 * @param part composed like the text that is searched, `normalize(filename)`
 */
export function filenamePattern(part: string): string {
  return Array.from(part.normalize('NFC'), signPattern).join('');
}

function signPattern(sign: string): string {
  const same = signsAlike(sign).map((text) => Array.from(text, isOne(text) ? escaped : signPattern).join(''));
  return same.length === 1 ? same[0]! : `(?:${same.join('|')})`;
}

function isOne(text: string): boolean {
  return text.length === String.fromCodePoint(text.codePointAt(0)!).length;
}

/** A code point as PostgreSQL writes it in a regular expression, so that none has a meaning there. */
function escaped(sign: string): string {
  return `\\U${sign.codePointAt(0)!.toString(16).padStart(8, '0')}`;
}

/** All signs that differ from this one in case only, and what they become; `ß`, `ẞ` and `ss` for one of them. */
function signsAlike(sign: string): readonly string[] {
  alike ??= groupByFolded();
  return alike.get(folded(sign)) ?? [sign];
}

/** The letters with cases are below; the planes above have none but for a few dead scripts, which are below it too. */
const LAST_CASED = 0x1ffff;
let alike: ReadonlyMap<string, readonly string[]> | undefined;

function groupByFolded(): Map<string, string[]> {
  const groups = new Map<string, string[]>();
  for (let code = 0; code <= LAST_CASED; code++) {
    const sign = String.fromCodePoint(code);
    const key = folded(sign);
    if (key === sign) continue;
    const group = groups.get(key) ?? [key];
    group.push(sign);
    groups.set(key, group);
  }
  return groups;
}

/** Three times, because a capital may have its own small letter, and that another capital: `ẞ`, `ß`, `SS`. */
function folded(sign: string): string {
  return sign.toLowerCase().toUpperCase().toLowerCase();
}
