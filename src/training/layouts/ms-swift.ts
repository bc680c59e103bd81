import { CHAT_ROWS, type DatasetFacts, type Layout, sequenceLength, TEXT_MODEL, turn } from './layout.js';

/** ms-swift: messages; `rejected_response` for preferences; other columns reach the rewards. */
export const MS_SWIFT: Layout = {
  rows: {
    sft: CHAT_ROWS.sft,
    preference: ({ prompt, answer, rejected }) => ({
      messages: [turn('user', prompt), turn('assistant', answer)],
      rejected_response: rejected!,
    }),
  },
  isTried: true,
  withImages: [],
  reserved: /<(?:image|video|audio|bbox|ref-object|cot-process|start-image)>/,
  files: (facts) => ({ 'ms-swift.yaml': configuration(facts) }),
  usage: ({ objective }) =>
    `pip install ms-swift\nswift ${objective === 'preference' ? 'rlhf' : 'sft'} --config ms-swift.yaml`,
};

function configuration(facts: DatasetFacts): string {
  const { objective, splits } = facts;
  const validation = splits.find(({ name }) => name === 'validation');
  return `# A LoRA adapter. Run it in this folder: see README.md.
model: ${TEXT_MODEL}
${objective === 'preference' ? PREFERENCE : ''}tuner_type: lora
lora_rank: 16
target_modules: all-linear
dataset: train.jsonl
${validation ? `val_dataset: ${validation.file}\n` : ''}split_dataset_ratio: 0
load_from_cache_file: false
max_length: ${sequenceLength(facts)}
# Leaves longer rows out: cut JSON teaches a model to write cut JSON.
truncation_strategy: delete
output_dir: adapter

per_device_train_batch_size: 2
gradient_accumulation_steps: 4
num_train_epochs: ${objective === 'preference' ? 1 : 3}
learning_rate: ${objective === 'preference' ? '5.0e-6' : '2.0e-4'}
warmup_ratio: 0.05
torch_dtype: bfloat16
logging_steps: 1
seed: 3407
`;
}

const PREFERENCE = `rlhf_type: dpo
# A loss on the chosen answer beside the preference. Without it, both answers become less likely, because they differ in a few tokens.
rpo_alpha: 1.0
`;
