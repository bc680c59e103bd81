import { CHAT_ROWS, type DatasetFacts, type Layout, sequenceLength, TEXT_MODEL } from './layout.js';

/** LLaMA-Factory: rows of messages ("sharegpt"), and `dataset_info.json`, which must name every column. */
export const LLAMA_FACTORY: Layout = {
  rows: CHAT_ROWS,
  isTried: true,
  withImages: [],
  reserved: /<(?:image|video|audio)>/,
  files: (facts) => ({
    'dataset_info.json': `${JSON.stringify(datasetInfo(facts), undefined, 2)}\n`,
    'llama-factory.yaml': configuration(facts),
  }),
  usage: () => 'pip install llamafactory\nllamafactory-cli train llama-factory.yaml',
};

function datasetInfo({ splits, objective }: DatasetFacts): Record<string, object> {
  return Object.fromEntries(
    splits.map(({ name, file }) => [
      name,
      {
        file_name: file,
        formatting: 'sharegpt',
        ...(objective === 'preference' && { ranking: true }),
        columns: {
          messages: 'messages',
          ...(objective === 'preference' && { chosen: 'chosen', rejected: 'rejected' }),
        },
        tags: {
          role_tag: 'role',
          content_tag: 'content',
          user_tag: 'user',
          assistant_tag: 'assistant',
          system_tag: 'system',
        },
      },
    ]),
  );
}

function configuration(facts: DatasetFacts): string {
  const { objective, splits } = facts;
  const hasValidation = splits.some(({ name }) => name === 'validation');
  return `# A LoRA adapter. Run \`llamafactory-cli train llama-factory.yaml\` in this folder.
model_name_or_path: ${TEXT_MODEL}
template: qwen3_nothink
stage: ${objective === 'preference' ? 'dpo' : 'sft'}
do_train: true
finetuning_type: lora
lora_rank: 16
lora_target: all
${objective === 'preference' ? PREFERENCE : ''}
dataset_dir: .
dataset: train
${hasValidation ? 'eval_dataset: validation\n' : ''}# Longer rows are cut: --tokenizer and --max-tokens of ground-truth dataset leave them out.
cutoff_len: ${sequenceLength(facts)}
output_dir: adapter

per_device_train_batch_size: 2
per_device_eval_batch_size: 2
gradient_accumulation_steps: 4
num_train_epochs: ${objective === 'preference' ? '1.0' : '3.0'}
learning_rate: ${objective === 'preference' ? '5.0e-6' : '2.0e-4'}
lr_scheduler_type: cosine
warmup_steps: 5
bf16: true
logging_steps: 1
save_strategy: epoch
${hasValidation ? 'eval_strategy: epoch\n' : ''}report_to: none
seed: 3407
`;
}

const PREFERENCE = `pref_loss: sigmoid
# A loss on the chosen answer beside the preference. Without it, both answers become less likely, because they differ in a few tokens.
pref_ftx: 1.0
`;
