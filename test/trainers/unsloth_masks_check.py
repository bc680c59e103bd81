"""Runs the script of a dataset until its trainer is ready, and compares what counts towards the loss with the rows.

    unsloth_masks_check.py DATASET MODEL OUT
"""

import json
import os
import pathlib
import runpy
import sys

os.environ["UNSLOTH_DISABLE_STATISTICS"] = "1"
import unsloth  # noqa: E402, F401
from unsloth import chat_templates  # noqa: E402

folder, model, out = pathlib.Path(sys.argv[1]), sys.argv[2], pathlib.Path(sys.argv[3])
train_on_responses_only = chat_templates.train_on_responses_only


def compare(prepared, row, trainer):
    tokenizer = trainer.processing_class
    batch = trainer.data_collator([{name: prepared[name] for name in ("input_ids", "labels")}])
    labels, tokens = batch["labels"][0].tolist(), batch["input_ids"][0].tolist()
    counted = tokenizer.decode([token for token, label in zip(tokens, labels) if label != -100])
    assert counted == row["messages"][1]["content"] + "<|im_end|>", repr(counted[-40:])
    whole = tokenizer.apply_chat_template(row["messages"], tokenize=False)
    # Without a GPU, TRL itself prepares the text, and appends the end once more.
    assert tokenizer.decode(tokens) in (whole, whole + tokenizer.eos_token)


def until_here(trainer, **markers):
    trainer = train_on_responses_only(trainer, **markers)
    checked = 0
    for name, split in (("train", trainer.train_dataset), ("validation", trainer.eval_dataset)):
        rows = map(json.loads, (folder / f"{name}.jsonl").open(encoding="utf-8"))
        for prepared, row in zip(split, rows, strict=True):
            compare(prepared, row, trainer)
            checked += 1
    print(json.dumps({"checked": checked}))
    raise SystemExit


chat_templates.train_on_responses_only = until_here
out.mkdir()
script = folder.resolve() / "train.py"
sys.argv = [str(script), "--model", str(pathlib.Path(model).resolve()), "--output", str(out.resolve() / "adapter")]
# What Unsloth compiles, it writes into the current folder.
os.chdir(out)
runpy.run_path(str(script), run_name="__main__")
