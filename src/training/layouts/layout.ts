export const OBJECTIVES = ['sft', 'preference', 'rl'] as const;
export type Objective = (typeof OBJECTIVES)[number];

/** The texts of a row. */
export interface RowTexts {
  /** All that the model is told, as one text. */
  readonly prompt: string;
  /** JSON text. */
  readonly answer: string;
  /** What the pipeline answered, for a preference. */
  readonly rejected: string | undefined;
}

/** What the files of a layout are written from. */
export interface DatasetFacts {
  readonly objective: Objective;
  readonly hasImages: boolean;
  /** Those with rows. The first is train. */
  readonly splits: readonly { readonly name: string; readonly file: string; readonly rows: number }[];
  /** Of the longest row. */
  readonly longest: {
    /** Of prompt and answer together, in UTF-16 units. */
    readonly characters: number;
    /** The same in tokens, if a tokenizer was given. */
    readonly tokens: number | undefined;
  };
}

/** How a trainer wants its rows, and the files that it is started with. */
export interface Layout {
  /**
   * The row, by objective; an objective without one is not offered. Each row has all columns.
   *
   * @param images paths of the row's images, relative to the dataset
   */
  readonly rows: Readonly<Partial<Record<Objective, (texts: RowTexts, images: readonly string[]) => object>>>;
  /** Whether the trainer itself has loaded such rows here: see `test/trainers/`. */
  readonly isTried: boolean;
  /** Objectives that are offered with page images. */
  readonly withImages: readonly Objective[];
  /** Texts that the loader takes for something else than text, and for which it knows no escape. */
  readonly reserved?: RegExp;
  /** The features of the rows as a dataset card has them, in YAML. Undefined where the loader is not `datasets`. */
  readonly features?: (facts: DatasetFacts) => string;
  /** The files beside the rows, by name. */
  readonly files: (facts: DatasetFacts) => Readonly<Record<string, string>>;
  /** How to start the trainer in the folder of the dataset, as shell commands. */
  readonly usage: (facts: DatasetFacts) => string;
}

/** One turn of a conversation. */
export function turn(role: 'user' | 'assistant', content: string): { role: string; content: string } {
  return { role, content };
}

/** Rows of chats, as most trainers want them. */
export const CHAT_ROWS = {
  sft: ({ prompt, answer }: RowTexts) => ({ messages: [turn('user', prompt), turn('assistant', answer)] }),
  preference: ({ prompt, answer, rejected }: RowTexts) => ({
    messages: [turn('user', prompt)],
    chosen: turn('assistant', answer),
    rejected: turn('assistant', rejected!),
  }),
};

/**
 * The length to train with, in tokens: that of the longest row, with room for a chat template. Where no tokenizer has counted, half as
 * many as there are characters, which is more than common tokenizers make of JSON and OCR text.
 */
export function sequenceLength({ longest, hasImages }: DatasetFacts): number {
  const ofText = longest.tokens ?? Math.ceil(longest.characters / 2);
  const ofAll = ofText + TEMPLATE_TOKENS + (hasImages ? IMAGE_TOKENS : 0);
  return Math.ceil(ofAll / STEP) * STEP;
}

const TEMPLATE_TOKENS = 64;
/** Of some pages: a model with vision makes 1,000 tokens or more of a page. */
const IMAGE_TOKENS = 8192;
const STEP = 512;

export const TEXT_MODEL = 'Qwen/Qwen3-4B-Instruct-2507';
export const VISION_MODEL = 'Qwen/Qwen3-VL-4B-Instruct';
