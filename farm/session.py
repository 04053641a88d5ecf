"""The only place that speaks SSH: connect with pinned keys, run, push, stream, and an interactive shell."""

from __future__ import annotations

import io
import logging
import select
import shlex
import shutil
import struct
import sys
import termios
import tty
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Self

import paramiko
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from farm.errors import LostError, ProtocolError

# Its transport logs a traceback for every guest that goes away; the farm reports that in its own words.
logging.getLogger("paramiko").setLevel(logging.CRITICAL)

HOST = "127.0.0.1"
CHUNK = 65536
MAX_OUTPUT = 4 << 20
MAX_LINE = 256 << 10


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys of one run: the farm's, which the guest lets in, and the guest's, which the farm pins."""

    client: paramiko.Ed25519Key
    host: paramiko.Ed25519Key
    host_dropbear: bytes = field(repr=False)

    @property
    def authorized(self) -> bytes:
        """The line for the guest's authorized_keys."""
        return f"{self.client.get_name()} {self.client.get_base64()}\n".encode()


def _paramiko_key(key: Ed25519PrivateKey) -> paramiko.Ed25519Key:
    text = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption()
    )
    return paramiko.Ed25519Key.from_private_key(io.StringIO(text.decode()))


def _string(data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + data


def make_keys() -> Keys:
    """Return new keys for one run; they live in memory and in that run's initramfs only.

    dropbear reads its host key as SSH strings: the name, then seed and public key together.
    """
    host = Ed25519PrivateKey.generate()
    dropbear = _string(b"ssh-ed25519") + _string(host.private_bytes_raw() + host.public_key().public_bytes_raw())
    return Keys(_paramiko_key(Ed25519PrivateKey.generate()), _paramiko_key(host), dropbear)


@contextmanager
def lost(what: str) -> Iterator[None]:
    """Turn everything that a vanished guest makes paramiko raise into LostError."""
    try:
        yield
    except (paramiko.SSHException, EOFError, OSError) as error:
        raise LostError(f"{what}: {error or type(error).__name__}") from error


class Session:
    """An SSH connection to a guest; the transport stays open until `close`. All timeouts in seconds."""

    def __init__(self, port: int, keys: Keys, timeout: float) -> None:
        self._how = (port, keys, timeout)
        self._client = paramiko.SSHClient()
        self._client.set_missing_host_key_policy(paramiko.RejectPolicy())
        self._client.get_host_keys().add(f"[{HOST}]:{port}", keys.host.get_name(), keys.host)
        with lost("no SSH connection to the guest"):
            self._client.connect(
                HOST,
                port,
                username="root",
                pkey=keys.client,
                allow_agent=False,
                look_for_keys=False,
                timeout=timeout,
                banner_timeout=timeout,
                auth_timeout=timeout,
            )

    def _open(self, command: str, timeout: float) -> paramiko.Channel:
        transport = self._client.get_transport()
        if transport is None:
            raise LostError(f"{command}: the connection is closed")
        channel = transport.open_session(timeout=timeout)
        channel.settimeout(timeout)
        channel.exec_command(command)
        return channel

    def run(self, command: str, data: bytes = b"", timeout: float = 30) -> str:
        """Run `command` in the guest with `data` on its standard input; return its output.

        Raises LostError where the guest went away, ProtocolError where the status is not 0.
        """
        with lost(command), self._open(command, timeout) as channel:
            channel.sendall(data)
            channel.shutdown_write()
            output = bytearray()
            while (chunk := channel.recv(CHUNK)) and len(output) < MAX_OUTPUT:
                output += chunk
            errors = channel.recv_stderr(CHUNK) if channel.recv_stderr_ready() else b""
            status = _status(channel, timeout)
        text = output.decode(errors="replace")
        if status == -1:
            raise LostError(f"{command}: the guest hung up before it was done", tail=text)
        if status != 0:
            raise ProtocolError(f"{command}: exit status {status}", tail=text + errors.decode(errors="replace"))
        return text

    def put(self, data: bytes, path: str, timeout: float = 60) -> None:
        """Make the executable file `path` in the guest; there is no sftp server, so through standard input."""
        quoted = shlex.quote(path)
        self.run(f"cat >{quoted} && chmod 755 {quoted}", data, timeout)

    def lines(self, command: str, data: bytes, timeout: float) -> Iterator[bytes]:
        """Run `command` and yield its output by lines; `timeout` bounds the silence between two of them.

        Raises LostError when the guest goes away or falls silent, ProtocolError on a line without end.
        """
        with lost(command), self._open(command, timeout) as channel:
            channel.sendall(data)
            channel.shutdown_write()
            rest = b""
            while chunk := channel.recv(CHUNK):
                *whole, rest = (rest + chunk).split(b"\n")
                yield from whole
                if len(rest) > MAX_LINE:
                    raise ProtocolError(f"{command}: a line of more than {MAX_LINE} bytes")
            if rest:
                yield rest
            # dropbear drops the whole connection when a channel is closed before its process was reaped.
            _status(channel, timeout)

    def shell(self) -> int:
        """Join the terminal, or what is piped in, to a shell in the guest until it ends; return its exit status."""
        with lost("shell"):
            transport = self._client.get_transport()
            assert transport is not None
            channel = transport.open_session()
            # At the end of its input newer dropbears hang up a terminal, and with it commands that still run.
            if sys.stdin.isatty():
                channel.get_pty("vt100", *shutil.get_terminal_size())
            channel.set_combine_stderr(True)
            channel.invoke_shell()
            _join(channel)
            return channel.recv_exit_status()

    def again(self) -> Session:
        """Return a second connection to the same guest."""
        return Session(*self._how)

    def close(self) -> None:
        """Hang up."""
        self._client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _status(channel: paramiko.Channel, timeout: float) -> int:
    """Wait for the exit status; -1 where the connection was lost before it came."""
    if not channel.status_event.wait(timeout):
        raise LostError(f"no exit status within {timeout:.0f} s")
    return channel.recv_exit_status()


def _join(channel: paramiko.Channel) -> None:
    terminal = sys.stdin.isatty()
    saved = termios.tcgetattr(sys.stdin) if terminal else None
    try:
        if terminal:
            tty.setraw(sys.stdin)
        _pump(channel, [channel, sys.stdin])
    finally:
        if saved is not None:
            termios.tcsetattr(sys.stdin, termios.TCSADRAIN, saved)


def _pump(channel: paramiko.Channel, sources: list[Any]) -> None:
    while True:
        ready, _, _ = select.select(sources, [], [])
        if channel in ready:
            data = channel.recv(CHUNK)
            if not data:
                return
            sys.stdout.buffer.write(data)
            sys.stdout.flush()
        if sys.stdin in ready:
            typed = sys.stdin.buffer.raw.read(1024)  # type: ignore[union-attr]
            if typed:
                channel.sendall(typed)
            else:
                channel.shutdown_write()
                sources.remove(sys.stdin)
