/** A source of a sample, as `sources` of a line has it. */
interface Source {
  readonly kind: string;
  readonly page: number | null;
  readonly media_type: string | null;
  readonly sha256: string | null;
  readonly text?: string;
}

/** An image of a page, by its content. */
export interface PageImage {
  readonly sha256: string;
  readonly media_type: string;
}

/** Stands between the texts of two pages, as `pdftotext` writes it. */
const FORM_FEED = '\f';

/**
 * The text of a document as it was read, page by page.
 *
 * @param sources the member of a line
 */
export function ocrTextOf(sources: Buffer): { readonly text: string } | { readonly reason: string } {
  const pages = inOrder(sources, 'ocr_text');
  if (pages.length === 0) return { reason: 'no OCR text' };
  if (pages.some(({ text }) => text === undefined))
    return { reason: 'the OCR text of a page is not in the corpus, only where it is' };
  const text = pages.map((page) => page.text).join(FORM_FEED);
  if (!text.isWellFormed()) return { reason: 'the OCR text has half of a character' };
  return text.trim() === '' ? { reason: 'the OCR text is empty' } : { text };
}

/** The images of a document's pages, in order. */
export function pageImagesOf(
  sources: Buffer,
): { readonly images: readonly PageImage[] } | { readonly reason: string } {
  const pages = inOrder(sources, 'page_image');
  if (pages.length === 0) return { reason: 'no page images' };
  const images = pages.flatMap(({ sha256, media_type }) =>
    sha256 !== null && media_type !== null ? [{ sha256, media_type }] : [],
  );
  return images.length === pages.length
    ? { images }
    : { reason: 'the image of a page is not in the corpus, only where it is' };
}

/** Sources of a kind: by page if all have one, else in their order. Their numbers never reach a dataset, so they may be parsed. */
function inOrder(sources: Buffer, kind: string): Source[] {
  const found = (JSON.parse(sources.toString()) as Source[]).filter((source) => source.kind === kind);
  return found.every(({ page }) => page !== null) ? found.sort((a, b) => a.page! - b.page!) : found;
}
