"""A guest's SSH server in this process: paramiko's own server, running commands with the host's shell."""

import contextlib
import socket
import subprocess
import threading
from pathlib import Path

import paramiko
from paramiko.common import AUTH_FAILED, AUTH_SUCCESSFUL, OPEN_SUCCEEDED

from farm.session import Keys


class Door(paramiko.ServerInterface):
    def __init__(self, keys: Keys, folder: Path) -> None:
        self.keys = keys
        self.folder = folder

    def check_auth_publickey(self, username: str, key: paramiko.PKey) -> int:
        right = username == "root" and key == self.keys.client
        return AUTH_SUCCESSFUL if right else AUTH_FAILED

    def get_allowed_auths(self, _username: str) -> str:
        return "publickey"

    def check_channel_request(self, _kind: str, _chanid: int) -> int:
        return OPEN_SUCCEEDED

    def check_channel_exec_request(self, channel: paramiko.Channel, command: bytes) -> bool:
        threading.Thread(target=self.serve, args=(channel, command.decode()), daemon=True).start()
        return True

    def check_channel_shell_request(self, channel: paramiko.Channel) -> bool:
        return self.check_channel_exec_request(channel, b"sh")

    def serve(self, channel: paramiko.Channel, command: str) -> None:
        # A client that hangs up in the middle is what some tests are about.
        with contextlib.suppress(EOFError, OSError, paramiko.SSHException):
            self.answer(channel, command)

    def answer(self, channel: paramiko.Channel, command: str) -> None:
        if command == "hang up":
            channel.get_transport().close()
            return
        data = bytearray()
        while chunk := channel.recv(65536):
            data += chunk
        done = subprocess.run(
            ["sh", "-c", command], input=bytes(data), capture_output=True, cwd=self.folder, check=False
        )
        channel.sendall(done.stdout)
        channel.sendall_stderr(done.stderr)
        channel.send_exit_status(done.returncode)
        channel.close()


class Server:
    """Listens on a free port of 127.0.0.1 until it is closed."""

    def __init__(self, keys: Keys, folder: Path) -> None:
        self.keys = keys
        self.folder = folder
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.transports: list[paramiko.Transport] = []
        self.closed = False
        self.thread = threading.Thread(target=self.accept, daemon=True)
        self.thread.start()

    def accept(self) -> None:
        while True:
            try:
                link, _ = self.listener.accept()
            except OSError:
                return
            transport = paramiko.Transport(link)
            transport.add_server_key(self.keys.host)
            self.transports.append(transport)
            try:
                transport.start_server(server=Door(self.keys, self.folder))
            except (paramiko.SSHException, EOFError):
                transport.close()

    def close(self) -> None:
        if self.closed:
            return
        self.closed = True
        # Closing alone leaves a thread that waits in accept() listening.
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join()
        for transport in self.transports:
            transport.close()
