# SPDX-License-Identifier: Apache-2.0
"""Network namespaces, the devices in them, and the links from the machine to each.

A namespace lives as long as a process is in it or holds it open; the switch holds all of a lab. No
name below /run/netns, no device that lasts: when the lab's processes are dead, the kernel has removed
everything.
"""

import contextlib
import ctypes
import fcntl
import json
import os
import re
import shutil
import socket
import struct
import subprocess

from plan import DATA_NETWORK_BITS, Failure

CLONE_NEWNET = 0x40000000  # sched.h
TUNSETIFF = 0x400454CA  # linux/if_tun.h
IFF_TUN, IFF_NO_PI = 0x0001, 0x1000
LABS = 256
QUEUE_PACKETS = 10_000  # until the switch reads them; the default of 500 is less than one window
PLACES = "/usr/sbin:/usr/bin:/sbin:/bin"

libc = ctypes.CDLL(None, use_errno=True)


def check(result, what):
    if result != 0:
        number = ctypes.get_errno()
        raise Failure(f"{what}: {os.strerror(number)}")


def make_namespace():
    """A new namespace with a device `data`: descriptors of both."""
    with kept_namespace():
        check(libc.unshare(CLONE_NEWNET), "a network namespace cannot be made")
        silence_ipv6()
        return os.open("/proc/self/ns/net", os.O_RDONLY), open_device("data")


@contextlib.contextmanager
def kept_namespace():
    """Comes back to the present namespace at the end."""
    home = os.open("/proc/self/ns/net", os.O_RDONLY)
    try:
        yield
    finally:
        check(libc.setns(home, CLONE_NEWNET), "no way back to the machine's network")
        os.close(home)


@contextlib.contextmanager
def inside(namespace):
    """Opens sockets in the namespace that a path leads to."""
    with kept_namespace():
        descriptor = os.open(namespace, os.O_RDONLY)
        try:
            check(libc.setns(descriptor, CLONE_NEWNET), f"{namespace} cannot be entered")
        finally:
            os.close(descriptor)
        yield


def silence_ipv6():
    """No neighbour discovery through the switch, where /proc/sys may be written."""
    for scope in ("all", "default"):
        with contextlib.suppress(OSError):
            with open(f"/proc/sys/net/ipv6/conf/{scope}/disable_ipv6", "w") as file:
                file.write("1")


def open_device(name):
    """A TUN device: whole IP packets are read and written; gone with its descriptor."""
    try:
        descriptor = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
        fcntl.ioctl(descriptor, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TUN | IFF_NO_PI))
    except OSError as error:
        raise Failure(f"/dev/net/tun: {error.strerror}; a container needs --device /dev/net/tun")
    return descriptor


def program(name):
    path = shutil.which(name, path=f"{os.environ.get('PATH', '')}:{PLACES}")
    if not path:
        raise Failure(f"no '{name}' on this machine: dev/install test")
    return path


def entering(namespace):
    """Words in front of a command that runs in the namespace a path leads to."""
    return [program("nsenter"), f"--net={namespace}", "--"]


def ip(*lines, before=()):
    """Runs lines of `ip`, all or none of what follows the first that fails."""
    asked = [*before, program("ip"), "-batch", "-"]
    ran = subprocess.run(asked, input="\n".join(lines) + "\n", capture_output=True, text=True)
    if ran.returncode != 0:
        raise Failure(f"ip: {ran.stderr.strip()}")


def claim_number(first, namespace):
    """Makes the first worker's management link under the first number that no lab has.

    The kernel makes a name once: of two labs that start together each gets another number.
    """
    told = subprocess.run(
        [program("ip"), "-4", "-o", "addr"], capture_output=True, text=True, check=True
    ).stdout
    taken = {int(found) for found in re.findall(r"\b198\.19\.(\d+)\.\d+", told)}
    for number in range(LABS):
        name = first.link(number)
        if number in taken or has_link(name):
            continue
        try:
            add_link(first, number, namespace)
            return number
        except Failure:
            if not has_link(name):
                raise
    raise Failure(f"{LABS} labs run on this machine already")


def has_link(name):
    return name in (link for _, link in socket.if_nameindex())


def add_link(worker, number, namespace):
    ip(f"link add {worker.link(number)} type veth peer name mgmt netns {namespace}")


def alias(lab):
    """What the machine's ends of a lab's links are called beside their names."""
    return f"tarn-lab-{lab}"


def connect(worker, number, namespace, gateway, lab):
    """Addresses on both ends of the management link, and on the data link.

    `gateway` is the machine's one address for all workers, where origins may listen.
    """
    outside, link = worker.outside(number), worker.link(number)
    ip(
        f"link set {link} alias {alias(lab)}",
        f"addr add {outside}/31 dev {link}",
        f"link set {link} up",
    )
    route = [] if outside == gateway else [f"route add {gateway}/32 via {outside} dev mgmt"]
    ip(
        "link set lo up",
        f"addr add {worker.address}/{DATA_NETWORK_BITS} dev data",
        f"link set data txqueuelen {QUEUE_PACKETS} up",
        f"addr add {worker.management(number)}/31 dev mgmt",
        "link set mgmt up",
        *route,
        before=entering(namespace),
    )


def remove_links(labs):
    """Removes what is left of these labs' links, at once: the kernel takes a while, or for as long
    as somebody else holds a namespace open."""
    if not labs:
        return
    aliases = {alias(lab) for lab in labs}
    told = subprocess.run([program("ip"), "-j", "link"], capture_output=True, text=True, check=True)
    for link in json.loads(told.stdout or "[]"):
        if link.get("ifalias") in aliases:
            with contextlib.suppress(Failure):  # The kernel may be faster.
                ip(f"link del {link['ifname']}")
