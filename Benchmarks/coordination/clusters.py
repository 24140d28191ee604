# SPDX-License-Identifier: Apache-2.0
"""Three voters of etcd or of Tarn on loopback, started, killed and ended by their ids."""

import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time

NAMES = ["w1", "w2", "w3"]
END_SECONDS = 15
LEAST_FREE_FILES = 4096


class Failure(Exception):
    """Nothing can be measured; says why."""


def free_ports(count):
    held = [socket.socket() for _ in range(count)]
    for one in held:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in held]
    for one in held:
        one.close()
    return ports


class Cluster:
    """What both have in common; `arguments(name)` and `identity(name)` are the difference."""

    ports_each = 0

    def __init__(self, binary, parent):
        self.binary = pathlib.Path(binary)
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix=f"{self.kind}-", dir=parent))
        ports = free_ports(self.ports_each * len(NAMES))
        self.ports = {
            name: ports[self.ports_each * i : self.ports_each * (i + 1)]
            for i, name in enumerate(NAMES)
        }
        self.processes = {}
        self.logs = []

    def start(self, names=NAMES):
        for name in names:
            home = self.directory / name
            home.mkdir(exist_ok=True)
            log = open(home / "log", "ab")
            self.logs.append(log)
            self.processes[name] = subprocess.Popen(
                [self.binary, *self.arguments(name)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=home,
            )

    def members(self):
        """For the driver: NAME=HOST:PORT/PID each."""
        options = []
        for name in NAMES:
            pid = self.processes[name].pid
            options += ["--member", f"{self.identity(name)}=127.0.0.1:{self.ports[name][0]}/{pid}"]
        return ["--store", self.kind, *options]

    def name_of(self, identity):
        return next(name for name in NAMES if self.identity(name) == identity)

    def restart(self, name):
        """A member whose process was killed comes back with its disk."""
        self.processes[name].wait(timeout=END_SECONDS)
        self.start([name])

    def processor_seconds(self):
        """User and system time of the three so far."""
        ticks = 0
        for process in self.processes.values():
            fields = pathlib.Path(f"/proc/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()
            ticks += int(fields[11]) + int(fields[12])
        return ticks / os.sysconf("SC_CLK_TCK")

    def memory_mib(self):
        """Resident memory of each, and what of it is not backed by files; MiB."""
        answer = {}
        for name, process in self.processes.items():
            lines = pathlib.Path(f"/proc/{process.pid}/status").read_text().splitlines()
            fields = dict(line.split(":", 1) for line in lines if ":" in line)
            answer[name] = {
                field: int(fields[field].split()[0]) / 1024 for field in ("VmRSS", "RssAnon")
            }
        return answer

    def remove(self, keep=False):
        for process in self.processes.values():
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + END_SECONDS
        for process in self.processes.values():
            try:
                process.wait(timeout=max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        for log in self.logs:
            log.close()
        if not keep:
            shutil.rmtree(self.directory, ignore_errors=True)


class Etcd(Cluster):
    kind = "etcd"
    ports_each = 2

    def __init__(self, binary, parent):
        super().__init__(binary, parent)
        self.identities = {}

    def arguments(self, name):
        client, peer = self.ports[name]
        everybody = ",".join(f"{n}=http://127.0.0.1:{p[1]}" for n, p in self.ports.items())
        return [
            "--name", name, "--data-dir", self.directory / name / "data",
            "--listen-client-urls", f"http://127.0.0.1:{client}",
            "--advertise-client-urls", f"http://127.0.0.1:{client}",
            "--listen-peer-urls", f"http://127.0.0.1:{peer}",
            "--initial-advertise-peer-urls", f"http://127.0.0.1:{peer}",
            "--initial-cluster", everybody, "--initial-cluster-state", "new",
        ]  # fmt: skip

    def identity(self, name):
        return self.identities.get(name, name)

    def learn_identities(self):
        """etcd names its members by numbers that it makes itself."""
        asked = [self.binary.parent / "etcdctl", "--endpoints"]
        asked += [f"127.0.0.1:{self.ports[NAMES[0]][0]}", "member", "list"]
        listed = subprocess.run(asked, capture_output=True, text=True, check=True, timeout=30)
        for line in listed.stdout.splitlines():
            number, _, name = line.split(", ")[:3]
            self.identities[name] = number


class Tarn(Cluster):
    kind = "tarn"
    ports_each = 4

    def arguments(self, name):
        home = self.directory / name
        http, s3, data, peer = (f"127.0.0.1:{port}" for port in self.ports[name])
        join = ",".join(f"127.0.0.1:{ports[3]}" for ports in self.ports.values())
        return [
            "worker", "start", "--name", name, "--zone", name,
            "--data-dir", home / "data", "--cache", f"{home}/cache=1GiB",
            "--data-socket", home / "data.sock", "--join", join,
            "--listen-http", http, "--listen-s3", s3, "--listen-data", data, "--listen-peer", peer,
        ]  # fmt: skip

    def identity(self, name):
        return name

    def learn_identities(self):
        pass
