import struct
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from farm.errors import LostError
from farm.session import Keys, Session, make_keys
from tests.session_contract import SessionContract
from tests.ssh_server import Server

KEYS = make_keys()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    server = Server(KEYS, tmp_path)
    yield server
    server.close()


@pytest.fixture
def session(server: Server) -> Iterator[Session]:
    with Session(server.port, KEYS, 10) as session:
        yield session


class TestInProcess(SessionContract):
    @pytest.fixture(autouse=True)
    def own_place(self, tmp_path: Path) -> None:
        self.place = str(tmp_path)


def refused(server: Server, keys: Keys) -> str:
    with pytest.raises(LostError) as caught:
        Session(server.port, keys, 10)
    return caught.value.message


def test_another_host_key_than_the_pinned_one_is_refused(server: Server) -> None:
    assert "does not match" in refused(server, replace(KEYS, host=make_keys().host))


def test_another_client_key_is_refused(server: Server) -> None:
    assert "Authentication failed" in refused(server, replace(KEYS, client=make_keys().client))


def test_a_port_that_nobody_listens_on_is_a_lost_guest(server: Server) -> None:
    server.close()
    assert "no SSH connection to the guest" in refused(server, KEYS)


def test_a_guest_that_hangs_up_in_mid_command_is_lost(session: Session) -> None:
    with pytest.raises(LostError):
        session.run("hang up")


def test_two_runs_never_share_a_key() -> None:
    assert make_keys().client != make_keys().client


def test_the_host_key_has_dropbears_layout() -> None:
    keys = make_keys()
    name, rest = keys.host_dropbear[4:15], keys.host_dropbear[15:]
    assert keys.host_dropbear[:4] == struct.pack(">I", 11)
    assert name == b"ssh-ed25519"
    assert rest[:4] == struct.pack(">I", 64)
    assert keys.host.asbytes().endswith(rest[-32:])
