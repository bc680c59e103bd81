import { type ComponentChildren } from 'preact';
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import { ask, type Schemas } from '../api/client.js';
import { useAnswer } from '../api/use-answer.js';
import { Download } from '../parts/download.js';
import { Pdf, PDF } from '../parts/pdf.js';
import { Answered } from '../parts/states.js';
import { isImage, KeptElsewhere, MOST_LINES, nameOfSource, SourceChoice, useUrl } from '../parts/source.js';
import { type FieldNote } from './use-draft.js';

type Source = Schemas['Source'];

/** What the document looks like, with the place of the field in focus. */
export function SourceView({
  sources: sent,
  note,
  zoom,
  setZoom,
}: {
  sources: readonly Source[];
  note: FieldNote | undefined;
  zoom: number;
  setZoom: (zoom: number) => void;
}) {
  const [chosen, setChosen] = useState(0);
  // Pages before texts, each in the order of the pipeline.
  const sources = useMemo(() => [...sent.filter((each) => !isText(each)), ...sent.filter(isText)], [sent]);
  const [turns, setTurns] = useState(0);
  const source = sources[chosen];
  const page = note?.page ?? undefined;
  // The page of the field comes by itself, in the kind of source that is open.
  useEffect(() => {
    if (page === undefined || source === undefined || source.page === page) return;
    const other = sources.findIndex((each) => each.page === page && each.kind === source.kind);
    if (other >= 0) setChosen(other);
  }, [page, sources]);
  if (!source) return <p class="soft">The pipeline sent no page images and no text with this document.</p>;
  return (
    <>
      <div class="actions review-source-tools">
        <SourceChoice sources={sources} chosen={chosen} choose={setChosen} />
        <Tool
          name="Smaller"
          sign="−"
          use={() => {
            setZoom(Math.max(0.5, zoom / 1.25));
          }}
        />
        <Tool
          name="Larger"
          sign="+"
          use={() => {
            setZoom(Math.min(6, zoom * 1.25));
          }}
        />
        <Tool
          name="Rotate"
          sign="⟳"
          use={() => {
            setTurns((turns + 1) % 4);
          }}
        />
      </div>
      <Content
        key={`${source.sha256 ?? ''} ${chosen}`}
        source={source}
        note={note}
        zoom={zoom}
        turns={turns}
      />
    </>
  );
}

function isText({ media_type }: Source): boolean {
  return media_type?.startsWith('text/') === true;
}

function Tool({ name, sign, use }: { name: string; sign: string; use: () => void }) {
  return (
    <button type="button" class="icon" aria-label={name} title={name} onClick={use}>
      {sign}
    </button>
  );
}

interface Shown {
  readonly source: Source;
  readonly note: FieldNote | undefined;
  readonly zoom: number;
  readonly turns: number;
}

function Content({ source, ...shown }: Shown) {
  const { sha256, uri, size } = source;
  const { answer, again } = useAnswer(sha256 ?? '', async (signal) => {
    if (sha256 === null || size === null) return undefined;
    return (await ask(`sources/${sha256}`, { signal })).blob();
  });
  return (
    <Answered answer={answer} again={again} what="the source">
      {(blob) =>
        blob === undefined ? <KeptElsewhere uri={uri} /> : <Held blob={blob} source={source} {...shown} />
      }
    </Answered>
  );
}

function Held({ blob, source, ...shown }: Shown & { blob: Blob }) {
  const type = source.media_type ?? blob.type;
  if (isImage(type)) return <Picture blob={blob} source={source} {...shown} />;
  if (type === PDF) return <PdfPages blob={blob} source={source} {...shown} />;
  if (type.startsWith('text/')) return <Words blob={blob} note={shown.note} zoom={shown.zoom} />;
  return <Download blob={blob} name={nameOfSource(source)} />;
}

function Picture({ blob, source, ...shown }: Shown & { blob: Blob }) {
  const url = useUrl(blob);
  const name = nameOfSource(source);
  return (
    <Sheet name={name} page={source.page} {...shown}>
      {url !== undefined && <img src={url} alt={`${name} of the document`} />}
    </Sheet>
  );
}

/** A PDF of the whole document, or of the page of it that the source names and those after it. */
function PdfPages({ blob, source, ...shown }: Shown & { blob: Blob }) {
  const name = nameOfSource(source);
  const before = (source.page ?? 1) - 1;
  return (
    <Pdf
      blob={blob}
      name={name}
      wanted={Math.max(1, (shown.note?.page ?? 1) - before)}
      zoom={shown.zoom}
      sheet={(page, number) => (
        <Sheet name={name} page={before + number} {...shown}>
          {page}
        </Sheet>
      )}
    />
  );
}

/** A page as it looks, with the place of the field in focus, if it is on this page. */
function Sheet({
  name,
  page,
  note,
  zoom,
  turns,
  children,
}: Omit<Shown, 'source'> & { name: string; page: number | null; children: ComponentChildren }) {
  const mark = useRef<HTMLDivElement>(null);
  const bbox = note?.bbox ?? undefined;
  const isHere = bbox !== undefined && (note?.page ?? page) === page;
  const [x0 = 0, y0 = 0, x1 = 0, y1 = 0] = bbox ?? [];
  useLayoutEffect(() => {
    centre(mark.current);
  }, [x0, y0, x1, y1, page, zoom, turns]);
  return (
    <div class="review-picture" role="region" aria-label={name} tabIndex={0}>
      <div class={`review-sheet turn-${turns}`} style={{ width: `${zoom * 100}%` }}>
        {children}
        {isHere && (
          <div
            ref={mark}
            class="review-box"
            style={{
              left: `${x0 * 100}%`,
              top: `${y0 * 100}%`,
              width: `${(x1 - x0) * 100}%`,
              height: `${(y1 - y0) * 100}%`,
            }}
          />
        )}
      </div>
    </div>
  );
}

/** Scrolls what a mark is in, and not the page, which `scrollIntoView` would scroll, too. */
function centre(mark: HTMLElement | null): void {
  const frame = mark?.closest('[role=region]');
  if (!mark || !frame) return;
  const inner = mark.getBoundingClientRect();
  const outer = frame.getBoundingClientRect();
  frame.scrollBy(
    (inner.left + inner.right - outer.left - outer.right) / 2,
    (inner.top + inner.bottom - outer.top - outer.bottom) / 2,
  );
}

function Words({ blob, note, zoom }: { blob: Blob; note: FieldNote | undefined; zoom: number }) {
  const [text, setText] = useState('');
  const mark = useRef<HTMLElement>(null);
  useEffect(() => {
    let isGone = false;
    void blob.text().then((read) => {
      if (!isGone) setText(read);
    });
    return () => {
      isGone = true;
    };
  }, [blob]);
  const quote = note?.quote ?? '';
  const at = quote === '' ? -1 : text.indexOf(quote);
  useLayoutEffect(() => {
    centre(mark.current);
  }, [text, at]);
  const shown = text.split('\n', MOST_LINES).join('\n');
  return (
    <div
      class="review-words mono"
      role="region"
      aria-label="Text of the source"
      tabIndex={0}
      style={{ fontSize: `${zoom * 0.875}rem` }}
    >
      {at < 0 || at >= shown.length ? (
        shown
      ) : (
        <>
          {shown.slice(0, at)}
          <mark ref={mark}>{quote}</mark>
          {shown.slice(at + quote.length)}
        </>
      )}
    </div>
  );
}
