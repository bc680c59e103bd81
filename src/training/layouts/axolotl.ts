import { CHAT_ROWS, type DatasetFacts, type Layout, sequenceLength, TEXT_MODEL } from './layout.js';

/** Axolotl: chat rows in the tokenizer's own template. */
export const AXOLOTL: Layout = {
  rows: CHAT_ROWS,
  isTried: false,
  withImages: [],
  files: (facts) => ({ 'axolotl.yaml': configuration(facts) }),
  usage: () => 'pip install axolotl\naxolotl train axolotl.yaml',
};

/** Axolotl would split the rows itself, without regard to groups; `test_datasets` keeps it from that. */
function configuration(facts: DatasetFacts): string {
  const { objective, splits } = facts;
  const validation = splits.find(({ name }) => name === 'validation');
  const length = sequenceLength(facts);
  return `# A LoRA adapter on a 4-bit base model. Paths are relative to this folder: run \`axolotl train axolotl.yaml\` in it.
# \`axolotl preprocess axolotl.yaml --debug\` shows which tokens count towards the loss, without training.
base_model: ${TEXT_MODEL}
chat_template: tokenizer_default
${objective === 'preference' ? PREFERENCE : ''}
datasets:
${source('train.jsonl', objective)}${validation ? `# Not val_set_size, which would split the rows without regard to groups.\ntest_datasets:\n${source(validation.file, objective)}` : ''}val_set_size: 0.0
dataset_prepared_path: prepared
output_dir: adapter

sequence_len: ${length}
# Stop if a row is too long: cut JSON teaches a model to write cut JSON. \`drop\` leaves such rows out instead.
excess_length_strategy: raise
attn_implementation: sdpa
sample_packing: false
eval_sample_packing: false

adapter: qlora
load_in_4bit: true
lora_r: 16
lora_alpha: 16
lora_dropout: 0.0
lora_target_linear: true

micro_batch_size: 2
gradient_accumulation_steps: 4
num_epochs: ${objective === 'preference' ? 1 : 3}
learning_rate: ${objective === 'preference' ? '0.000005' : '0.0002'}
lr_scheduler: cosine
warmup_steps: 5
weight_decay: 0.0
optimizer: adamw_bnb_8bit
bf16: auto
tf32: false
gradient_checkpointing: true
gradient_checkpointing_kwargs:
  use_reentrant: false

logging_steps: 1
${validation ? 'evals_per_epoch: 1\n' : ''}saves_per_epoch: 1
save_total_limit: 2
seed: 3407
`;
}

const PREFERENCE = `rl: dpo
# A loss on the chosen answer beside the preference. Without it, both answers become less likely, because they differ in a few tokens.
rpo_alpha: 1.0
`;

function source(file: string, objective: DatasetFacts['objective']): string {
  const common = `  - path: ${file}
    ds_type: json
    split: train
    field_messages: messages
    message_property_mappings:
      role: role
      content: content
`;
  return objective === 'preference'
    ? `${common}    type: chat_template.default
    field_chosen: chosen
    field_rejected: rejected
`
    : `${common}    type: chat_template
    roles_to_train: [assistant]
    train_on_eos: turn
`;
}
