# SPDX-License-Identifier: Apache-2.0
"""Measuring the links of a lab from inside its networks.

A socket belongs to the namespace that it was made in, so one process can hold both ends.
"""

import contextlib
import os
import pathlib
import socket
import threading
import time

from network import inside
from plan import Failure

WARM_UP_SECONDS = 3  # until TCP has found the window
BLOCK_BYTES = 1 << 18


def handshakes(namespace, address, count, seconds):
    """Milliseconds of `count` TCP handshakes, or of refusals; `None` for each that was not answered.

    Either is one round trip through the kernels alone, whether the worker runs, is paused or dead.
    """
    with inside(namespace):
        return [handshake(address, seconds) for _ in range(count)]


def handshake(address, seconds):
    with socket.socket() as one:
        one.settimeout(seconds)
        began = time.monotonic()
        try:
            one.connect(address)
        except ConnectionRefusedError:
            pass
        except OSError:
            return None
        return round(1000 * (time.monotonic() - began), 2)


def megabits_per_second(source, target, host, flows, seconds):
    """What arrives in `seconds` after the warm-up, over `flows` connections together."""
    senders, receivers = connections(source, target, host, flows)
    counts = [0] * flows
    threads = [threading.Thread(target=pour, args=[one], daemon=True) for one in senders]
    threads += [
        threading.Thread(target=drain, args=[one, counts, i], daemon=True)
        for i, one in enumerate(receivers)
    ]
    try:
        for thread in threads:
            thread.start()
        time.sleep(WARM_UP_SECONDS)
        before, began = sum(counts), time.monotonic()
        time.sleep(seconds)
        return (sum(counts) - before) * 8 / 1e6 / (time.monotonic() - began)
    finally:
        for one in senders + receivers:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)  # wakes its thread
        for thread in threads:
            thread.join()
        for one in senders + receivers:
            one.close()


def connections(source, target, host, flows):
    with inside(target):
        listener = socket.create_server((host, 0), backlog=flows)
    senders, receivers = [], []
    with listener:
        listener.settimeout(10)
        try:
            with inside(source):
                for _ in range(flows):
                    senders.append(socket.create_connection(listener.getsockname(), timeout=10))
                    receivers.append(listener.accept()[0])
        except OSError as error:
            raise Failure(f"no connection to {host}: {error}")
    for one in senders + receivers:
        one.settimeout(None)
    return senders, receivers


def pour(connection):
    block = bytes(BLOCK_BYTES)
    try:
        while True:
            connection.sendall(block)
    except OSError:
        pass  # shut down


def drain(connection, counts, index):
    buffer = bytearray(BLOCK_BYTES)
    try:
        while count := connection.recv_into(buffer):
            counts[index] += count
    except OSError:
        pass  # cut off


def processor_seconds(processes):
    """User and system time so far."""
    ticks = 0
    for process in processes:
        fields = pathlib.Path(f"/proc/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")
