import { AXOLOTL } from './axolotl.js';
import { type Layout, type Objective } from './layout.js';
import { LLAMA_FACTORY } from './llama-factory.js';
import { MS_SWIFT } from './ms-swift.js';
import { OPENAI } from './openai.js';
import { TRL } from './trl.js';
import { UNSLOTH } from './unsloth.js';

/** By the name in `--layout`. */
export const LAYOUTS = {
  trl: TRL,
  axolotl: AXOLOTL,
  unsloth: UNSLOTH,
  'llama-factory': LLAMA_FACTORY,
  'ms-swift': MS_SWIFT,
  openai: OPENAI,
} as const satisfies Record<string, Layout>;
export type LayoutName = keyof typeof LAYOUTS;
export const LAYOUT_NAMES = Object.keys(LAYOUTS) as LayoutName[];

/** What is offered, as `trl: sft, preference, rl`. */
export function offered(withImages: boolean): string {
  return LAYOUT_NAMES.flatMap((name) => {
    const objectives = objectivesOf(LAYOUTS[name], withImages);
    return objectives.length === 0 ? [] : [`${name}: ${objectives.join(', ')}`];
  }).join('; ');
}

export function objectivesOf(layout: Layout, withImages: boolean): readonly Objective[] {
  return withImages ? layout.withImages : (Object.keys(layout.rows) as Objective[]);
}

/** Those whose own programs have not loaded such rows here. */
export const UNTRIED = LAYOUT_NAMES.filter((name) => !LAYOUTS[name].isTried);
