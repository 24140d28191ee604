# SPDX-License-Identifier: Apache-2.0
"""The verbs that look at a lab and measure it."""

import json
import pathlib
import shlex
import statistics
import time

import probes
import processes
import switch
from construction import namespaces_of, switch_of
from output import print_table, say
from plan import PEER_PORT, Failure, Wrong
from state import loaded


class Unanswered(Failure):
    status = 6


def status(options):
    state = loaded(options)
    rows = worker_rows(state)
    told = switch.ask(state.directory, "status") if switch_of(state) else None
    if options.output == "json":
        host = state.plan.workers[0].outside(state.number)
        document = {
            "state": str(state.directory), "number": state.number, "host": host,
            "workers": rows, "switch": told,
        }  # fmt: skip
        say(json.dumps(document, indent=1))
        return
    print_workers(state)
    say("")
    if told is None:
        raise Failure("the switch has ended: no worker reaches another; next: Cluster/lab down")
    print_paths(told)


def worker_rows(state):
    rows, running = [], processes.marked(state.id)
    for worker in state.plan.workers:
        lives = [one for one in running if one.role == worker.name]
        is_paused = any(one.is_paused for one in lives)
        rows.append(
            {
                "name": worker.name, "region": worker.region, "zone": worker.zone,
                "process": "paused" if is_paused else "runs" if lives else "ended",
                "pid": lives[0].pid if lives else None, "address": worker.address,
                "http": worker.http(state.number), "log": str(state.home(worker) / "log"),
            }
        )  # fmt: skip
    return rows


def print_workers(state):
    rows = worker_rows(state)
    print_table([["WORKER", "ZONE", "PROCESS", "DATA", "HTTP", "LOG"]] + [
        [one["name"], one["zone"], one["process"], one["address"], one["http"], one["log"]]
        for one in rows
    ])  # fmt: skip
    host = state.plan.workers[0].outside(state.number)
    say(f"This machine is {host} to every worker: for S3 servers of yours. file:// mounts: {state.origin}")


def print_paths(told):
    table = [["FROM-TO", "RTT", "JITTER", "LOSS", "PASSED", "LOST", "CUT", "LATE", "WORST"]]
    for key, row in sorted(told["paths"].items()):
        shapes = row["now"]
        one = shapes[0] if len(shapes) == 1 else None
        table.append([
            key, f"{one[0]:g} ms" if one else "various", f"{one[1]:g} ms" if one else "",
            f"{100 * one[2]:g} %" if one else "", row["passed"], row["lost"], row["cut"],
            row["late"], f"{row['worstLateMs']:g} ms",
        ])  # fmt: skip
    print_table(table)
    targets = {}
    for a, b in told["cuts"]:
        targets.setdefault(a, []).append(b)
    for a, names in targets.items():
        say(f"cut: {a} -> {', '.join(names)}")
    if told["overflown"]:
        say(f"dropped, too much was under way: {told['overflown']}")


def env(options):
    state = loaded(options)
    plan = state.plan
    chosen = plan.select(options.who) if options.who else plan.workers
    folder = pathlib.Path(state.facts["binary"]).parent
    say(f"export TARN_ADDR={','.join(worker.http(state.number) for worker in chosen)}")
    say(f"export TARN_LAB_HOST={plan.workers[0].outside(state.number)}")
    say(f"export TARN_LAB_ORIGIN={shlex.quote(str(state.origin))}")
    say(f"export PATH={shlex.quote(str(folder))}:$PATH")


def ping(options):
    state = loaded(options)
    plan, namespaces = state.plan, namespaces_of(state)
    found = []
    processes.go_first()
    for source, target in plan.between(options.a, options.b):
        address = (plan.worker(target).address, PEER_PORT)
        times = probes.handshakes(namespaces[source], address, options.count, options.timeout)
        found.append({"from": source, "to": target, "milliseconds": times})
    if options.output == "json":
        say(json.dumps(found, indent=1))
    else:
        for one in found:
            print_ping(one)
    if any(None in one["milliseconds"] for one in found):
        raise Unanswered("some did not answer")


def print_ping(one):
    times = [ms for ms in one["milliseconds"] if ms is not None]
    told = f"{one['from']} -> {one['to']}: {len(times)} of {len(one['milliseconds'])} answered"
    if times:
        middle = statistics.median(times)
        told += f", least {min(times):.1f} ms, median {middle:.1f} ms, most {max(times):.1f} ms"
    say(told)


def rate(options):
    state = loaded(options)
    plan, namespaces = state.plan, namespaces_of(state)
    a, b = plan.worker(options.a), plan.worker(options.b)
    if a == b:
        raise Wrong(f"'{a.name}' is one worker; two are needed")
    before = probes.processor_seconds(switch_of(state))
    began = time.monotonic()
    megabits = probes.megabits_per_second(
        namespaces[a.name], namespaces[b.name], b.address, options.flows, options.seconds
    )
    share = (probes.processor_seconds(switch_of(state)) - before) / (time.monotonic() - began)
    if options.output == "json":
        say(json.dumps({"megabitsPerSecond": megabits, "switchCores": round(share, 3)}))
    else:
        say(f"{a.name} -> {b.name}: {megabits:.0f} Mbit/s, the switch took {share:.2f} of a core")
