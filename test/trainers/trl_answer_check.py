"""Asks a trained model for the answers of the rows that it was trained on, and compares them with the rows.

    trl_answer_check.py DATASET MODEL
"""

import json
import sys

import torch
from datasets import load_dataset
from transformers import AutoModelForCausalLM, AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained(sys.argv[2])
model = AutoModelForCausalLM.from_pretrained(sys.argv[2]).eval()
rows = load_dataset(sys.argv[1], split="train")
right = 0
for row in rows:
    prompt = tokenizer.apply_chat_template(row["prompt"], add_generation_prompt=True, return_tensors="pt", return_dict=True)
    with torch.no_grad():
        answer = model.generate(**prompt, max_new_tokens=400, do_sample=False)
    text = tokenizer.decode(answer[0, prompt["input_ids"].shape[1] :], skip_special_tokens=True)
    right += text.rstrip("\n") == row["completion"][0]["content"]
print(json.dumps({"rows": len(rows), "right": right}))
