#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes etcd.txt from Porcupine's test_data/jepsen: convert.py DIRECTORY VERDICTS > etcd.txt

VERDICTS has lines "FILE legal|illegal", as porcupine_test.go states them.
"""

import pathlib
import re
import sys

KINDS = {"read": "r", "write": "w", "cas": "c"}
# Some files are set with tabs, others with blanks.
EVENT = re.compile(r"INFO\s+jepsen\.util - (\d+)\s+:(\w+)\s+:(\w+)\s+(.*?)\s*")
STAGES = {"invoke": "?", "ok": "=", "fail": "!", "info": "~"}


def event(line):
    """One event as a token: process, stage, kind, value."""
    process, stage, kind, value = EVENT.fullmatch(line).groups()
    stage, kind = STAGES[stage], KINDS[kind]
    if value == ":timed-out":
        return f"{process}{stage}{kind}~"
    if kind == "c":
        old, new = value.strip("[]").split()
        return f"{process}{stage}c{old}>{new}"
    if kind == "r" and stage == "?":
        return f"{process}?r"
    return f"{process}{stage}{kind}{'-' if value == 'nil' else value}"


directory = pathlib.Path(sys.argv[1])
for row in pathlib.Path(sys.argv[2]).read_text().splitlines():
    name, verdict = row.split()
    lines = (directory / name).read_text().splitlines()
    tokens = [event(line) for line in lines if line.startswith("INFO")]
    print(name.removesuffix(".log"), verdict, *tokens)
