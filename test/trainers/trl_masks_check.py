"""Lets TRL prepare a dataset for supervised fine-tuning, and compares what counts towards the loss with the rows.

    trl_masks_check.py DATASET MODEL
"""

import json
import pathlib
import sys

from datasets import load_dataset
from transformers import AutoTokenizer
from trl import SFTConfig, SFTTrainer

folder, model = pathlib.Path(sys.argv[1]), sys.argv[2]
tokenizer = AutoTokenizer.from_pretrained(model)
rows = load_dataset(str(folder), split="train")
trainer = SFTTrainer(
    model=model,
    args=SFTConfig(output_dir=sys.argv[3], max_length=None, completion_only_loss=True, report_to="none", use_cpu=True),
    train_dataset=rows,
    processing_class=tokenizer,
)
checked = 0
for prepared, row in zip(trainer.train_dataset, rows, strict=True):
    batch = trainer.data_collator([prepared])
    labels, tokens = batch["labels"][0].tolist(), batch["input_ids"][0].tolist()
    counted = tokenizer.decode([token for token, label in zip(tokens, labels) if label != -100])
    assert counted == row["completion"][0]["content"] + "<|im_end|>\n", repr(counted[-40:])
    whole = tokenizer.apply_chat_template(row["prompt"] + row["completion"], tokenize=False)
    assert tokenizer.decode(tokens) == whole
    checked += 1
print(json.dumps({"checked": checked}))
