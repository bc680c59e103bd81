"""Runs the script of a dataset with page images until it would train, and compares its batches with the rows and the files.

    trl_pages_check.py DATASET MODEL OUT
"""

import json
import pathlib
import runpy
import sys

import torch
from PIL import Image
from trl import SFTTrainer

folder, model, out = pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3]


def instead(trainer):
    processor, checked = trainer.processing_class, 0
    with (folder / "train.jsonl").open(encoding="utf-8") as lines:
        for prepared, line in zip(trainer.train_dataset, lines, strict=True):
            row, batch = json.loads(line), trainer.data_collator([prepared])
            labels, tokens = batch["labels"][0].tolist(), batch["input_ids"][0].tolist()
            counted = processor.tokenizer.decode([token for token, label in zip(tokens, labels) if label != -100])
            assert counted == row["completion"][0]["content"] + "<|im_end|>\n", repr(counted[-40:])
            pages = [Image.open(folder / path).convert("RGB") for path in row["images"]]
            of_files = processor.image_processor(pages, return_tensors="pt")
            assert torch.equal(batch["image_grid_thw"], of_files["image_grid_thw"])
            assert torch.equal(batch["pixel_values"], of_files["pixel_values"])
            checked += 1
    print(json.dumps({"checked": checked}))
    raise SystemExit


SFTTrainer.train = instead
sys.argv = [str(folder / "train.py"), "--model", model, "--output", out, "--lora-r", "0"]
runpy.run_path(sys.argv[0], run_name="__main__")
