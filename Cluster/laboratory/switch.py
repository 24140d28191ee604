# SPDX-License-Identifier: Apache-2.0
"""The switch: one process that carries every IP packet between the workers of a lab.

    data of ap1 ─▶ read ─▶ cut? lost? ─▶ held until due ─▶ still not cut? ─▶ write ─▶ data of us1

1. A link is a directed pair of workers. Its packets leave in the order they came, whatever the
   jitter: a path of the internet hardly ever reorders, and TCP would take that for loss.
2. A cut is looked at when a packet comes and when it leaves, so it strikes what is under way too.
3. What is held has a bound; a packet beyond it is dropped and counted.

One thread, no policy: what is cut and how far things are apart it is told over a socket in the state
directory, one JSON object a datagram, one answer each.
"""

import heapq
import json
import os
import random
import select
import socket
import time

import network
from plan import Failure, Quality
from processes import go_first

PACKET_BYTES = 65_536
HELD_BYTES = 128 << 20  # 30 links of 200 Mbit/s and 140 ms
READ_BURST = 64
WRITE_BURST = 256
LATE_SECONDS = 0.005
IDLE_SECONDS = 60.0
REQUEST_BYTES = 1 << 17
SOCKET = "switch.sock"


class Link:
    """What goes from one worker to another."""

    __slots__ = (
        "source", "target", "out", "delay", "jitter", "loss", "is_cut", "last",
        "passed", "lost", "cut", "late", "worst",
    )  # fmt: skip

    def __init__(self, source, target, out, quality):
        self.source, self.target, self.out = source, target, out
        self.is_cut = False
        self.last = 0.0  # when the newest packet that is held is due
        self.passed = self.lost = self.cut = self.late = 0
        self.worst = 0.0  # seconds that a packet left too late
        self.take(quality)

    def take(self, quality):
        self.delay = quality.rtt_ms / 2000
        self.jitter = quality.jitter_ms / 1000
        self.loss = quality.loss


class Switch:
    def __init__(self, plan):
        self.plan = plan
        self.namespaces = {}
        self.devices = {}
        for worker in plan.workers:
            self.namespaces[worker.name], self.devices[worker.name] = network.make_namespace()
        self.links = {}
        self.routes = {}  # descriptor ⇒ address of the target, as in a packet ⇒ link
        for a in plan.workers:
            routes = self.routes[self.devices[a.name]] = {}
            for b in plan.workers:
                if a != b:
                    link = Link(a, b, self.devices[b.name], plan.quality(a, b))
                    self.links[a.name, b.name] = link
                    routes[socket.inet_aton(b.address)] = link
        self.queue = []  # heap of (due, number, link, packet)
        self.number = 0
        self.held = 0
        self.overflown = 0
        self.strangers = 0

    # Packets

    def run(self, control, watched, end):
        inputs = [control.fileno(), *self.routes]
        if watched:
            inputs.append(os.pidfd_open(watched))  # readable when the process has ended
        while True:
            wait = IDLE_SECONDS
            if self.queue:
                wait = max(0.0, self.queue[0][0] - time.monotonic())
            for descriptor in select.select(inputs, [], [], wait)[0]:
                if descriptor in self.routes:
                    self.receive(descriptor)
                elif descriptor == control.fileno():
                    self.answer(control)
                else:
                    inputs.remove(descriptor)
                    end()
            self.release()

    def receive(self, descriptor):
        """Reads what has come from one worker, and says when each packet leaves."""
        routes, queue, chance = self.routes[descriptor], self.queue, random.random
        now = time.monotonic()
        for _ in range(READ_BURST):
            try:
                packet = os.read(descriptor, PACKET_BYTES)
            except BlockingIOError:
                return
            link = routes.get(packet[16:20])
            if link is None:  # multicast, or nobody's address
                self.strangers += 1
            elif link.is_cut:
                link.cut += 1
            elif link.loss and chance() < link.loss:
                link.lost += 1
            elif self.held + len(packet) > HELD_BYTES:
                self.overflown += 1
            else:
                due = now + link.delay
                if link.jitter:
                    due += link.jitter * (2 * chance() - 1)
                due = link.last = max(due, link.last, now)
                self.number += 1
                self.held += len(packet)
                heapq.heappush(queue, (due, self.number, link, packet))

    def release(self):
        """Writes what is due, the oldest first."""
        queue, now = self.queue, time.monotonic()
        for _ in range(WRITE_BURST):
            if not queue or queue[0][0] > now:
                return
            due, _, link, packet = heapq.heappop(queue)
            self.held -= len(packet)
            if link.is_cut:
                link.cut += 1
                continue
            late = now - due
            if late > LATE_SECONDS:
                link.late += 1
            if late > link.worst:
                link.worst = late
            try:
                os.write(link.out, packet)
                link.passed += 1
            except OSError:  # The target's device is down: as lost as on a dead machine.
                link.lost += 1

    # Requests

    def answer(self, control):
        try:
            request, sender = control.recvfrom(REQUEST_BYTES)
        except BlockingIOError:
            return
        try:
            asked = json.loads(request)
            answer = getattr(self, f"do_{asked.pop('do')}")(**asked)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            answer = {"error": f"{type(error).__name__}: {error}"}
        try:
            control.sendto(json.dumps(answer).encode(), sender or "")
        except OSError:
            pass  # Whoever asked has gone.

    def do_describe(self):
        return {"pid": os.getpid(), "namespaces": self.namespaces}

    def do_cut(self, pairs):
        for source, target in pairs:
            self.links[source, target].is_cut = True
        return {}

    def do_shape(self, pairs, rtt_ms=None, jitter_ms=None, loss=None):
        for source, target in pairs:
            link = self.links[source, target]
            link.take(
                Quality(
                    link.delay * 2000 if rtt_ms is None else rtt_ms,
                    link.jitter * 1000 if jitter_ms is None else jitter_ms,
                    link.loss if loss is None else loss,
                )
            )
        return {}

    def do_heal(self):
        """As `up` made it."""
        for link in self.links.values():
            link.is_cut = False
            link.take(self.plan.quality(link.source, link.target))
        return {}

    def do_status(self):
        paths = {}
        for link in self.links.values():
            key = f"{link.source.region}-{link.target.region}"
            row = paths.setdefault(
                key, {"passed": 0, "lost": 0, "cut": 0, "late": 0, "worstLateMs": 0.0, "now": []}
            )
            for counter in ("passed", "lost", "cut", "late"):
                row[counter] += getattr(link, counter)
            row["worstLateMs"] = max(row["worstLateMs"], round(link.worst * 1000, 1))
            shape = [round(link.delay * 2000, 3), round(link.jitter * 1000, 3), link.loss]
            if shape not in row["now"]:
                row["now"].append(shape)
        return {
            "paths": paths,
            "cuts": [list(names) for names, link in self.links.items() if link.is_cut],
            "heldBytes": self.held, "overflown": self.overflown, "strangers": self.strangers,
        }  # fmt: skip


def serve(plan, directory, watched, end):
    """The switch's whole life: namespaces, then packets until it is killed.

    Calls `end` once when the process `watched`, if any, has ended.
    """
    switch = Switch(plan)
    go_first()
    control = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    control.setblocking(False)
    with short_path(directory) as path:
        control.bind(path)
    switch.run(control, watched, end)


class short_path:
    """The socket's path through a descriptor of its directory: an address has at most 107 bytes."""

    def __init__(self, directory):
        self.descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)

    def __enter__(self):
        return f"/proc/self/fd/{self.descriptor}/{SOCKET}"

    def __exit__(self, *_):
        os.close(self.descriptor)


def ask(directory, do, seconds=5.0, **arguments):
    """One request to the switch of a state directory."""
    client = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    with client, short_path(directory) as path:
        client.settimeout(seconds)
        client.bind("")  # A name of the kernel's choice, to be answered at.
        try:
            client.sendto(json.dumps({"do": do, **arguments}).encode(), path)
            answer = json.loads(client.recv(1 << 20))
        except OSError as error:
            raise Failure(f"the switch does not answer ({error}); next: Cluster/lab down")
    if "error" in answer:
        raise Failure(f"the switch refused '{do}': {answer['error']}")
    return answer
