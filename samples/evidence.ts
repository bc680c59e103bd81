import { createHash } from 'node:crypto';
import { type Place, writePath } from './edits.js';
import { writeJson } from './json-writing.js';
import { type Order } from './order.js';
import { type Outcome } from './outcomes.js';
import { drawPage } from './page-image.js';
import { Random } from './random.js';
import { Scan, type ScannedField } from './scan.js';
import { COLUMNS, LINES, type Piece } from './sheets.js';
import { toCalendar } from './times.js';
import { textOf, type TypedOrder } from './typed-order.js';

/** Takes a content that a source names by its digest. */
export type KeepContent = (sha256: string, content: Uint8Array) => void;

export interface ScannedJob {
  /** From 1. */
  readonly number: number;
  readonly id: string;
  /** On the working clock. */
  readonly created: number;
  readonly outcome: Outcome;
}

/** Two versions of a pipeline; the second one is no better. */
const PRODUCERS = [
  '{"name":"sprint-ocr","version":"2.0.3","model":"layout-2","prompt":"sprint-v6"}',
  '{"name":"sprint-ocr","version":"2.1.0","model":"layout-3","prompt":"sprint-v7"}',
] as const;
/** When the second one came into use. */
const NEW_PRODUCER = Date.UTC(2025, 3, 7) * 1000;

/**
 * What the pipeline saw of a document, and what it said. Make it before the mistakes are. It draws from numbers of its own, so that
 * the rest of the line is the same without it.
 */
export class Evidence {
  private readonly scan: Scan;
  private readonly random: Random;
  private sources = '[]';
  private fields = 'null';

  constructor(
    private readonly job: ScannedJob,
    order: Order,
    private readonly keep: KeepContent,
  ) {
    this.scan = new Scan(order);
    this.random = new Random(parseInt(job.id.slice(-8), 16));
  }

  /** Call it once the mistakes are made, and before one of them is mended. */
  take(misread: readonly Place[], has: { readonly texts: boolean; readonly fields: boolean }): void {
    const { outcome } = this.job;
    const typed = this.scan.type(misread);
    // Of all that wait for a reviewer, and of some others.
    const isDone = outcome === 'corrected' || outcome === 'untouched';
    this.sources = this.writeSources(typed, has.texts, !isDone || this.random.chance(0.4));
    if (has.fields) this.fields = writeFields(this.scan.fields(typed), this.random);
  }

  /**
   * The further members of the line, each after a comma.
   *
   * @param history its events, with commas between them
   */
  write(history: string): string {
    const { number, created } = this.job;
    const producer = PRODUCERS[toCalendar(created) < NEW_PRODUCER ? 0 : 1];
    return (
      `,"external_id":"ocr-${String(number).padStart(6, '0')}","producer":${producer},` +
      `"sources":${this.sources},"fields":${this.fields},"history":[${history}]`
    );
  }

  /** For each page its image, if there is one, and its text. */
  private writeSources(typed: TypedOrder, hasTexts: boolean, hasImages: boolean): string {
    const sources: string[] = [];
    for (let page = 1; page <= typed.pages; page += 1) {
      if (hasImages) {
        const image = drawPage(typed.pieces, page);
        const sha256 = digestOf(image);
        this.keep(sha256, image);
        sources.push(writeSource('page_image', page, 'image/png', sha256));
      }
      if (hasTexts) {
        const text = textOf(typed.pieces, page);
        sources.push(writeSource('ocr_text', page, 'text/plain', digestOf(text), text));
      }
    }
    return `[${sources.join(',')}]`;
  }
}

function writeSource(kind: string, page: number, mediaType: string, sha256: string, text?: string): string {
  return (
    `{"kind":"${kind}","page":${page},"media_type":"${mediaType}","sha256":"${sha256}","uri":null` +
    `${text === undefined ? '' : `,"text":${writeJson(text)}`}}`
  );
}

/** The JSON of what the pipeline says of each value of its result. */
function writeFields(fields: Iterable<ScannedField>, random: Random): string {
  const members = Array.from(fields, ({ path, isRight, pieces }) => {
    const said = `"confidence":${drawConfidence(random, isRight)}`;
    return `${writeJson(writePath(path))}:{${[said, ...writePlace(pieces)].join(',')}}`;
  });
  return `{${members.join(',')}}`;
}

/** As models do: lower where a value is wrong, but far too high there too. Less than half of the mistakes are claimed. */
function drawConfidence(random: Random, isRight: boolean): string {
  const isSure = random.chance(isRight ? 0.97 : 0.45);
  const [low, high] = isRight ? (isSure ? [985, 999] : [700, 984]) : isSure ? [950, 999] : [450, 949];
  return String(random.between(low, high) / 1000);
}

function writePlace(pieces: readonly Piece[]): string[] {
  const [first] = pieces;
  if (first === undefined) return [];
  const { page } = first;
  const here = pieces.filter((piece) => piece.page === page);
  const corners = [
    Math.min(...here.map(({ column }) => column)) / COLUMNS,
    Math.min(...here.map(({ line }) => line)) / LINES,
    Math.max(...here.map(({ column, width }) => column + width)) / COLUMNS,
    Math.max(...here.map(({ line }) => line + 1)) / LINES,
  ];
  const bbox = corners.map((corner) => Math.round(corner * 10_000) / 10_000);
  const quote = quoteOf(pieces);
  return [
    `"page":${page}`,
    `"bbox":[${bbox.join(',')}]`,
    ...(quote === '' ? [] : [`"quote":${writeJson(quote)}`]),
  ];
}

function quoteOf(pieces: readonly Piece[]): string {
  let text = '';
  let last: Piece | undefined;
  for (const piece of pieces) {
    if (last) text += piece.line === last.line && piece.page === last.page ? ' ' : '\n';
    text += piece.read;
    last = piece;
  }
  return text;
}

function digestOf(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}
