"""Makes a tiny model that sees, with random weights, and a processor of the texts and pages of a dataset.

    tiny_vision_model.py DATASET OUT
"""

import json
import pathlib
import sys

import byte_tokenizer
import torch
from transformers import (
    Qwen2VLImageProcessor,
    Qwen3VLConfig,
    Qwen3VLForConditionalGeneration,
    Qwen3VLProcessor,
    Qwen3VLVideoProcessor,
)

TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n"
    "{% if message['content'] is string %}{{ message['content'] }}{% else %}{% for part in message['content'] %}"
    "{% if part['type'] == 'image' %}<|vision_start|><|image_pad|><|vision_end|>{% else %}{{ part['text'] }}{% endif %}"
    "{% endfor %}{% endif %}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)

dataset, out = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
vision = {
    "image_token": "<|image_pad|>",
    "video_token": "<|video_pad|>",
    "vision_start_token": "<|vision_start|>",
    "vision_end_token": "<|vision_end|>",
}
fast = byte_tokenizer.trained_on(dataset, vision.values(), extra_special_tokens=vision)
patches = dict(patch_size=16, merge_size=2, temporal_patch_size=2)
# Pages are mostly white, and small here: only with much contrast do they differ for a model without training.
images = Qwen2VLImageProcessor(
    **patches,
    size={"shortest_edge": 64 * 64, "longest_edge": 256 * 256},
    image_mean=[0.9] * 3,
    image_std=[0.1] * 3,
)
Qwen3VLProcessor(
    image_processor=images,
    tokenizer=fast,
    video_processor=Qwen3VLVideoProcessor(**patches),
    chat_template=TEMPLATE,
).save_pretrained(out)

torch.manual_seed(0)
config = Qwen3VLConfig(
    text_config=dict(
        vocab_size=len(fast),
        hidden_size=128,
        intermediate_size=256,
        num_hidden_layers=3,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=32,
        max_position_embeddings=8192,
        eos_token_id=fast.eos_token_id,
        pad_token_id=fast.pad_token_id,
        bos_token_id=None,
        rope_parameters={
            "rope_type": "default",
            "rope_theta": 10000.0,
            "mrope_section": [8, 4, 4],
            "mrope_interleaved": True,
        },
    ),
    vision_config=dict(
        depth=2,
        hidden_size=64,
        intermediate_size=128,
        num_heads=4,
        patch_size=16,
        spatial_merge_size=2,
        temporal_patch_size=2,
        out_hidden_size=128,
        num_position_embeddings=256,
        deepstack_visual_indexes=[0, 1],
    ),
    **{f"{name}_id": fast.convert_tokens_to_ids(token) for name, token in vision.items()},
    tie_word_embeddings=False,
)
model = Qwen3VLForConditionalGeneration(config)
with torch.no_grad():
    for weights in model.model.visual.parameters():
        if weights.dim() > 1:
            weights.mul_(5)
model.save_pretrained(out)
print(json.dumps({"tokens": len(fast)}))
