# SPDX-License-Identifier: Apache-2.0
"""What a lab is made of: regions, their workers and addresses, and the distance between them.

Every worker has two links, each with an address:

    data   198.18.R.W     to the other workers, through the switch: what the faults strike
    mgmt   198.19.N.M     to the machine that the lab runs on, straight: what no fault strikes

R and W count regions and workers of a region from 1; N is the lab's number on this machine, so that
several labs run side by side. 198.18.0.0/15 is set aside for tests of networks (RFC 2544).
"""

import dataclasses
import re
import string

REGION_LIMIT = 8
WORKER_LIMIT = 40
ZONE_LETTERS = string.ascii_lowercase
LONGEST_MS = 10_000.0
DEFAULT_RTT_MS = 100.0
DATA_NETWORK_BITS = 16
STATE_FILE = "tarn-lab.json"  # by which a directory is known as a lab's
HTTP_PORT, S3_PORT, PAGE_PORT, PEER_PORT = 7400, 7401, 7402, 7403


class Failure(Exception):
    """What was asked cannot be done; says why. `status` is the exit status."""

    status = 1


class Wrong(Failure):
    """The command line is wrong; says what was given and what is allowed."""

    status = 64


@dataclasses.dataclass(frozen=True)
class Worker:
    """One worker: `ap2` is the second of region `ap`, in a zone of its own, `ap-b`."""

    name: str
    region: str
    zone: str
    place: int  # among all workers, from 0
    address: str  # on the data link

    def link(self, number):
        """The machine's end of its management link; 13 of the 15 letters that a name may have."""
        return f"tarnlab{number}.{self.place}"

    def outside(self, number):
        """Address of the machine's end."""
        return f"198.19.{number}.{2 * self.place + 2}"

    def management(self, number):
        """Address of the worker's end: where the machine asks it."""
        return f"198.19.{number}.{2 * self.place + 3}"

    def http(self, number):
        return f"{self.management(number)}:{HTTP_PORT}"


@dataclasses.dataclass(frozen=True)
class Quality:
    """A link between two regions, both ways: half of `rtt_ms` each, ± `jitter_ms`; loss of 0 to 1."""

    rtt_ms: float = 0.0
    jitter_ms: float = 0.0
    loss: float = 0.0


class Plan:
    """Regions in the order given, `count` workers in each, and the quality of every pair."""

    def __init__(self, regions, count, qualities):
        self.regions = regions
        self.count = count
        self.qualities = qualities  # by pair(a, b)
        self.workers = []
        for r, region in enumerate(regions, 1):
            for w in range(1, count + 1):
                zone = f"{region}-{ZONE_LETTERS[w - 1]}"
                address = f"198.18.{r}.{w}"
                self.workers.append(
                    Worker(f"{region}{w}", region, zone, len(self.workers), address)
                )

    def worker(self, name):
        found = [one for one in self.workers if one.name == name]
        if not found:
            raise Wrong(f"'{name}' is no worker; there are {', '.join(self.names())}")
        return found[0]

    def names(self):
        return [one.name for one in self.workers]

    def select(self, text):
        """The workers that a list such as `ap,us2` means, each once, in the plan's order."""
        wanted = set()
        for word in text.split(","):
            of_region = {one.name for one in self.workers if one.region == word}
            if not of_region and word not in self.names():
                known = ", ".join(self.regions + self.names())
                raise Wrong(f"'{word}' is no region and no worker; there are {known}")
            wanted |= of_region or {word}
        return [one for one in self.workers if one.name in wanted]

    def between(self, first, second):
        """Every directed pair of names from the workers of one list to those of the other."""
        pairs = [
            [a.name, b.name] for a in self.select(first) for b in self.select(second) if a != b
        ]
        if not pairs:
            raise Wrong(f"'{first}' and '{second}' are the same worker")
        return pairs

    def quality(self, a, b):
        return self.qualities[pair(a.region, b.region)]

    def document(self):
        qualities = {key: dataclasses.asdict(value) for key, value in self.qualities.items()}
        return {"regions": self.regions, "count": self.count, "qualities": qualities}

    @staticmethod
    def of(document):
        qualities = {key: Quality(**value) for key, value in document["qualities"].items()}
        return Plan(document["regions"], document["count"], qualities)


def pair(a, b):
    return "-".join(sorted([a, b]))


def read_plan(regions, count, rtt, jitter, loss):
    """A plan from the words of the command line."""
    names = regions.split(",")
    for name in names:
        if not re.fullmatch("[a-z]{1,12}", name):
            raise Wrong(f"--regions: '{name}' given; 1 to 12 letters a to z are allowed")
    if len(set(names)) != len(names) or len(names) > REGION_LIMIT:
        raise Wrong(f"--regions: '{regions}' given; up to {REGION_LIMIT} different names are allowed")
    most = min(len(ZONE_LETTERS), WORKER_LIMIT // len(names))
    if not 1 <= count <= most:
        raise Wrong(f"--workers: {count} given; 1 to {most} in each of {len(names)} regions are allowed")
    rtts = read_pairs("--rtt", rtt, names, milliseconds, DEFAULT_RTT_MS)
    jitters = read_pairs("--jitter", jitter, names, milliseconds, 0.0)
    losses = read_pairs("--loss", loss, names, share, 0.0)
    qualities = {key: Quality(rtts[key], jitters[key], losses[key]) for key in rtts}
    return Plan(names, count, qualities)


def read_pairs(option, text, names, read, default):
    """A value for every pair of regions: `10ms` for all that differ, `ap-us=140ms` for one.

    What is not said is `default` between regions and 0 within one.
    """
    own = {pair(a, a): 0.0 for a in names}
    between = {pair(a, b): default for a in names for b in names if a != b}
    single = {}
    for word in filter(None, (text or "").split(",")):
        key, _, value = word.rpartition("=")
        if not key:
            between = dict.fromkeys(between, read(option, value))
            continue
        ends = key.split("-")
        if len(ends) != 2 or not set(ends) <= set(names):
            raise Wrong(f"{option}: '{key}' given; pairs such as {names[0]}-{names[-1]} are allowed")
        single[pair(*ends)] = read(option, value)
    return own | between | single


def milliseconds(option, text):
    found = re.fullmatch(r"(\d+(?:\.\d+)?)(ms|s)", text)
    value = float(found[1]) * (1000 if found[2] == "s" else 1) if found else -1.0
    if not 0 <= value <= LONGEST_MS:
        raise Wrong(f"{option}: '{text}' given; 0ms to {LONGEST_MS / 1000:g}s are allowed")
    return value


def share(option, text):
    found = re.fullmatch(r"(\d+(?:\.\d+)?)%", text)
    value = float(found[1]) / 100 if found else -1.0
    if not 0 <= value <= 1:
        raise Wrong(f"{option}: '{text}' given; 0% to 100% are allowed")
    return value
