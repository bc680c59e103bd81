import path from 'node:path';
import { type DatasetFlagsDto } from '../dataset-flags.js';
import { LAYOUTS, objectivesOf, offered } from '../layouts/layouts.js';
import { parseSplits } from '../splits.js';
import { type GivenTexts } from './dataset-request.js';

/**
 * What does not go together, one line each.
 *
 * @param filters the names of the flags that select samples, as far as they are given
 */
export function contradictionsIn(
  flags: DatasetFlagsDto,
  texts: GivenTexts,
  filters: readonly string[],
): string[] {
  const { layout, objective, input } = flags;
  const { out = '', corpus, sources, ledger, schema, tokenizer } = texts;
  const hasImages = input.includes('page_image');
  const empty = Object.keys(texts).filter((name) => texts[name] === '');
  const isOffered = objectivesOf(LAYOUTS[layout], hasImages).includes(objective);
  const splits = parseSplits(flags.split);
  return [
    ...(typeof splits === 'string' ? [`--split: ${splits}`] : []),
    ...empty.map((name) => `--${name}: it is empty`),
    ...(corpus === undefined
      ? []
      : filters.map(
          (name) =>
            `--${name.replaceAll('_', '-')}: selects samples of the database; a corpus file is selected when it is exported`,
        )),
    ...(sources !== undefined && corpus === undefined
      ? ['--sources: is for --corpus; images of the database come from it']
      : []),
    ...(hasImages && corpus !== undefined && sources === undefined
      ? ['--input: page images of a corpus file need --sources, the folder that export --sources has written']
      : []),
    ...(isOffered
      ? []
      : [
          `--objective: ${objective} is not offered for ${layout}${hasImages ? ' with images' : ''}; offered are ${offered(hasImages)}`,
        ]),
    ...(objective !== 'sft' && input === 'initial'
      ? [
          `--input: ${objective} needs the document itself, ocr_text or page_image: initial is an answer already`,
        ]
      : []),
    ...(flags.answer === 'schema' && schema === undefined ? ['--answer: schema needs --schema'] : []),
    ...(flags.min_edit_ratio > 0 && objective !== 'preference'
      ? ['--min-edit-ratio: is for --objective preference']
      : []),
    ...(flags.max_tokens !== undefined && tokenizer === undefined ? ['--max-tokens: needs --tokenizer'] : []),
    ...(ledger !== undefined && isBelow(ledger, out)
      ? ['--ledger: lies in the folder of the dataset, which is replaced as a whole; keep it elsewhere']
      : []),
  ];
}

function isBelow(file: string, folder: string): boolean {
  return path.resolve(file).startsWith(`${path.resolve(folder)}${path.sep}`);
}
