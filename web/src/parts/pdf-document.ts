import { AnnotationMode, getDocument, GlobalWorkerOptions } from 'pdfjs-dist/legacy/build/pdf.mjs';
import worker from 'pdfjs-dist/legacy/build/pdf.worker.min.mjs?url';

// The build for older browsers, too: those of reviewers are not the newest.
GlobalWorkerOptions.workerSrc = worker;

/** The most pixels of a drawn page: a page may claim any size. */
const MOST_PIXELS = 16_000_000;

/** A PDF whose pages can be drawn. */
export interface PdfDocument {
  readonly pages: number;
  /**
   * Draws a page, as wide as it is shown.
   *
   * @param page from 1
   * @param width in pixels of the screen
   */
  readonly draw: (
    canvas: HTMLCanvasElement,
    page: number,
    width: number,
    signal: AbortSignal,
  ) => Promise<void>;
  readonly close: () => void;
}

/** @throws Error that says why the PDF cannot be shown */
export async function openPdf(blob: Blob): Promise<PdfDocument> {
  const task = getDocument({
    data: new Uint8Array(await blob.arrayBuffer()),
    // What a PDF has of programs is not run; nothing is fetched.
    isEvalSupported: false,
    enableXfa: false,
    stopAtErrors: false,
    useWorkerFetch: false,
    useWasm: false,
  });
  const pdf = await task.promise.catch((error: unknown) => {
    void task.destroy();
    throw new Error(reasonOf(error));
  });
  return {
    pages: pdf.numPages,
    draw: async (canvas, number, width, signal) => {
      const page = await pdf.getPage(number);
      if (signal.aborted) return;
      const whole = page.getViewport({ scale: 1 });
      const most = Math.sqrt(MOST_PIXELS / (whole.width * whole.height));
      const viewport = page.getViewport({ scale: Math.min(width / whole.width, most) });
      // Drawn apart, so that the page before stays until this one is there.
      const drawn = document.createElement('canvas');
      drawn.width = Math.max(1, Math.round(viewport.width));
      drawn.height = Math.max(1, Math.round(viewport.height));
      const drawing = page.render({ canvas: drawn, viewport, annotationMode: AnnotationMode.ENABLE });
      signal.addEventListener('abort', () => {
        drawing.cancel();
      });
      // Rejects if it is cancelled.
      await drawing.promise;
      canvas.width = drawn.width;
      canvas.height = drawn.height;
      canvas.getContext('2d')!.drawImage(drawn, 0, 0);
    },
    close: () => {
      void task.destroy();
    },
  };
}

function reasonOf(error: unknown): string {
  switch ((error as Error).name) {
    case 'PasswordException':
      return 'It needs a password.';
    case 'InvalidPDFException':
      return 'It is damaged, or it is no PDF.';
    default:
      return 'It could not be read.';
  }
}
