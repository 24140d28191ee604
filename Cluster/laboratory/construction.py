# SPDX-License-Identifier: Apache-2.0
"""Building a lab, starting its workers, and removing every trace of it."""

import http.client
import os
import pathlib
import subprocess
import sys
import time

import network
import processes
import switch
from plan import HTTP_PORT, PAGE_PORT, PEER_PORT, S3_PORT, Failure

PROGRAM = pathlib.Path(__file__).resolve().parent.parent / "lab"
ANSWER_SECONDS = 60
POLL_SECONDS = 0.02
CAPACITY = "1GiB"


def build(state, plan):
    """Switch, namespaces, links, workers; each belongs to a process that bears the lab's mark."""
    state.origin.mkdir()
    start_switch(state)
    namespaces = await_switch(state)
    first = plan.workers[0]
    number = network.claim_number(first, namespaces[first.name])
    state.save(number=number)
    for worker in plan.workers:
        if worker != first:
            network.add_link(worker, number, namespaces[worker.name])
        network.connect(
            worker, number, namespaces[worker.name], first.outside(number), state.id
        )
    for worker in plan.workers:
        start_worker(state, plan, worker, namespaces[worker.name])
    for worker in plan.workers:
        await_worker(state, worker)


def start_switch(state):
    with open(state.directory / "switch.log", "wb") as log:
        launch(
            [sys.executable, PROGRAM, "--state", state.directory, "switch"],
            state, processes.SWITCH, log, state.directory,
        )  # fmt: skip


def launch(command, state, role, log, directory, variables=()):
    """A process of a session of its own, so that neither Ctrl-C nor a closed terminal reaches it."""
    environment = processes.environment(state.id, role, state.directory)
    return subprocess.Popen(
        [str(word) for word in command],
        stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=directory, start_new_session=True,
        env=environment | dict(variables),
    )  # fmt: skip


def await_switch(state):
    """Waits until it has made all namespaces; answers a path to each."""
    deadline = time.monotonic() + ANSWER_SECONDS
    while not (state.directory / switch.SOCKET).exists():
        if not switch_of(state) or time.monotonic() > deadline:
            raise Failure(f"the switch did not start: {end_of(state.directory / 'switch.log')}")
        time.sleep(POLL_SECONDS)
    return namespaces_of(state)


def namespaces_of(state):
    told = switch.ask(state.directory, "describe")
    return {name: f"/proc/{told['pid']}/fd/{n}" for name, n in told["namespaces"].items()}


def switch_of(state):
    return [one for one in processes.marked(state.id) if one.role == processes.SWITCH]


def start_worker(state, plan, worker, namespace, variables=()):
    home = state.home(worker)
    home.mkdir(exist_ok=True)
    join = ",".join(f"{one.address}:{PEER_PORT}" for one in plan.workers)
    command = [
        *network.entering(namespace), state.facts["binary"], "worker", "start",
        "--name", worker.name, "--region", worker.region, "--zone", worker.zone,
        "--data-dir", home / "data", "--cache", f"{home}/cache={CAPACITY}",
        "--data-socket", home / "data.sock", "--file-origins", state.origin,
        # The API on both links: workers have one, people and tests the other.
        "--listen-http", f"0.0.0.0:{HTTP_PORT}", "--listen-s3", f"0.0.0.0:{S3_PORT}",
        "--listen-data", f"{worker.address}:{PAGE_PORT}",
        "--listen-peer", f"{worker.address}:{PEER_PORT}",
        "--advertise", worker.address, "--join", join, "--insecure", *state.facts["flags"],
    ]  # fmt: skip
    with open(home / "log", "ab") as log:
        launch(command, state, worker.name, log, home, variables)


def await_worker(state, worker):
    """Until it answers on its management link."""
    deadline = time.monotonic() + ANSWER_SECONDS
    while not answers(worker.management(state.number)):
        if not lives_of(state, worker):
            raise Failure(f"{worker.name} has ended: {end_of(state.home(worker) / 'log')}")
        if time.monotonic() > deadline:
            raise Failure(f"{worker.name} does not answer: {end_of(state.home(worker) / 'log')}")
        time.sleep(POLL_SECONDS)


def answers(host):
    connection = http.client.HTTPConnection(host, HTTP_PORT, timeout=5)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def lives_of(state, worker):
    return [one for one in processes.marked(state.id) if one.role == worker.name]


def end_of(log):
    try:
        return "\n  ".join(log.read_text(errors="replace").strip().splitlines()[-3:]) or "(no log)"
    except OSError as error:
        return f"(no log: {error.strerror})"


def clear(state):
    """Ends and removes all of this lab but its directory."""
    end_processes(state)
    state.empty()


def end_processes(state):
    """Of this lab, and of labs whose directory is gone: nobody else can name them. Links too."""
    labs = {state.facts["id"]} if state.facts else set()
    own = processes.read_mark(os.getpid())
    if own and own.lab in labs:
        raise Failure("this shell belongs to the lab; leave it first")

    def left():
        others = [one for one in processes.marked() if one.pid != os.getpid()]
        labs.update(one.lab for one in others if one.is_orphan)
        return [one for one in others if one.lab in labs]

    processes.end(left)
    network.remove_links(labs)
