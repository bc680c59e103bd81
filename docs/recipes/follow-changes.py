#!/usr/bin/env python3
"""Keeps a copy of a corpus up to date by the feed of changes. Python 3.8, standard library only.

    follow-changes.py http://127.0.0.1:3000 copy.sqlite3 [--key KEY] [--query approved_only=false]

The copy is a SQLite database with a table `samples` (job_id, sample: the line as it was sent) and the cursor, which change in one
transaction: whatever happens, the copy is what it was after some whole answer. Run it from cron.
"""

import argparse
import json
import os
import sqlite3
import sys
import urllib.error
import urllib.parse
import urllib.request

UPSERT = b'{"op":"upsert","job_id":"'
SAMPLE = b'","sample":'


def open_copy(path):
    copy = sqlite3.connect(path, isolation_level=None)
    copy.execute("create table if not exists samples (job_id text primary key, sample text not null)")
    copy.execute("create table if not exists feed (cursor text not null)")
    return copy


def read_answer(copy, answer):
    """Applies one answer; returns its last line. Fails if the answer is not whole."""
    end = None
    for line in answer:
        if end is not None or not line.endswith(b"\n"):
            sys.exit("the answer is not whole")
        if line.startswith(UPSERT):
            job_id = line[len(UPSERT) : len(UPSERT) + 36].decode()
            # As text: parsed and written again, numbers could change.
            sample = line[len(UPSERT) + 36 + len(SAMPLE) : -2].decode()
            copy.execute("insert or replace into samples values (?, ?)", (job_id, sample))
            continue
        change = json.loads(line)
        if change["op"] == "remove":
            copy.execute("delete from samples where job_id = ?", (change["job_id"],))
        elif change["op"] == "cursor":
            end = change
        else:
            sys.exit("the answer has a line of an unknown kind")
    if end is None:
        sys.exit("the answer is not whole: its last line is missing")
    return end


def follow(base, copy, key, query):
    while True:
        row = copy.execute("select cursor from feed").fetchone()
        parameters = query + ([("cursor", row[0])] if row else [])
        request = urllib.request.Request(
            base.rstrip("/") + "/api/v1/ground-truth/changes?" + urllib.parse.urlencode(parameters)
        )
        if key:
            request.add_header("Authorization", "Bearer " + key)
        copy.execute("begin")
        try:
            with urllib.request.urlopen(request, timeout=120) as answer:
                end = read_answer(copy, answer)
        except urllib.error.HTTPError as error:
            copy.execute("rollback")
            if error.code != 410 or not row:
                sys.exit("%s: %s" % (error.code, error.read().decode("utf-8", "replace")))
            # Restored or moved: what we have may be of another history.
            copy.execute("delete from samples")
            copy.execute("delete from feed")
            continue
        copy.execute("delete from feed")
        copy.execute("insert into feed values (?)", (end["cursor"],))
        copy.execute("commit")
        if not end["more"]:
            return end["waiting"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("url")
    parser.add_argument("copy")
    parser.add_argument("--key", default=os.environ.get("GROUND_TRUTH_KEY"))
    parser.add_argument("--query", action="append", default=[], metavar="NAME=VALUE")
    options = parser.parse_args()
    copy = open_copy(options.copy)
    waiting = follow(options.url, copy, options.key, [tuple(each.split("=", 1)) for each in options.query])
    count = copy.execute("select count(*) from samples").fetchone()[0]
    held = "" if waiting is None else "; an open transaction holds back changes of %s s" % waiting
    print("%d samples%s" % (count, held), file=sys.stderr)


if __name__ == "__main__":
    main()
