import { type FieldPath, JSON_NULL, JsonDocument, sliceOf } from '../json-text/index.js';
import { type AnswerSchema } from './answer-schema.js';
import { type CorpusSample } from './corpus-sample.js';
import { editRatio } from './edit-ratio.js';
import { type Objective } from './layouts/layout.js';
import { ocrTextOf, type PageImage, pageImagesOf } from './pages.js';

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
}

/** How examples are made of samples. */
export interface ExampleOptions {
  readonly input: Input;
  readonly objective: Objective;
  readonly instruction: string;
  readonly schema: AnswerSchema | undefined;
  readonly answer: AnswerForm;
  /** The part of the documents that is asked for. */
  readonly field: FieldPath;
  /** Preferences whose answers differ in a smaller share of their text are left out. */
  readonly minEditRatio: number;
}

const DOCUMENT = 'Answer with the data of the document as JSON only.';
/** What the model is told before the input. */
export const INSTRUCTIONS: Readonly<Record<Input, string>> = {
  initial:
    'You are given JSON that an OCR pipeline read from a document. It may have mistakes. Answer with the corrected JSON only.',
  ocr_text: `You are given the OCR text of a document. ${DOCUMENT}`,
  page_image: `You are given the pages of a document as images. ${DOCUMENT}`,
  'ocr_text+page_image': `You are given the pages of a document as images, and their OCR text, which may have mistakes. ${DOCUMENT}`,
};

/** Makes examples of samples. */
export class ExampleMaker {
  private readonly document = new JsonDocument();

  constructor(private readonly options: ExampleOptions) {}

  /** @returns the reason why the sample gives none, as text */
  make(sample: CorpusSample): Example | string {
    if (!sample.approved) return 'not approved';
    if (sample.diverged) return 'diverged: its trail does not lead back exactly';
    if (sample.final.equals(JSON_NULL)) return 'no result';
    const { options } = this;
    const answer = this.part(sample.final);
    if (answer === undefined) return 'the final result lacks the field';
    const misfit = options.schema?.misfit(answer);
    if (misfit) return `does not fit the schema (${misfit.keyword})`;
    const input = this.inputOf(sample);
    if (typeof input === 'string') return input;
    const rejected = options.objective === 'preference' ? this.rejectedFor(sample, answer) : undefined;
    if (rejected !== undefined && 'reason' in rejected) return rejected.reason;
    return {
      input: input.text,
      images: input.images,
      answer: this.inForm(answer),
      rejected: rejected && this.inForm(rejected.answer),
    };
  }

  /** The text of the value at a path, or undefined. */
  valueAt(document: Buffer, path: FieldPath): Buffer | undefined {
    if (path.length === 0) return document;
    this.document.load(sliceOf(document));
    const target = this.document.find(path);
    const value = target?.exists === true ? this.document.valueOf(target) : undefined;
    this.document.clear();
    return value;
  }

  private part(document: Buffer): Buffer | undefined {
    return this.valueAt(document, this.options.field);
  }

  private inForm(answer: Buffer): Buffer {
    const { schema, answer: form } = this.options;
    return form === 'schema' && schema ? schema.inOrder(answer) : answer;
  }

  private inputOf(sample: CorpusSample): { text: Buffer; images: readonly PageImage[] } | string {
    const { input } = this.options;
    if (input === 'initial') {
      if (sample.initial.equals(JSON_NULL)) return 'no initial result';
      const text = this.part(sample.initial);
      return text === undefined ? 'the initial result lacks the field' : { text, images: [] };
    }
    const { sources } = sample;
    if (sources === undefined) return 'its line has no sources';
    const ocr = input.includes('ocr_text') ? ocrTextOf(sources) : { text: '' };
    if ('reason' in ocr) return ocr.reason;
    const pages = input.includes('page_image') ? pageImagesOf(sources) : { images: [] };
    return 'reason' in pages ? pages.reason : { text: Buffer.from(ocr.text), images: pages.images };
  }

  private rejectedFor(
    sample: CorpusSample,
    answer: Buffer,
  ): { readonly answer: Buffer } | { readonly reason: string } {
    const rejected = sample.initial.equals(JSON_NULL) ? undefined : this.part(sample.initial);
    if (rejected === undefined) return { reason: 'the initial result lacks the field' };
    const [chosen, other] = [this.inForm(answer), this.inForm(rejected)];
    if (chosen.equals(other)) return { reason: 'the initial result is right already' };
    const { minEditRatio } = this.options;
    if (minEditRatio > 0) {
      const ratio = editRatio(chosen.toString(), other.toString());
      if (ratio === undefined) return { reason: 'the two answers are too long to be compared' };
      if (ratio < minEditRatio) return { reason: 'the two answers differ too little (--min-edit-ratio)' };
    }
    return { answer: rejected };
  }
}

/** What all prompts begin with: the instruction, the schema, and the blank line before the input, if that is text. */
export function leadOf({ instruction, schema, input }: ExampleOptions): string {
  const parts = [instruction, ...(schema ? [`The JSON Schema of the answer:\n${schema.text}`] : [])];
  return [...parts, ...(input === 'page_image' ? [] : [''])].join('\n\n');
}
