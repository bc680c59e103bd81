import { type DatasetFacts, sequenceLength, TEXT_MODEL, VISION_MODEL } from './layout.js';

/** The script that trains on a dataset with TRL. */
export function trlScript(facts: DatasetFacts): string {
  const { objective, hasImages } = facts;
  const model = hasImages ? VISION_MODEL : TEXT_MODEL;
  return (
    HEAD(DOES[objective], hasImages ? 'trl, torchvision' : 'trl', model, sequenceLength(facts)) +
    (hasImages ? VISION : '') +
    BODY[objective](facts)
  );
}

const DOES = {
  sft: 'Fine-tunes a model on the answers',
  preference: 'Trains a model to prefer the corrected answers (DPO)',
  rl: 'Trains a model with rewards for right answers (GRPO)',
};

const HEAD = (does: string, needs: string, model: string, length: number): string => `#!/usr/bin/env python3
"""${does} of the dataset in this folder. Needs ${needs}, and peft for LoRA."""

import argparse
import json
import pathlib

import torch
from datasets import load_dataset
from transformers import AutoProcessor, AutoTokenizer

HERE = pathlib.Path(__file__).resolve().parent

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--model", default="${model}")
parser.add_argument("--output", required=True, help="the folder for the adapter or model")
parser.add_argument("--max-length", type=int, default=${length}, help="longer rows are left out, never cut (default: %(default)s tokens)")
parser.add_argument("--lora-r", type=int, default=16, help="the rank of the adapter; 0 trains all weights (default: %(default)s)")
parser.add_argument("--epochs", type=float, default=3)
parser.add_argument("--batch-size", type=int, default=2)
parser.add_argument("--gradient-accumulation", type=int, default=4)
parser.add_argument("--learning-rate", type=float, default=2e-4)
parser.add_argument("--seed", type=int, default=3407)
options = parser.parse_args()

dataset = load_dataset(str(HERE))


def peft_config():
    if options.lora_r == 0:
        return None
    from peft import LoraConfig

    return LoraConfig(r=options.lora_r, lora_alpha=options.lora_r, target_modules="all-linear", task_type="CAUSAL_LM")


def common():
    return dict(
        output_dir=options.output,
        num_train_epochs=options.epochs,
        per_device_train_batch_size=options.batch_size,
        per_device_eval_batch_size=options.batch_size,
        gradient_accumulation_steps=options.gradient_accumulation,
        learning_rate=options.learning_rate,
        eval_strategy="epoch" if "validation" in dataset else "no",
        save_strategy="epoch",
        logging_steps=1,
        report_to="none",
        seed=options.seed,
        use_cpu=not (torch.cuda.is_available() or torch.backends.mps.is_available()),
        bf16=torch.cuda.is_available() and torch.cuda.is_bf16_supported(),
    )


def without_long_rows(tokenizer, columns):
    """A row that is cut would teach the model to stop in the middle of the JSON."""

    def fits(row):
        for answer in columns:
            tokens = tokenizer.apply_chat_template(row["prompt"] + row[answer], tokenize=True, return_dict=False)
            if len(tokens) > options.max_length:
                return False
        return True

    for name in list(dataset):
        before = len(dataset[name])
        dataset[name] = dataset[name].filter(fits, load_from_cache_file=False)
        if len(dataset[name]) < before:
            print(f"{name}: {before - len(dataset[name])} of {before} rows are longer than {options.max_length} tokens, and left out")
        if len(dataset[name]) == 0:
            if name == "train":
                raise SystemExit("no row is left to train on; use a larger --max-length")
            del dataset[name]

`;

const VISION = `
from datasets import Image, List

for name in dataset:
    # Paths in the rows are relative to this folder.
    dataset[name] = dataset[name].map(lambda row: {"images": [str(HERE / path) for path in row["images"]]})
    dataset[name] = dataset[name].cast_column("images", List(Image()))

`;

const TRAIN = (trainer: string): string => `
${trainer}
trainer.train()
trainer.save_model(options.output)
`;

const BODY: Record<DatasetFacts['objective'], (facts: DatasetFacts) => string> = {
  sft: ({ hasImages }) => `
from trl import SFTConfig, SFTTrainer

processor = ${hasImages ? 'AutoProcessor' : 'AutoTokenizer'}.from_pretrained(options.model)
${hasImages ? '# Length is not limited: cutting would take away parts of images.\n' : 'without_long_rows(processor, ["completion"])\n'}trainer = SFTTrainer(
    model=options.model,
    args=SFTConfig(max_length=${hasImages ? 'None' : 'options.max_length'}, completion_only_loss=True, **common()),
    train_dataset=dataset["train"],
    eval_dataset=dataset.get("validation"),
    processing_class=processor,
    peft_config=peft_config(),
)${TRAIN('')}`,
  preference: () => `
from trl import DPOConfig, DPOTrainer

tokenizer = AutoTokenizer.from_pretrained(options.model)
without_long_rows(tokenizer, ["chosen", "rejected"])
# The two answers differ in a few tokens, and then DPO alone makes both less likely. The second loss, SFT on the chosen answer, holds
# against that. Watch rewards/chosen in the log: it must not fall.
trainer = DPOTrainer(
    model=options.model,
    args=DPOConfig(max_length=options.max_length, loss_type=["sigmoid", "sft"], loss_weights=[1.0, 1.0], **common()),
    train_dataset=dataset["train"],
    eval_dataset=dataset.get("validation"),
    processing_class=tokenizer,
    peft_config=peft_config(),
)${TRAIN('')}`,
  rl: () => `
from trl import GRPOConfig, GRPOTrainer


def leaves(value, path=""):
    if isinstance(value, dict):
        for name, member in value.items():
            yield from leaves(member, f"{path}.{name}")
    elif isinstance(value, list):
        for index, element in enumerate(value):
            yield from leaves(element, f"{path}[{index}]")
    else:
        yield path, value


def reward(completions, ground_truth, **_):
    """From 0 to 1: the share of values that the answer and the ground truth have in common. 0 for what is no JSON."""
    rewards = []
    for completion, expected in zip(completions, ground_truth):
        try:
            # Numbers stay texts: as floats, long ones would be equal to their neighbours.
            as_text = dict(parse_int=str, parse_float=str)
            got = set(map(repr, leaves(json.loads(completion[0]["content"], **as_text))))
            right = set(map(repr, leaves(json.loads(expected, **as_text))))
            rewards.append(len(got & right) / max(len(got | right), 1))
        except (ValueError, RecursionError):
            rewards.append(0.0)
    return rewards


trainer = GRPOTrainer(
    model=options.model,
    reward_funcs=reward,
    args=GRPOConfig(max_completion_length=options.max_length, num_generations=options.batch_size, **common()),
    train_dataset=dataset["train"],
    eval_dataset=dataset.get("validation"),
    processing_class=AutoTokenizer.from_pretrained(options.model, padding_side="left"),
    peft_config=peft_config(),
)${TRAIN('')}`,
};
