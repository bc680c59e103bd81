import { type ComponentChildren, type RefObject } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { Download } from './download.js';
import { type PdfDocument } from './pdf-document.js';
import { Waiting } from './states.js';

/** The type of content that this file shows. */
export const PDF = 'application/pdf';

type Opened =
  | { readonly state: 'waiting' }
  | { readonly state: 'here'; readonly pdf: PdfDocument }
  | { readonly state: 'failed'; readonly reason: string };

/**
 * The pages of a PDF, one at a time.
 *
 * @param wanted the page to show, from 1, each time that it changes
 * @param sheet puts the page into its frame, given the page and its number
 */
export function Pdf({
  blob,
  name,
  wanted = 1,
  zoom = 1,
  sheet,
}: {
  blob: Blob;
  name: string;
  wanted?: number;
  zoom?: number;
  sheet: (page: ComponentChildren, number: number) => ComponentChildren;
}) {
  const opened = useOpened(blob);
  const [page, setPage] = useState(wanted);
  const [fault, setFault] = useState<string>();
  useEffect(() => {
    setPage(wanted);
  }, [wanted]);
  if (opened.state === 'waiting') return <Waiting what="the PDF" />;
  if (opened.state === 'failed') return <NotShown reason={opened.reason} blob={blob} name={name} />;
  const { pdf } = opened;
  const shown = Math.min(Math.max(1, page), pdf.pages);
  return (
    <div class="pdf">
      {pdf.pages > 1 && <Turner page={shown} pages={pdf.pages} turn={setPage} />}
      {fault !== undefined && <NotShown reason={fault} blob={blob} name={name} />}
      {sheet(
        <Drawn
          key={shown}
          pdf={pdf}
          page={shown}
          zoom={zoom}
          label={`${name}, page ${shown}`}
          onFault={setFault}
        />,
        shown,
      )}
    </div>
  );
}

function useOpened(blob: Blob): Opened {
  const [opened, setOpened] = useState<Opened>({ state: 'waiting' });
  useEffect(() => {
    let isGone = false;
    let pdf: PdfDocument | undefined;
    // Larger than all else of the workbench: it comes when the first PDF is shown.
    import('./pdf-document.js')
      .then(({ openPdf }) => openPdf(blob))
      .then(
        (found) => {
          pdf = found;
          if (isGone) found.close();
          else setOpened({ state: 'here', pdf: found });
        },
        (error: unknown) => {
          if (!isGone) setOpened({ state: 'failed', reason: (error as Error).message });
        },
      );
    return () => {
      isGone = true;
      pdf?.close();
    };
  }, [blob]);
  return opened;
}

function Turner({ page, pages, turn }: { page: number; pages: number; turn: (page: number) => void }) {
  const to = (name: string, sign: string, number: number) => (
    <button
      type="button"
      class="icon"
      aria-label={name}
      title={name}
      disabled={number < 1 || number > pages}
      onClick={() => {
        turn(number);
      }}
    >
      {sign}
    </button>
  );
  return (
    <div class="actions" role="group" aria-label="Pages of the PDF">
      {to('Previous page of the PDF', '‹', page - 1)}
      <span class="soft small" role="status">
        Page {page} of {pages}
      </span>
      {to('Next page of the PDF', '›', page + 1)}
    </div>
  );
}

function Drawn({
  pdf,
  page,
  zoom,
  label,
  onFault,
}: {
  pdf: PdfDocument;
  page: number;
  zoom: number;
  label: string;
  onFault: (reason: string | undefined) => void;
}) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const width = useWidth(canvas, zoom);
  const [isDrawn, setDrawn] = useState(false);
  useEffect(() => {
    if (width === 0) return undefined;
    const controller = new AbortController();
    pdf.draw(canvas.current!, page, width, controller.signal).then(
      () => {
        if (controller.signal.aborted) return;
        setDrawn(true);
        onFault(undefined);
      },
      () => {
        if (!controller.signal.aborted) onFault('This page of it could not be drawn.');
      },
    );
    return () => {
      controller.abort();
    };
  }, [pdf, page, width]);
  return <canvas ref={canvas} class="pdf-page" role="img" aria-label={label} aria-busy={!isDrawn} />;
}

/** How many pixels of the screen an element is wide. */
function useWidth(element: RefObject<HTMLElement | null>, zoom: number): number {
  const [width, setWidth] = useState(0);
  useLayoutEffect(() => {
    setWidth(Math.round(element.current!.clientWidth * devicePixelRatio));
  }, [zoom]);
  return width;
}

/** Why a PDF is not here, and how to see it all the same. */
function NotShown({ reason, blob, name }: { reason: string; blob: Blob; name: string }) {
  return (
    <div class="notice failed" role="alert">
      <h2>The PDF cannot be shown here</h2>
      <p>{reason} Another program may be able to show it.</p>
      <Download blob={blob} name={`${name}.pdf`} />
    </div>
  );
}
