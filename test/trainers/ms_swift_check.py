"""Lets ms-swift load a dataset, and its template encode it, and compares what counts towards the loss with the rows.

    ms_swift_check.py DATASET MODEL
"""

import dataclasses
import json
import os
import pathlib
import sys

import yaml
from swift.arguments import RLHFArguments, SftArguments
from swift.dataset import load_dataset
from swift.model import get_model_processor
from swift.template import get_template

folder, model = pathlib.Path(sys.argv[1]), sys.argv[2]
os.chdir(folder)
settings = yaml.safe_load(pathlib.Path("ms-swift.yaml").read_text())
train, rest = load_dataset(settings["dataset"], split_dataset_ratio=settings["split_dataset_ratio"], strict=True)
assert rest is None
validation, _ = load_dataset(settings["val_dataset"], strict=True)
_, processor = get_model_processor(model, load_model=False, model_type="llama", template_type="chatml")
template = get_template(processor, template_type="chatml")
template.set_mode("rlhf" if "rlhf_type" in settings else "train")
arguments = RLHFArguments if "rlhf_type" in settings else SftArguments
unknown = set(settings) - {field.name for field in dataclasses.fields(arguments)}
assert not unknown, f"the configuration has keys that ms-swift does not know: {unknown}"
checked = 0
for name, part in (("train", train), ("validation", validation)):
    rows = [json.loads(line) for line in open(f"{name}.jsonl", encoding="utf-8")]
    assert len(part) == len(rows)
    for got, row in zip(part, rows):
        encoded = template.encode(got)
        sides = (
            {"chosen_labels": row["messages"][1]["content"], "rejected_labels": row["rejected_response"]}
            if "rlhf_type" in settings
            else {"labels": row["messages"][1]["content"]}
        )
        for column, answer in sides.items():
            text = processor.decode([label for label in encoded[column] if label != -100])
            assert text.rstrip("\n") == answer + "<|im_end|>", text[-60:]
        checked += 1
print(json.dumps({"checked": checked}))
