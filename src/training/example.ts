import { JSON_NULL } from '../json-text/index.js';
import { type AnswerSchema } from './answer-schema.js';
import { type CorpusSample } from './corpus-sample.js';
import { editRatio } from './edit-ratio.js';
import { type Objective } from './layouts/layout.js';
import { type Refusal, type Unit } from './left-out.js';
import { ocrTextOf, type PageImage, pageImagesOf } from './pages.js';
import { type Field, type Part, PartReader } from './parts.js';

export const INPUTS = ['initial', 'ocr_text', 'page_image', 'ocr_text+page_image'] as const;
export type Input = (typeof INPUTS)[number];

export const ANSWERS = ['as-is', 'schema'] as const;
export type AnswerForm = (typeof ANSWERS)[number];

/** What a row is made of, in every layout, as UTF-8. */
export interface Example {
  /** What follows the lead of the prompt. */
  readonly input: Buffer;
  /** JSON text. */
  readonly answer: Buffer;
  /** What the pipeline answered, for a preference. */
  readonly rejected: Buffer | undefined;
  readonly images: readonly PageImage[];
  /** Of a row of a table: its index. */
  readonly index: number | undefined;
}

/** How examples are made of samples. */
export interface ExampleOptions {
  readonly input: Input;
  readonly objective: Objective;
  readonly instruction: string;
  readonly schema: AnswerSchema | undefined;
  readonly answer: AnswerForm;
  /** The part of the documents that is asked for. */
  readonly field: Field;
  /** Preferences whose answers differ in a smaller share of their text are left out. */
  readonly minEditRatio: number;
}

const DOCUMENT = 'Answer with the data of the document as JSON only.';
const ROW = 'Answer with this row as JSON only.';
const PATH = 'the path of a row in the data of a document, whose rows are counted from 0';
/** What the model is told before the input: for whole documents or a field of each, and for rows. */
export const INSTRUCTIONS: Readonly<Record<'whole' | 'row', Readonly<Record<Input, string>>>> = {
  whole: {
    initial:
      'You are given JSON that an OCR pipeline read from a document. It may have mistakes. Answer with the corrected JSON only.',
    ocr_text: `You are given the OCR text of a document. ${DOCUMENT}`,
    page_image: `You are given the pages of a document as images. ${DOCUMENT}`,
    'ocr_text+page_image': `You are given the pages of a document as images, and their OCR text, which may have mistakes. ${DOCUMENT}`,
  },
  row: {
    initial:
      'You are given a row of a table as JSON that an OCR pipeline read from a document. It may have mistakes. Answer with the corrected row as JSON only.',
    ocr_text: `You are given ${PATH}, and the OCR text of the document. ${ROW}`,
    page_image: `You are given the pages of a document as images, and ${PATH}. ${ROW}`,
    'ocr_text+page_image': `You are given the pages of a document as images, ${PATH}, and the OCR text of the document, which may have mistakes. ${ROW}`,
  },
};

/** What a model is given of a document. */
type Seen = Pick<Example, 'images'> & { readonly text: Buffer };

/** Makes examples of samples. */
export class ExampleMaker {
  readonly parts: PartReader;
  /** What an example is made of. */
  readonly unit: Unit;

  constructor(private readonly options: ExampleOptions) {
    this.parts = new PartReader(options.field);
    this.unit = options.field.isByRow ? 'row' : 'document';
  }

  /**
   * Makes the examples of a sample, and gives the reasons why there are not more. An example is made when it is asked for: each of a
   * table's rows may have the text of all pages.
   */
  *make(sample: CorpusSample): Generator<Example | Refusal> {
    const { input, objective } = this.options;
    const needsInitial = input === 'initial' || objective === 'preference';
    const read = whyUnused(sample) ?? this.parts.read(sample, needsInitial);
    if (typeof read === 'string') {
      yield { reason: read, unit: 'document' };
      return;
    }
    const { parts, removed } = read;
    if (parts.length === 0) yield { reason: 'the table has no rows', unit: 'document' };
    let seen: Seen | string | undefined;
    const look = (): Seen | string => (seen ??= this.look(sample));
    for (const part of parts) {
      const made = this.exampleOf(part, sample, look);
      yield typeof made === 'string' ? { reason: made, unit: this.unit } : made;
    }
    for (let row = 0; row < removed; row++)
      yield { reason: 'a row that the final result lacks', unit: 'row' };
  }

  /** @returns the reason why the part gives none, as text */
  private exampleOf(part: Part, sample: CorpusSample, look: () => Seen | string): Example | string {
    const { options } = this;
    const { final: answer } = part;
    const misfit = options.schema?.misfit(answer);
    if (misfit) return `does not fit the schema (${misfit.keyword})`;
    const input = options.input === 'initial' ? initialOf(part, sample) : this.naming(part, look());
    if (typeof input === 'string') return input;
    const rejected = options.objective === 'preference' ? this.rejectedFor(part) : undefined;
    if (typeof rejected === 'string') return rejected;
    return {
      input: input.text,
      images: input.images,
      answer: this.inForm(answer),
      rejected: rejected && this.inForm(rejected),
      index: part.index,
    };
  }

  /** What is seen of a document, behind the path of the row that is asked for, if one is. */
  private naming({ index }: Part, seen: Seen | string): Seen | string {
    if (index === undefined || typeof seen === 'string') return seen;
    const place = this.parts.placeOf(index);
    const lead = Buffer.from(seen.text.length === 0 ? place : `${place}\n\n`);
    return { ...seen, text: Buffer.concat([lead, seen.text]) };
  }

  private inForm(answer: Buffer): Buffer {
    const { schema, answer: form } = this.options;
    return form === 'schema' && schema ? schema.inOrder(answer) : answer;
  }

  private look({ sources }: CorpusSample): Seen | string {
    const { input } = this.options;
    if (sources === undefined) return 'its line has no sources';
    const ocr = input.includes('ocr_text') ? ocrTextOf(sources) : { text: '' };
    if ('reason' in ocr) return ocr.reason;
    const pages = input.includes('page_image') ? pageImagesOf(sources) : { images: [] };
    return 'reason' in pages ? pages.reason : { text: Buffer.from(ocr.text), images: pages.images };
  }

  /** @returns the reason why there is none, as text */
  private rejectedFor(part: Part): Buffer | string {
    const { initial } = part;
    if (initial === undefined) return lacking(part);
    const [chosen, other] = [this.inForm(part.final), this.inForm(initial)];
    if (chosen.equals(other)) return 'the initial result is right already';
    const { minEditRatio } = this.options;
    if (minEditRatio > 0) {
      const ratio = editRatio(chosen.toString(), other.toString());
      if (ratio === undefined) return 'the two answers are too long to be compared';
      if (ratio < minEditRatio) return 'the two answers differ too little (--min-edit-ratio)';
    }
    return initial;
  }
}

/** Why no dataset takes a sample, if none does. */
function whyUnused({ approved, diverged, final }: CorpusSample): string | undefined {
  if (!approved) return 'not approved';
  if (diverged) return 'diverged: its trail does not lead back exactly';
  return final.equals(JSON_NULL) ? 'no result' : undefined;
}

function initialOf(part: Part, sample: CorpusSample): Seen | string {
  if (sample.initial.equals(JSON_NULL)) return 'no initial result';
  return part.initial === undefined ? lacking(part) : { text: part.initial, images: [] };
}

function lacking({ index }: Part): string {
  return index === undefined ? 'the initial result lacks the field' : 'a row that the initial result lacks';
}

/** What all prompts begin with: the instruction, the schema, and the blank line before the input, if that has text. */
export function leadOf({ instruction, schema, input, field }: ExampleOptions): string {
  const parts = [instruction, ...(schema ? [`The JSON Schema of the answer:\n${schema.text}`] : [])];
  return [...parts, ...(input === 'page_image' && !field.isByRow ? [] : [''])].join('\n\n');
}
