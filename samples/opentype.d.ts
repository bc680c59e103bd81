/** What is used of opentype.js, which comes without types; those of DefinitelyTyped bring the DOM into the whole project. */
declare module 'opentype.js' {
  export type PathCommand =
    | { type: 'M' | 'L'; x: number; y: number }
    | { type: 'Q'; x1: number; y1: number; x: number; y: number }
    | { type: 'C'; x1: number; y1: number; x2: number; y2: number; x: number; y: number }
    | { type: 'Z' };

  export interface Font {
    hasChar(character: string): boolean;
    charToGlyph(character: string): {
      getPath(x: number, y: number, fontSize: number): { readonly commands: readonly PathCommand[] };
    };
  }

  const opentype: { parse(font: ArrayBuffer): Font };
  export default opentype;
}
