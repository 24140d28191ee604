# SPDX-License-Identifier: Apache-2.0
"""The one directory of a lab.

    tarn-lab.json   what it is: id, plan, number, program; written before anything is started
    switch.sock     where the switch is told of faults; switch.log
    origin/         directories that mounts of file:// may use, on every worker
    NAME/           one worker: data, cache, data.sock, log

tarn-lab.json goes last, so that whatever a crash leaves of the directory is known as a lab's.
"""

import contextlib
import fcntl
import json
import os
import pathlib
import secrets
import shutil
import time

from plan import STATE_FILE, Failure, Plan, Wrong

NEW = f"{STATE_FILE}.new"
KEYS = {"id", "plan", "binary", "flags", "watched", "number", "isComplete"}
POLL_SECONDS = 0.05
LONGEST_PATH = 80  # NAME/data.sock behind it is an address of at most 107 bytes


class NoLab(Failure):
    status = 3


class State:
    def __init__(self, directory):
        self.directory = pathlib.Path(directory)
        if len(os.fsencode(directory)) > LONGEST_PATH or "," in str(directory):
            raise Wrong(f"--state: {directory}: up to {LONGEST_PATH} bytes without a comma are allowed")
        self.facts = {}

    def load(self):
        """Answers whether there is a lab, or what is left of one."""
        try:
            self.facts = json.loads((self.directory / STATE_FILE).read_text())
        except (FileNotFoundError, NotADirectoryError):
            self.facts = {}
        except ValueError as error:
            raise Failure(f"{self.directory / STATE_FILE} is no file of a lab: {error}")
        if self.facts and not KEYS <= set(self.facts):
            raise Failure(f"{self.directory / STATE_FILE} is no file of a lab")
        return bool(self.facts)

    def begin(self, plan, binary, flags, watched):
        self.facts = {
            "id": secrets.token_hex(8), "plan": plan.document(), "binary": str(binary),
            "flags": flags, "watched": watched, "number": None, "isComplete": False,
        }  # fmt: skip
        self.save()

    def save(self, **facts):
        self.facts |= facts
        new = self.directory / NEW
        new.write_text(json.dumps(self.facts, indent=1) + "\n")
        new.replace(self.directory / STATE_FILE)

    @property
    def id(self):
        return self.facts["id"]

    @property
    def number(self):
        return self.facts["number"]

    @property
    def plan(self):
        return Plan.of(self.facts["plan"])

    def home(self, worker):
        return self.directory / worker.name

    @property
    def origin(self):
        return self.directory / "origin"

    def empty(self):
        """Removes everything in the directory."""
        for entry in list(self.directory.iterdir()):
            if entry.name == STATE_FILE:
                continue
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry)
            else:
                entry.unlink()
        (self.directory / STATE_FILE).unlink(missing_ok=True)
        self.facts = {}

    @contextlib.contextmanager
    def locked(self, seconds=0):
        """One `up` or `down` at a time; the kernel unlocks when whoever holds it dies."""
        descriptor = os.open(self.directory, os.O_RDONLY | os.O_DIRECTORY)
        try:
            self.lock(descriptor, time.monotonic() + seconds)
            yield
        finally:
            os.close(descriptor)

    def lock(self, descriptor, deadline):
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise Failure(f"another up or down is at work on {self.directory}")
                time.sleep(POLL_SECONDS)
        if not self.directory.exists() or not os.path.samestat(
            os.fstat(descriptor), os.stat(self.directory)
        ):
            raise Failure(f"{self.directory} was just removed; run this again")

    def make(self):
        """The directory, which must be new, empty or a lab's."""
        try:
            self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise Failure(f"{self.directory}: {error.strerror}")
        names = {entry.name for entry in self.directory.iterdir()}
        if STATE_FILE not in names and names - {NEW}:
            raise Failure(f"{self.directory} holds files that no lab has made; choose another --state")


def need_root():
    if os.geteuid() != 0:
        raise Failure("a lab needs root: it makes network namespaces")


def loaded(options):
    need_root()
    state = State(options.state)
    if not state.load():
        raise NoLab(f"no lab in {state.directory}; next: Cluster/lab up --regions ap,us,eu")
    if not state.facts["isComplete"]:
        raise Failure(f"the lab in {state.directory} is not whole; next: Cluster/lab down")
    return state
