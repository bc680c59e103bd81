import { useEffect, useState } from 'preact/hooks';
import { Text } from './text.js';

/** What the pages that show sources know of one. */
interface NamedSource {
  readonly kind: string;
  readonly page: number | null;
}

const NAMES: Readonly<Record<string, string>> = {
  page_image: 'Page',
  ocr_text: 'Text',
  document: 'Document',
};
const IMAGE = /^image\/(?:png|jpeg|gif|webp|avif|bmp)$/;

/** More lines of a text than this are not shown. */
export const MOST_LINES = 5_000;

export function nameOfSource({ kind, page }: NamedSource): string {
  const name = Object.hasOwn(NAMES, kind) ? NAMES[kind]! : kind;
  return page === null ? name : `${name} ${page}`;
}

/** Whether a browser shows content of this type as an image, and as nothing else. */
export function isImage(mediaType: string): boolean {
  return IMAGE.test(mediaType);
}

/** An address of content that came with the key of the session, which an address in `src` could not send. */
export function useUrl(blob: Blob): string | undefined {
  const [url, setUrl] = useState<string>();
  useEffect(() => {
    const made = URL.createObjectURL(blob);
    setUrl(made);
    return () => {
      URL.revokeObjectURL(made);
    };
  }, [blob]);
  return url;
}

/** Which source is shown. */
export function SourceChoice({
  sources,
  chosen,
  choose,
}: {
  sources: readonly NamedSource[];
  chosen: number;
  choose: (index: number) => void;
}) {
  return (
    <label>
      <span class="visually-hidden">Source</span>
      <select
        value={chosen}
        onChange={({ currentTarget }) => {
          choose(Number(currentTarget.value));
        }}
      >
        {sources.map((each, index) => (
          <option key={index} value={index}>
            {nameOfSource(each)}
          </option>
        ))}
      </select>
    </label>
  );
}

/** A source that is only pointed to. */
export function KeptElsewhere({ uri }: { uri: string | null }) {
  return (
    <p>
      It is kept elsewhere: <code>{uri !== null && <Text text={uri} />}</code>
    </p>
  );
}
