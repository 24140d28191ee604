# SPDX-License-Identifier: Apache-2.0
"""What is measured of one cluster in one round, and by which bar each figure is judged."""

import collections
import json
import statistics
import subprocess
import time

from clusters import Failure

DRIVER_SECONDS = 120
REST_SECONDS = 8


class Session:
    """One running cluster and the driver that asks it."""

    def __init__(self, cluster, driver, options):
        self.cluster = cluster
        self.driver = driver
        self.options = options

    def drive(self, verb, *arguments):
        asked = [self.driver, verb, *self.cluster.members(), *map(str, arguments)]
        ran = subprocess.run(asked, capture_output=True, text=True, timeout=DRIVER_SECONDS)
        if ran.returncode != 0:
            raise Failure(f"{self.cluster.kind} {verb}: {ran.stderr.strip()}")
        return json.loads(ran.stdout)

    def load(self, operation, clients, place):
        used, began = self.cluster.processor_seconds(), time.monotonic()
        figures = self.drive(
            "load", "--operation", operation, "--clients", clients, "--place", place,
            "--seconds", self.options.seconds,
        )  # fmt: skip
        wall = time.monotonic() - began
        # Of the warm-up too, so by the share of the whole time that counted.
        share = min(1, self.options.seconds / wall)
        used = (self.cluster.processor_seconds() - used) * share
        figures["serverMicrosecondsPerCall"] = 1e6 * used / max(1, figures["count"])
        return figures

    def first_write(self):
        began = time.monotonic_ns()
        self.cluster.start()
        ended = self.drive("first")["endedAtNS"]
        self.cluster.learn_identities()
        return {"seconds": (ended - began) / 1e9}

    def memory(self):
        time.sleep(REST_SECONDS)
        each = self.cluster.memory_mib()
        return {
            "largestMiB": max(one["VmRSS"] for one in each.values()),
            "largestAnonymousMiB": max(one["RssAnon"] for one in each.values()),
            "voters": each,
        }

    def kills(self, count):
        outages = []
        for _ in range(count):
            figures = self.drive("kill")
            if not figures["count"]:
                raise Failure(f"{self.cluster.kind} kill: {figures['failure']}")
            outages.append(figures["maxMS"] / 1000)
            self.cluster.restart(self.cluster.name_of(figures["killed"]))
            self.drive("settle")
            time.sleep(1)
        return {"seconds": outages}

    def transfers(self, count):
        gaps, usual = [], []
        for _ in range(count):
            figures = self.drive("transfer")
            if not figures["count"]:
                raise Failure(f"{self.cluster.kind} transfer: {figures['failure']}")
            gaps.append(figures["maxMS"])
            usual.append(figures.get("usualGapMS", 0))
            time.sleep(1)
        return {"milliseconds": gaps, "usualMilliseconds": usual}


# What is run, in this order; a fresh cluster was started and filled before.
MEASUREMENTS = {
    "put-leader": lambda s: s.load("put", 1, "leader"),
    "put-follower": lambda s: s.load("put", 1, "follower"),
    "saturated": lambda s: s.load("put", 64, "every"),
    "read-leader": lambda s: s.load("read", 1, "leader"),
    "read-follower": lambda s: s.load("read", 1, "follower"),
    "local": lambda s: s.load("local", 1, "follower"),
    "local-rate": lambda s: s.load("local", 16, "leader"),
    "watch": lambda s: s.drive("watch", "--watchers", 6, "--seconds", s.options.seconds),
    "transfer": lambda s: s.transfers(s.options.transfers),
    "memory": lambda s: s.memory(),
    "kill": lambda s: s.kills(s.options.kills),
}

# `bar` is on the ratio to etcd where `of` is "ratio", else on Tarn's own figure.
# `over` says how rounds become one figure.
Row = collections.namedtuple("Row", "measured title field unit better bar of over")

ROWS = [
    Row("put-leader", "put, 1 client, at the leader: p50", "p50MS", "ms", "less", 1.1, "ratio", "median"),
    Row("put-leader", "put, 1 client, at the leader: p99", "p99MS", "ms", "less", 1.2, "ratio", "median"),
    Row("put-follower", "put, 1 client, at a follower: p50", "p50MS", "ms", "less", 1.1, "ratio", "median"),
    Row("put-follower", "put, 1 client, at a follower: p99", "p99MS", "ms", "less", 1.2, "ratio", "median"),
    Row("saturated", "saturated writes, 64 clients", "perSecond", "/s", "more", 1.5, "ratio", "median"),
    Row("read-leader", "linearizable read at the leader: p50", "p50MS", "ms", "less", 1.0, "ratio", "median"),
    Row("read-follower", "linearizable read at a follower: p50", "p50MS", "ms", "less", 1.0, "ratio", "median"),
    Row("local-rate", "local reads of one node, 16 clients", "perSecond", "/s", "more", 20_000, "own", "median"),
    Row("local", "local read, 1 client: p50", "p50MS", "ms", "less", 0.2, "own", "median"),
    Row("watch", "put to watch event, 6 watchers: p99", "p99MS", "ms", "less", 1.0, "ratio", "median"),
    Row("kill", "write outage after kill -9 of the leader: median", "seconds", "s", "less", 1.0, "own", "median"),
    Row("kill", "write outage after kill -9 of the leader: largest", "seconds", "s", "less", 2.5, "own", "largest"),
    Row("transfer", "planned transfer gap: median", "milliseconds", "ms", "less", 50, "own", "median"),
    Row("transfer", "planned transfer gap: largest", "milliseconds", "ms", "less", 150, "own", "largest"),
    Row("memory", "memory of the largest voter, after the load", "largestMiB", "MiB", "less", 60, "own", "median"),
    Row("memory", "memory of the largest voter, after the load", "largestMiB", "MiB", "less", 1.0, "ratio", "median"),
    Row("start", "three starts to first write", "seconds", "s", "less", 1.0, "ratio", "median"),
]  # fmt: skip


def values(rounds, store, row):
    """A row's values in the rounds that have it; a list in a round counts each."""
    found = []
    for one in rounds:
        figures = one.get(store, {}).get(row.measured)
        if figures and figures.get(row.field) is not None:
            value = figures[row.field]
            found += value if isinstance(value, list) else [value]
    return found


def figure(found, row):
    return max(found) if row.over == "largest" else statistics.median(found)


def ratio(rounds, row):
    """The median of each round's own ratio, so that a slow round counts for both stores."""
    pairs = []
    for one in rounds:
        ours, theirs = values([one], "tarn", row), values([one], "etcd", row)
        if ours and theirs:
            pairs.append(figure(ours, row) / figure(theirs, row))
    return statistics.median(pairs) if pairs else None


def judged(rounds):
    """One dictionary for each row that was measured."""
    answer = []
    for row in ROWS:
        ours, theirs = values(rounds, "tarn", row), values(rounds, "etcd", row)
        if not ours:
            continue
        found = {
            "row": row.measured, "title": row.title, "unit": row.unit,
            "tarn": figure(ours, row), "etcd": figure(theirs, row) if theirs else None,
            "ratio": ratio(rounds, row), "bar": row.bar, "of": row.of, "better": row.better,
            "samples": len(ours),
        }  # fmt: skip
        measured = found["ratio"] if row.of == "ratio" else found["tarn"]
        if measured is not None:
            found["passes"] = measured <= row.bar if row.better == "less" else measured >= row.bar
        answer.append(found)
    return answer
