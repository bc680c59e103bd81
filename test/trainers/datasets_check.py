"""Loads a dataset by its folder with Hugging Face `datasets`, and compares it with its files. Prints the rows of each split."""

import json
import pathlib
import sys

from datasets import Image, List, load_dataset

folder = pathlib.Path(sys.argv[1])
loaded = load_dataset(str(folder), cache_dir=sys.argv[2])
report = json.loads((folder / "dataset.json").read_text())
assert {name: len(rows) for name, rows in loaded.items()} == {
    split["name"]: split["rows"] for split in report["splits"] if split["rows"] > 0
}
for name, rows in loaded.items():
    lines = (folder / f"{name}.jsonl").read_text(encoding="utf-8").split("\n")[:-1]
    for row, line in zip(rows, lines, strict=True):
        assert row == json.loads(line), f"{name}: a row is not as in its file"
features = {name: str(feature) for name, feature in loaded["train"].features.items()}
if "images" in features:
    for name, rows in loaded.items():
        rows = rows.map(lambda row: {"images": [str(folder / path) for path in row["images"]]})
        for row in rows.cast_column("images", List(Image())):
            assert all(image.width > 100 for image in row["images"])
print(json.dumps({"rows": {name: len(rows) for name, rows in loaded.items()}, "columns": list(features)}))
