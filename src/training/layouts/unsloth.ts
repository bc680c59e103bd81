import { CHAT_ROWS, type Layout, sequenceLength, TEXT_MODEL } from './layout.js';

/** Unsloth: messages, in the model's own chat template. */
export const UNSLOTH: Layout = {
  rows: {
    sft: CHAT_ROWS.sft,
  },
  isTried: true,
  withImages: [],
  features: () => `
  - name: messages
    list:
    - name: role
      dtype: string
    - name: content
      dtype: string`,
  files: (facts) => ({ 'train.py': script(sequenceLength(facts)) }),
  usage: () => 'pip install unsloth\npython train.py --output adapter',
};

const script = (length: number): string => `#!/usr/bin/env python3
"""Fine-tunes a LoRA adapter on the dataset in this folder with Unsloth. Needs a GPU that it supports."""

import argparse
import pathlib

# Unsloth patches transformers and TRL, so it is imported before them.
from unsloth import FastLanguageModel
from unsloth.chat_templates import train_on_responses_only

import torch
from datasets import load_dataset
from trl import SFTConfig, SFTTrainer

HERE = pathlib.Path(__file__).resolve().parent

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--model", default="unsloth/${TEXT_MODEL.split('/')[1]!}")
parser.add_argument("--output", required=True, help="the folder for the adapter")
parser.add_argument("--max-length", type=int, default=${length}, help="longer rows are left out, never cut (default: %(default)s tokens)")
parser.add_argument("--epochs", type=float, default=3)
parser.add_argument("--rank", type=int, default=16, help="the rank of the adapter")
parser.add_argument("--learning-rate", type=float, default=2e-4)
parser.add_argument("--seed", type=int, default=3407)
# The markers of the user's and the assistant's turns in the chat template. The defaults are for Qwen and ChatML.
parser.add_argument("--user-turn", default="<|im_start|>user\\n")
parser.add_argument("--assistant-turn", default="<|im_start|>assistant\\n")
options = parser.parse_args()

model, tokenizer = FastLanguageModel.from_pretrained(
    model_name=options.model, max_seq_length=options.max_length, load_in_4bit=True
)
model = FastLanguageModel.get_peft_model(
    model,
    r=options.rank,
    lora_alpha=options.rank,
    lora_dropout=0,
    bias="none",
    target_modules=["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"],
    use_gradient_checkpointing="unsloth",
    random_state=options.seed,
)


def render(row):
    text = tokenizer.apply_chat_template(row["messages"], tokenize=False, add_generation_prompt=False)
    return {"text": text, "tokens": len(tokenizer(text, add_special_tokens=False)["input_ids"])}


def fitting(name, rows):
    rendered = rows.map(render, remove_columns=rows.column_names)
    # The trainer may append an end-of-text token.
    kept = rendered.filter(lambda row: row["tokens"] < options.max_length)
    if len(kept) < len(rendered):
        print(f"{name}: {len(rendered) - len(kept)} of {len(rendered)} rows are longer than {options.max_length} tokens, and left out")
    return kept.remove_columns("tokens")


dataset = load_dataset(str(HERE))
splits = {name: fitting(name, rows) for name, rows in dataset.items()}
bf16 = torch.cuda.is_bf16_supported()
trainer = SFTTrainer(
    model=model,
    processing_class=tokenizer,
    train_dataset=splits["train"],
    eval_dataset=splits.get("validation"),
    args=SFTConfig(
        output_dir=options.output + "-checkpoints",
        dataset_text_field="text",
        max_length=options.max_length,
        packing=False,
        per_device_train_batch_size=2,
        per_device_eval_batch_size=2,
        gradient_accumulation_steps=4,
        num_train_epochs=options.epochs,
        learning_rate=options.learning_rate,
        lr_scheduler_type="linear",
        warmup_steps=5,
        weight_decay=0.001,
        optim="adamw_8bit",
        bf16=bf16,
        fp16=not bf16,
        logging_steps=1,
        eval_strategy="epoch" if "validation" in splits else "no",
        save_strategy="epoch",
        save_total_limit=2,
        seed=options.seed,
        report_to="none",
    ),
)
# Only the answer counts towards the loss. Otherwise the model would also learn to write the mistakes of the input.
trainer = train_on_responses_only(
    trainer, instruction_part=options.user_turn, response_part=options.assistant_turn
)
trainer.train()
model.save_pretrained(options.output)
tokenizer.save_pretrained(options.output)
print(f"the adapter is in {options.output}")
`;
