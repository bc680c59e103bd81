"""A tokenizer of the texts of a dataset, for tiny models. It knows every byte, and the signs of a chat."""

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast


def trained_on(dataset, further_signs=(), **settings):
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    signs = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", *further_signs]
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    texts = (line for file in sorted(dataset.glob("*.jsonl")) for line in file.open(encoding="utf-8"))
    tokenizer.train_from_iterator(
        texts,
        trainers.BpeTrainer(vocab_size=2000, special_tokens=signs, initial_alphabet=alphabet, show_progress=False),
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, eos_token="<|im_end|>", pad_token="<|endoftext|>", **settings
    )
