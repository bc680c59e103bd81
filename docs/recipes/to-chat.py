#!/usr/bin/env python3
"""Turn a Ground Truth corpus into chat rows for supervised fine-tuning.

    to-chat.py corpus.jsonl                         initial_result -> final_result
    to-chat.py corpus.jsonl --input ocr             raw OCR text   -> final_result; of an export --include sources
    to-chat.py corpus.jsonl --ocr-dir ocr/          the same, from files ocr/<filename>.txt
    to-chat.py corpus.jsonl --field header          only one part of the document
    to-chat.py base.jsonl may.jsonl june.jsonl      a later version of a job replaces an earlier one

Writes train.jsonl and eval.jsonl into --out. Each line is
{"messages": [{"role": "system", ...}, {"role": "user", ...}, {"role": "assistant", ...}]}.

JSON values are copied from the line as text and never parsed, so numbers such as 198703212010011234, 1.0 and 1e400 stay
as they are in the corpus, and the depth of documents is not limited.

Python 3.8 or newer, standard library only.
"""

import argparse
import gzip
import hashlib
import json
import os
import re
import sys
import tempfile
from collections import Counter

SYSTEM_INITIAL = (
    "You are given JSON that an OCR pipeline read from a document. It may hold mistakes. "
    "Answer with the corrected JSON only."
)
SYSTEM_OCR = "You are given the OCR text of a document. Answer with the document's data as JSON only."

SPACE = re.compile(r"[ \t\n\r]*")
STRING = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"')
SCALAR = re.compile(r"true|false|null|-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
STRING_OR_BRACKET = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[\[\]{}]')
PLAIN_KEY = re.compile(r'[^.\[\]"\\\x00-\x1f]+')
INDEX = re.compile(r"\[(0|[1-9][0-9]*)\]")
MOST_NAMED = 10


class BadLine(Exception):
    """The input is not a corpus; nothing is written."""


class Doubtful(Exception):
    """It is not certain which text belongs to which job; nothing is written."""


class BadPath(ValueError):
    """The text after --field is not a field path."""


def skip_space(text, at):
    return SPACE.match(text, at).end()


def end_of_value(text, at):
    """The position after the JSON value that starts at `at`. Iterative, so that depth is not limited."""
    opening = text[at : at + 1]
    if opening not in ("{", "["):
        found = (STRING if opening == '"' else SCALAR).match(text, at)
        if not found:
            raise BadLine("no JSON value at character %d" % (at + 1))
        return found.end()
    closers = []
    while True:
        found = STRING_OR_BRACKET.search(text, at)
        if not found:
            raise BadLine("it ends in the middle of a value")
        token, at = found.group(), found.end()
        if token == "{":
            closers.append("}")
        elif token == "[":
            closers.append("]")
        elif token in ("}", "]"):
            if closers.pop() != token:
                raise BadLine("brackets do not match at character %d" % at)
            if not closers:
                return at


def children(text, at):
    """(key or index, start, end) of each member or element of the container at `at`."""
    is_object = text[at] == "{"
    close = "}" if is_object else "]"
    index = 0
    at = skip_space(text, at + 1)
    if text[at : at + 1] == close:
        return
    while True:
        name = index
        if is_object:
            key = STRING.match(text, at)
            if not key:
                raise BadLine("no member name at character %d" % (at + 1))
            name = json.loads(key.group())
            at = skip_space(text, key.end())
            if text[at : at + 1] != ":":
                raise BadLine("no colon at character %d" % (at + 1))
            at = skip_space(text, at + 1)
        end = end_of_value(text, at)
        yield name, at, end
        index += 1
        at = skip_space(text, end)
        mark = text[at : at + 1]
        if mark == close:
            return
        if mark != ",":
            raise BadLine("no comma at character %d" % (at + 1))
        at = skip_space(text, at + 1)


def parse_path(path):
    """`header.perihal`, `personel[0].nrp`, `["menu.nm"][0]` -> the steps from the root."""
    steps, at = [], 0
    while at < len(path):
        index = INDEX.match(path, at)
        if index:
            steps.append(int(index.group(1)))
            at = index.end()
            continue
        if path.startswith('["', at):
            key = STRING.match(path, at + 1)
            if not key or path[key.end() : key.end() + 1] != "]":
                raise BadPath("the quoted key at character %d has no end" % (at + 1))
            try:
                steps.append(json.loads(key.group()))
            except ValueError:
                raise BadPath("the key at character %d is not a JSON string" % (at + 1))
            at = key.end() + 1
            continue
        if steps:
            if path[at] != ".":
                raise BadPath("expected '.' or '[' at character %d" % (at + 1))
            at += 1
        key = PLAIN_KEY.match(path, at)
        if not key:
            raise BadPath("expected a key at character %d" % (at + 1))
        steps.append(key.group())
        at = key.end()
    return steps


def part(text, steps):
    """The text of the value at the path, or None. Of duplicate keys, the last one counts."""
    start = skip_space(text, 0)
    end = len(text)
    for step in steps:
        if text[start] != ("[" if isinstance(step, int) else "{"):
            return None
        found = None
        for name, at, after in children(text, start):
            if name == step:
                found = (at, after)
        if found is None:
            return None
        start, end = found
    return text[start:end]


def sample_of(line):
    """The members of one corpus line, each as its JSON text."""
    start = skip_space(line, 0)
    if line[start : start + 1] != "{":
        raise BadLine("it is not a JSON object")
    members = {name: line[at:end] for name, at, end in children(line, start)}
    if skip_space(line, end_of_value(line, start)) != len(line):
        raise BadLine("there is text after the object")
    for name in ("job_id", "filename", "approved", "initial_result", "final_result"):
        if name not in members:
            raise BadLine("it has no %s, so it is not a corpus line" % name)
    return members


def text_of_sources(sources):
    """(text, None) of the pages in their order, with form feeds between them, or (None, the reason why there is none)."""
    pages = [source for source in json.loads(sources) if source.get("kind") == "ocr_text"]
    if all(source.get("page") is not None for source in pages):
        pages.sort(key=lambda source: source["page"])
    if any("text" not in source for source in pages):
        return None, "OCR text of a page is not in the corpus"
    text = "\f".join(source["text"] for source in pages)
    return (text, None) if text.strip() else (None, "no OCR text")


def text_of_file(folder, filename):
    """The text of DIR/<filename>.txt; None if there is no such file, or if the name leads out of the folder."""
    root = os.path.realpath(folder)
    try:
        path = os.path.realpath(os.path.join(root, filename + ".txt"))
        if os.path.commonpath([root, path]) != root:
            return None
        with open(path, encoding="utf-8-sig") as file:
            return file.read()
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return None


def row_of(sample, filename, options):
    """(chat row, None) or (None, the reason why the sample is skipped)."""
    if sample["approved"] != "true" and not options.include_unapproved:
        return None, "not approved"
    if "diverged" in sample:
        return None, "diverged"
    if sample["final_result"] == "null":
        return None, "no result"
    answer = part(sample["final_result"], options.steps)
    if answer is None:
        return None, "final_result has no such field"
    if options.input == "ocr":
        question, reason = text_of_sources(sample["sources"])
        if question is None:
            return None, reason
    elif options.ocr_dir:
        question = text_of_file(options.ocr_dir, filename)
        if question is None:
            return None, "no OCR text"
    else:
        if sample["initial_result"] == "null":
            return None, "no result"
        question = part(sample["initial_result"], options.steps)
        if question is None:
            return None, "initial_result has no such field"
    return {
        "messages": [
            {"role": "system", "content": options.system},
            {"role": "user", "content": question},
            {"role": "assistant", "content": answer},
        ]
    }, None


def held_out(job_id, share):
    """Depends only on the job_id: a job stays in the same file when the corpus grows or is exported again."""
    digest = hashlib.sha256(job_id.lower().encode("utf-8")).digest()
    return int.from_bytes(digest[:8], "big") < share * 2**64


def lines_of(path):
    """The lines as bytes. Only LF ends a line, not U+2028 inside a string."""
    if path == "-":
        yield from sys.stdin.buffer
    elif path.endswith(".gz"):
        with gzip.open(path, "rb") as file:
            yield from file
    else:
        with open(path, "rb") as file:
            yield from file


def convert(options):
    """job_id -> (row, None) or (None, reason), for the last version of each job."""
    jobs, filenames = {}, {}
    for path in options.corpus:
        for number, line in enumerate(lines_of(path), 1):
            try:
                if not line.endswith(b"\n"):
                    raise BadLine("it has no line end: the file is not whole")
                sample = sample_of(line[:-1].decode("utf-8"))
                job_id, filename = json.loads(sample["job_id"]), json.loads(sample["filename"])
                if not isinstance(job_id, str) or not isinstance(filename, str):
                    raise BadLine("job_id and filename must be strings")
                if options.input == "ocr" and not sample.get("sources", "").startswith("["):
                    raise BadLine("it has no sources; export with --include sources")
                jobs[job_id] = row_of(sample, filename, options)
                filenames[job_id] = filename
            except (BadLine, ValueError) as error:
                raise BadLine("%s, line %d: %s" % (path, number, error))
    if options.ocr_dir:
        refuse_doubles(filenames, [job_id for job_id, (row, _) in jobs.items() if row is not None])
    return jobs


def refuse_doubles(filenames, used):
    """Two jobs may have one filename, and then a file has the text of only one of them."""
    counts = Counter(filenames.values())
    doubles = sorted({filenames[job_id] for job_id in used if counts[filenames[job_id]] > 1})
    if not doubles:
        return
    more = ", and %d more" % (len(doubles) - MOST_NAMED) if len(doubles) > MOST_NAMED else ""
    raise Doubtful(
        "--ocr-dir: several jobs have the same filename, and its file has the text of only one of them: %s%s; "
        "export with --include sources, and use --input ocr instead" % (", ".join(doubles[:MOST_NAMED]), more)
    )


def write(folder, name, rows):
    """Writes a file that appears only when complete, readable by its owner only: the rows hold personal data."""
    handle, temporary = tempfile.mkstemp(prefix="." + name + ".", dir=folder)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            for row in rows:
                file.write(json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n")
        os.replace(temporary, os.path.join(folder, name))
    except BaseException:
        os.unlink(temporary)
        raise


def share(text):
    value = float(text)
    if not 0 <= value < 1:
        raise argparse.ArgumentTypeError("must be at least 0 and below 1, not %s" % text)
    return value


def options_of(arguments):
    parser = argparse.ArgumentParser(
        description="Turn a Ground Truth corpus into train.jsonl and eval.jsonl of chat messages."
    )
    parser.add_argument("corpus", nargs="+", help="corpus files in order of time; .gz is read too; - is standard input")
    inputs = parser.add_mutually_exclusive_group()
    inputs.add_argument(
        "--input",
        choices=("initial_result", "ocr"),
        default="initial_result",
        help="what the model is given: initial_result (the default), or the OCR text among the sources of the corpus",
    )
    inputs.add_argument(
        "--ocr-dir", metavar="DIR", help="give the model the OCR text in DIR/<filename>.txt, not initial_result"
    )
    parser.add_argument("--field", default="", metavar="PATH", help="only this part of the document (default: all of it)")
    parser.add_argument(
        "--holdout", type=share, default=0.1, metavar="SHARE", help="share of jobs written to eval.jsonl (default: 0.1)"
    )
    parser.add_argument("--system", metavar="TEXT", help="the system message")
    parser.add_argument("--include-unapproved", action="store_true", help="also use samples that are not approved")
    parser.add_argument("--out", default=".", metavar="DIR", help="output folder (default: the working directory)")
    options = parser.parse_args(arguments)
    try:
        options.steps = parse_path(options.field)
    except BadPath as error:
        parser.error("--field %s: %s" % (options.field, error))
    if options.ocr_dir and not os.path.isdir(options.ocr_dir):
        parser.error("--ocr-dir %s: there is no such folder" % options.ocr_dir)
    if options.system is None:
        options.system = SYSTEM_OCR if options.ocr_dir or options.input == "ocr" else SYSTEM_INITIAL
    return options


def main(arguments=None):
    options = options_of(arguments)
    try:
        jobs = convert(options)
        rows = {"train.jsonl": [], "eval.jsonl": []}
        skipped = Counter()
        for job_id, (row, reason) in jobs.items():
            if row is None:
                skipped[reason] += 1
            else:
                rows["eval.jsonl" if held_out(job_id, options.holdout) else "train.jsonl"].append(row)
        os.makedirs(options.out, exist_ok=True)
        for name in rows:
            write(options.out, name, rows[name])
    except (BadLine, Doubtful, OSError, EOFError, ValueError) as error:
        print("to-chat: %s" % error, file=sys.stderr)
        return 1
    print("train.jsonl: %d rows, eval.jsonl: %d rows" % (len(rows["train.jsonl"]), len(rows["eval.jsonl"])), file=sys.stderr)
    for reason, count in sorted(skipped.items()):
        print("skipped, %s: %d" % (reason, count), file=sys.stderr)
    if not rows["train.jsonl"]:
        print("to-chat: no row to train on", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
