#!/usr/bin/env python3
"""Fine-tune a LoRA adapter with Unsloth on the rows that to-chat.py wrote.

    pip install unsloth
    python unsloth-lora.py --train train.jsonl --eval eval.jsonl --out lora

Needs a GPU that Unsloth supports. Writes the adapter and its tokenizer to the folder --out.
"""

import argparse
import os
import sys

# Unsloth patches transformers and TRL, so it is imported before them.
from unsloth import FastLanguageModel
from unsloth.chat_templates import train_on_responses_only

import torch
from datasets import load_dataset
from trl import SFTConfig, SFTTrainer


def options_of():
    parser = argparse.ArgumentParser(description="Fine-tune a LoRA adapter on chat rows.")
    parser.add_argument("--model", default="unsloth/Qwen3-4B-Instruct-2507")
    parser.add_argument("--train", default="train.jsonl")
    parser.add_argument("--eval", default="eval.jsonl")
    parser.add_argument("--out", default="lora")
    parser.add_argument("--max-length", type=int, default=4096, help="maximum tokens per row; longer rows are left out")
    parser.add_argument("--epochs", type=float, default=3)
    parser.add_argument("--rank", type=int, default=16, help="rank of the adapter")
    parser.add_argument("--learning-rate", type=float, default=2e-4)
    parser.add_argument("--seed", type=int, default=3407)
    # The markers of the user's and the assistant's turns in the chat template. The defaults are for Qwen and ChatML.
    parser.add_argument("--user-turn", default="<|im_start|>user\n")
    parser.add_argument("--assistant-turn", default="<|im_start|>assistant\n")
    return parser.parse_args()


def rows_of(path, tokenizer, max_length):
    """The rows as text in the model's chat template. Rows that would be truncated are left out: they hold truncated JSON."""
    rows = load_dataset("json", data_files=path, split="train")

    def render(row):
        text = tokenizer.apply_chat_template(row["messages"], tokenize=False, add_generation_prompt=False)
        return {"text": text, "tokens": len(tokenizer(text, add_special_tokens=False)["input_ids"])}

    rendered = rows.map(render, remove_columns=rows.column_names)
    # The trainer may append an end-of-text token, so one token is reserved for it.
    kept = rendered.filter(lambda row: row["tokens"] < max_length)
    if len(kept) < len(rendered):
        print(f"{path}: {len(rendered) - len(kept)} of {len(rendered)} rows are longer than {max_length} tokens; left out")
    return kept.remove_columns("tokens")


def main():
    options = options_of()
    model, tokenizer = FastLanguageModel.from_pretrained(
        model_name=options.model,
        max_seq_length=options.max_length,
        load_in_4bit=True,
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

    train = rows_of(options.train, tokenizer, options.max_length)
    if len(train) == 0:
        sys.exit(f"{options.train}: no row of at most {options.max_length} tokens")
    evaluation = None
    if os.path.exists(options.eval) and os.path.getsize(options.eval) > 0:
        evaluation = rows_of(options.eval, tokenizer, options.max_length)
        if len(evaluation) == 0:
            evaluation = None

    bf16 = torch.cuda.is_bf16_supported()
    trainer = SFTTrainer(
        model=model,
        processing_class=tokenizer,
        train_dataset=train,
        eval_dataset=evaluation,
        args=SFTConfig(
            output_dir=options.out + "-checkpoints",
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
            eval_strategy="no" if evaluation is None else "epoch",
            save_strategy="epoch",
            save_total_limit=2,
            seed=options.seed,
            report_to="none",
        ),
    )
    # Only the answer counts towards the loss. Otherwise the model would also learn to write the OCR mistakes of the input.
    trainer = train_on_responses_only(
        trainer,
        instruction_part=options.user_turn,
        response_part=options.assistant_turn,
    )
    trainer.train()
    model.save_pretrained(options.out)
    tokenizer.save_pretrained(options.out)
    print(f"the adapter is in {options.out}")


if __name__ == "__main__":
    main()
