# SPDX-License-Identifier: Apache-2.0
"""Words for people."""


def say(text):
    print(text, flush=True)


def print_table(rows):
    widths = [max(len(str(row[i])) for row in rows) for i in range(len(rows[0]))]
    for row in rows:
        say("  ".join(str(cell).ljust(width) for cell, width in zip(row, widths)).rstrip())
