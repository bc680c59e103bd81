"""Makes a tiny chat model with random weights, and a tokenizer of the texts of a dataset.

    tiny_model.py DATASET OUT
"""

import json
import pathlib
import sys

import byte_tokenizer
import torch
from transformers import LlamaConfig, LlamaForCausalLM

TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)

dataset, out = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
fast = byte_tokenizer.trained_on(dataset, chat_template=TEMPLATE)
fast.save_pretrained(out)
torch.manual_seed(0)
config = LlamaConfig(
    vocab_size=len(fast),
    hidden_size=128,
    intermediate_size=256,
    num_hidden_layers=2,
    num_attention_heads=4,
    num_key_value_heads=4,
    max_position_embeddings=4096,
    eos_token_id=fast.eos_token_id,
    pad_token_id=fast.pad_token_id,
    bos_token_id=None,
)
LlamaForCausalLM(config).save_pretrained(out)
print(json.dumps({"tokens": len(fast)}))
