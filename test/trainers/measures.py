"""Scores documents with the packages that others measure with, for measures.spec.ts, which compares them with our scores.

Reads one JSON object from a file: `documents` (gold and prediction, any JSON), `texts` (reference and hypothesis), `forms` (gold and
prediction, flat objects of strings), `tables` (gold and prediction, lists of rows with the strings a, b and c). Prints one line of
JSON.
"""

import json
import sys
import warnings
from typing import List

import jiwer
from anls_star import anls_score
from seqeval.metrics import f1_score, precision_score, recall_score
from stickler import ComparableField, ExactComparator, StructuredModel

# That each pair of rows counts is meant: only their equal fields do.
warnings.simplefilter("ignore")


class Row(StructuredModel):
    match_threshold = 0.0
    a: str = ComparableField(comparator=ExactComparator(), threshold=1.0)
    b: str = ComparableField(comparator=ExactComparator(), threshold=1.0)
    c: str = ComparableField(comparator=ExactComparator(), threshold=1.0)


class Table(StructuredModel):
    rows: List[Row] = ComparableField(weight=1.0)


def right_in_table(case):
    gold, prediction = (Table(rows=case[side]) for side in ("gold", "prediction"))
    fields = gold.compare_with(prediction, include_confusion_matrix=True)["confusion_matrix"]["fields"]["rows"]["fields"]
    return sum(fields[name]["overall"]["tp"] for name in "abc")


def entities(forms, side, values):
    """A sequence of tags for each form, in which a field with its value is one entity."""
    tags = []
    for form in forms:
        names = sorted(set(form["gold"]) | set(form["prediction"]))
        tags.append([tag_of(name, form[side].get(name), values) for name in names])
    return tags


def tag_of(name, value, values):
    if value is None:
        return "O"
    return "B-%s=%d" % (name, values.setdefault(value, len(values)))


def score_forms(forms):
    values = {}
    gold, prediction = (entities(forms, side, values) for side in ("gold", "prediction"))
    return {
        "precision": precision_score(gold, prediction),
        "recall": recall_score(gold, prediction),
        "f1": f1_score(gold, prediction),
    }


def score_texts(texts):
    references = [reference for reference, _ in texts]
    hypotheses = [hypothesis for _, hypothesis in texts]
    return {"cer": jiwer.cer(references, hypotheses), "wer": jiwer.wer(references, hypotheses)}


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        cases = json.load(file)
    scores = {
        "anls": [anls_score(case["gold"], case["prediction"]) for case in cases["documents"]],
        "forms": score_forms(cases["forms"]),
        "texts": score_texts(cases["texts"]),
        "tables": [right_in_table(case) for case in cases["tables"]],
    }
    print(json.dumps(scores))


main()
