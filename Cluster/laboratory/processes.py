# SPDX-License-Identifier: Apache-2.0
"""Processes of a lab, found by a mark in their environment, whatever became of their parents.

The mark is the variable TARN_LAB, `ID:ROLE:DIRECTORY`: the random id of the lab, `switch`, `command`
or the worker's name, and the state directory. Children inherit it, nobody else has it, and it cannot
be lost in a crash, so there are no files of process ids. A signal goes through a descriptor of the
process, opened before the mark was read: never to another one that got the same number.
"""

import contextlib
import dataclasses
import os
import select
import signal
import time

from plan import STATE_FILE, Failure

MARK = "TARN_LAB"
SWITCH, COMMAND = "switch", "command"
END_SECONDS = 10
EXEC_LOOKS, EXEC_SECONDS = 5, 0.002
PF_KTHREAD = 0x00200000  # linux/sched.h


@dataclasses.dataclass(frozen=True)
class Process:
    pid: int
    lab: str
    role: str
    directory: str

    @property
    def is_paused(self):
        try:
            with open(f"/proc/{self.pid}/stat") as file:
                return file.read().rsplit(")", 1)[1].split()[0] in ("T", "t")
        except OSError:
            return False

    @property
    def is_orphan(self):
        """Whether its lab is gone: the directory, as it sees it, holds another lab or none."""
        try:
            with open(f"/proc/{self.pid}/root{self.directory}/{STATE_FILE}") as file:
                return f'"{self.lab}"' not in file.read()
        except (FileNotFoundError, NotADirectoryError):
            return os.path.exists(f"/proc/{self.pid}")
        except OSError:
            return False


def go_first():
    """This process before all others: while it waits for a processor, delays grow.

    With six to eight runnable processes a core, half of the packets left more than 5 ms late at
    `nice` -15, in this class one in 500. What it starts is in the usual class again.
    """
    try:
        os.sched_setscheduler(0, os.SCHED_RR | os.SCHED_RESET_ON_FORK, os.sched_param(1))
    except OSError:  # A container may not.
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, 0, -20)


def environment(lab, role, directory):
    """Ours without Tarn's own variables, and with the mark."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("TARN_")}
    return kept | {MARK: f"{lab}:{role}:{directory}"}


def marked(lab=None):
    """Every running process of this lab, or of any."""
    found = []
    for name in os.listdir("/proc"):
        process = read_mark(int(name)) if name.isdigit() else None
        if process and lab in (None, process.lab):
            found.append(process)
    return found


def read_mark(pid):
    """`None` without a mark, and for a process that has ended: it has no environment any more."""
    start = f"{MARK}=".encode()
    for variable in read_environment(pid).split(b"\0"):
        if variable.startswith(start):
            parts = os.fsdecode(variable[len(start) :]).split(":", 2)
            return Process(pid, *parts) if len(parts) == 3 else None
    return None


def read_environment(pid):
    """Empty for processes without one; looks again at one that is just becoming another program.

    For a moment of `execve` the kernel shows the new program without its environment.
    """
    try:
        for _ in range(EXEC_LOOKS):
            with open(f"/proc/{pid}/environ", "rb") as file:
                found = file.read()
            if found or not may_have_environment(pid):
                return found
            time.sleep(EXEC_SECONDS)
    except OSError:
        pass
    return b""


def may_have_environment(pid):
    """Neither a kernel thread nor dead."""
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return fields[0] not in ("Z", "X") and not int(fields[6]) & PF_KTHREAD


def send(processes, number):
    """Sends a signal to those that still are who they were; answers their descriptors."""
    descriptors = []
    for process in processes:
        try:
            descriptor = os.pidfd_open(process.pid)
        except ProcessLookupError:
            continue
        try:
            if read_mark(process.pid) == process:
                signal.pidfd_send_signal(descriptor, number)
        except ProcessLookupError:
            pass
        descriptors.append(descriptor)
    return descriptors


def end(find):
    """Kills whatever `find` answers until it answers nothing: some may just have been starting."""
    deadline = time.monotonic() + END_SECONDS
    while processes := find():
        if time.monotonic() > deadline:
            told = ", ".join(f"{one.role} ({one.pid})" for one in processes)
            raise Failure(f"not ended after {END_SECONDS} s of kill -9: {told}")
        descriptors = send(processes, signal.SIGKILL)
        for descriptor in descriptors:
            poll = select.poll()
            poll.register(descriptor, select.POLLIN)
            poll.poll(1000 * max(0.0, deadline - time.monotonic()))
            os.close(descriptor)
