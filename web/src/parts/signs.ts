/** Part of a text: as it is, or one sign that would not be seen or that changes how others are shown. */
export type TextPart = string | { readonly sign: string };

/**
 * Controls, blanks that look like spaces, signs without a width, and those that turn the direction of what follows: an override could
 * show `8703` where `3078` stands.
 */
const HIDDEN = new RegExp(
  [
    String.raw`[\u0000-\u001f\u007f-\u00a0\u00ad\u061c\u1680\u180e\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ufeff\ufff9-\ufffb]`,
    // Halves of surrogate pairs.
    String.raw`[\ud800-\udbff](?![\udc00-\udfff])`,
    String.raw`(?<![\ud800-\udbff])[\udc00-\udfff]`,
  ].join('|'),
  'g',
);

/** Names signs that cannot be seen, such as `U+202E`. */
export function partsOf(text: string): TextPart[] {
  const parts: TextPart[] = [];
  let from = 0;
  for (const { 0: hidden, index } of text.matchAll(HIDDEN)) {
    if (index > from) parts.push(text.slice(from, index));
    parts.push({ sign: `U+${hidden.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}` });
    from = index + hidden.length;
  }
  if (from < text.length) parts.push(text.slice(from));
  return parts;
}

/** The text as `Text` shows it, for places that hold no elements. */
export function visible(text: string): string {
  return partsOf(text)
    .map((part) => (typeof part === 'string' ? part : part.sign))
    .join('');
}
