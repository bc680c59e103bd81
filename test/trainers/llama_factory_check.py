"""Lets LLaMA-Factory read its configuration and prepare a dataset, and compares what counts towards the loss with the rows.

    llama_factory_check.py DATASET MODEL OUT
"""

import json
import os
import pathlib
import sys

import yaml
from llamafactory.data import get_dataset, get_template_and_fix_tokenizer
from llamafactory.hparams import get_train_args
from llamafactory.model import load_tokenizer

folder, model, out = pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3]
os.chdir(folder)
settings = yaml.safe_load(pathlib.Path("llama-factory.yaml").read_text())
# The model of the check is no Qwen, and runs on the CPU.
settings.update(model_name_or_path=model, output_dir=out, bf16=False, use_cpu=True, overwrite_cache=True, cutoff_len=8192)
model_args, data_args, training_args, finetuning_args, _ = get_train_args(settings)
modules = load_tokenizer(model_args)
tokenizer = modules["tokenizer"]
template = get_template_and_fix_tokenizer(tokenizer, data_args)
stage = "rm" if finetuning_args.stage == "dpo" else "sft"
prepared = get_dataset(template, model_args, data_args, training_args, stage=stage, **modules)
rows = {name: [json.loads(line) for line in open(f"{name}.jsonl", encoding="utf-8")] for name in ("train", "validation")}
# The end of a turn counts, too.
END = "<|im_end|>\n"


def counted(labels):
    return tokenizer.decode([label for label in labels if label != -100])


checked = 0
for name, part in (("train", prepared["train_dataset"]), ("validation", prepared["eval_dataset"])):
    part = part[name] if isinstance(part, dict) else part
    assert len(part) == len(rows[name]), (len(part), len(rows[name]))
    for got, row in zip(part, rows[name]):
        if stage == "sft":
            expected = {"labels": row["messages"][1]["content"]}
            prompt = tokenizer.decode(got["input_ids"])
            assert row["messages"][0]["content"].replace("<image>", "") in prompt
            assert [os.path.basename(path) for path in got.get("images") or []] == [
                os.path.basename(path) for path in row.get("images", [])
            ]
        else:
            expected = {f"{side}_labels": row[side]["content"] for side in ("chosen", "rejected")}
        for column, answer in expected.items():
            assert counted(got[column]).rstrip("\n") == (answer + END).rstrip("\n"), counted(got[column])[-60:]
        checked += 1
print(json.dumps({"checked": checked}))
