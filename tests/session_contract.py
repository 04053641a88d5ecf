"""What every session promises; inherited by the tests of the in-process server and of a real guest."""

from pathlib import Path

import pytest

from farm.errors import LostError, ProtocolError
from farm.session import Session

Captured = pytest.CaptureFixture[bytes]


class SessionContract:
    """Subclasses give the fixture `session`, and `place`: a folder in the guest that may be written to."""

    place = "/tmp"

    def test_a_command_returns_its_output(self, session: Session) -> None:
        assert session.run("echo one; echo two") == "one\ntwo\n"

    def test_a_command_gets_its_standard_input(self, session: Session) -> None:
        assert session.run("cat", b"through and back") == "through and back"

    def test_a_command_that_fails_is_an_error_with_its_output(self, session: Session) -> None:
        with pytest.raises(ProtocolError) as caught:
            session.run("echo why >&2; exit 3")
        assert "exit status 3" in caught.value.message

    def test_what_is_put_can_be_run(self, session: Session) -> None:
        session.put(b"#!/bin/sh\necho it runs\n", f"{self.place}/a program")
        assert session.run(f"'{self.place}/a program'") == "it runs\n"

    def test_a_large_file_arrives_whole(self, session: Session) -> None:
        session.put(bytes(range(256)) * 4096, f"{self.place}/large")
        assert session.run(f"wc -c <{self.place}/large").strip() == str(256 * 4096)

    def test_lines_come_one_by_one_also_the_last_without_an_end(self, session: Session) -> None:
        assert list(session.lines("printf 'a\\nb\\nc'", b"", 10)) == [b"a", b"b", b"c"]

    def test_a_line_without_end_is_an_error(self, session: Session) -> None:
        with pytest.raises(ProtocolError):
            list(session.lines("head -c 1000000 /dev/zero", b"", 10))

    def test_many_commands_share_the_connection(self, session: Session) -> None:
        assert [session.run(f"echo {n}") for n in range(5)] == [f"{n}\n" for n in range(5)]

    def test_a_shell_runs_what_is_piped_in_to_its_end_and_returns_the_last_status(
        self, session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: Captured
    ) -> None:
        typed = tmp_path / "typed"
        typed.write_text("echo one\necho two >&2\n(exit 3)\n")
        with typed.open() as standard_input:
            monkeypatch.setattr("sys.stdin", standard_input)
            assert session.shell() == 3
        assert capfdbinary.readouterr().out == b"one\ntwo\n"

    def test_after_hanging_up_every_command_says_that_the_guest_is_lost(self, session: Session) -> None:
        session.close()
        with pytest.raises(LostError):
            session.run("true")
