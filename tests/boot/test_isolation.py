"""What a guest reaches from inside: nothing. The same attempts arrive where QEMU lets them through: they are fit."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress

import pytest

from farm.guest import Guest, start
from farm.qemu import argv
from tests.boot.conftest import Bench

pytestmark = pytest.mark.qemu
# libslirp's gateway leads to the host's own loopback addresses.
SETUP = """
busybox route add default gw 10.0.2.2
echo 0 >/proc/sys/net/ipv6/conf/eth0/accept_dad
busybox ip -6 addr add fec0::5/64 dev eth0
true
"""
# A listener's address and kind, and how the guest asks for it at the address by which it would be reached.
TCP, UDP = socket.SOCK_STREAM, socket.SOCK_DGRAM
ATTEMPTS = {
    "TCP to the host's loopback": ("127.0.0.1", TCP, "busybox timeout 3 busybox nc -w 2 10.0.2.2 {port} </dev/null"),
    "UDP to the host's loopback": ("127.0.0.1", UDP, "busybox timeout 3 busybox tftp -g -r a 10.0.2.2 {port}"),
    "TCP to the host's loopback by IPv6": ("::1", TCP, "busybox timeout 3 busybox nc -w 2 fec0::2 {port} </dev/null"),
    "TCP to the host's outside": ("outside", TCP, "busybox timeout 3 busybox nc -w 2 {at} {port} </dev/null"),
}


def outside() -> str:
    """Return the host's own address on the way out, "" where it has none; nothing is sent."""
    with socket.socket(socket.AF_INET, UDP) as probe, suppress(OSError):
        probe.connect(("192.0.2.1", 9))
        return str(probe.getsockname()[0])
    return ""


@contextmanager
def listening() -> Iterator[dict[str, tuple[socket.socket, str]]]:
    """Yield, for each attempt that this host can be the target of, a socket that hears it, and its command."""
    with ExitStack() as stack:
        found = {}
        for name, (where, kind, how) in ATTEMPTS.items():
            at = outside() if where == "outside" else where
            ear = stack.enter_context(socket.socket(socket.AF_INET6 if ":" in at else socket.AF_INET, kind))
            with suppress(OSError):
                ear.bind((at or "192.0.2.1", 0))
                if kind == TCP:
                    ear.listen()
                ear.setblocking(False)
                found[name] = ear, how.format(at=at, port=ear.getsockname()[1])
        yield found


def heard(ear: socket.socket) -> bool:
    """Whether something has come; the guest has given its attempt up, so nothing is on its way."""
    try:
        if ear.type == TCP:
            ear.accept()[0].close()
        else:
            ear.recv(100)
    except BlockingIOError:
        return False
    return True


def reached(guest: Guest) -> dict[str, bool]:
    """Return which attempts from inside of the guest came to a listener on this host."""
    guest.session.run(SETUP)
    with listening() as ears:
        for _, command in ears.values():
            guest.session.run(f"{command}; true")
        return {name: heard(ear) for name, (ear, _) in ears.items()}


def test_the_guest_reaches_nothing_on_the_host_or_beyond(bench: Bench) -> None:
    cell = bench.cell("6.12", "x86_64")
    with start(cell, bench.prepared(cell)) as guest:
        found = reached(guest)
        assert "TCP to the host's loopback" in found
        assert dict.fromkeys(found, False) == found


def test_the_same_attempts_arrive_where_qemu_lets_them_through(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    cell = bench.cell("6.12", "x86_64")
    usual = argv.network
    monkeypatch.setattr(
        argv, "network", lambda arch: [word.replace("restrict=on", "restrict=off") for word in usual(arch)]
    )
    with start(cell, bench.prepared(cell)) as guest:
        found = reached(guest)
        assert dict.fromkeys(found, True) == found
