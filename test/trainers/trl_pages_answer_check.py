"""Asks a model that was trained with page images for the answers of its rows, once with the pages of the row, and once with those of the
next.

    trl_pages_answer_check.py DATASET MODEL
"""

import json
import pathlib
import sys

import torch
from PIL import Image
from transformers import AutoModelForImageTextToText, AutoProcessor

folder = pathlib.Path(sys.argv[1])
processor = AutoProcessor.from_pretrained(sys.argv[2])
model = AutoModelForImageTextToText.from_pretrained(sys.argv[2], dtype=torch.float32).eval()
rows = [json.loads(line) for line in (folder / "train.jsonl").open(encoding="utf-8")]


def answer(row, paths):
    content = [{"type": "image"}] * len(paths) + [{"type": "text", "text": row["prompt"][0]["content"]}]
    text = processor.apply_chat_template([{"role": "user", "content": content}], add_generation_prompt=True)
    pages = [Image.open(folder / path).convert("RGB") for path in paths]
    prompt = processor(text=[text], images=pages, return_tensors="pt")
    with torch.no_grad():
        tokens = model.generate(**prompt, max_new_tokens=150, do_sample=False)
    return processor.tokenizer.decode(tokens[0, prompt["input_ids"].shape[1] :], skip_special_tokens=True).rstrip("\n")


right = other = 0
for row, following in zip(rows, rows[1:] + rows[:1]):
    expected = row["completion"][0]["content"]
    right += answer(row, row["images"]) == expected
    other += answer(row, following["images"]) == expected
print(json.dumps({"rows": len(rows), "right": right, "rightWithOtherPages": other}))
