"""Exit statuses and the one line that says what is wrong, by ./inv's program and by plain invoke."""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path

import pytest
from invoke.collection import Collection
from invoke.context import Context
from invoke.program import Program

from farm.errors import InfraError, PlanError
from farm.program import Farm, command, one_line
from farm.settings import ROOT


@command()
def answers(_: Context, status: str = "0") -> int:
    """Answer with a status."""
    return int(status)


@command()
def nothing(_: Context) -> None:
    """Answer with nothing, which is 0."""


@command()
def typo(_: Context) -> int:
    """Fail as a user's mistake does."""
    raise PlanError("no kernel '6.13'", hint="did you mean\n6.12?")


@command()
def full(_: Context) -> int:
    """Fail as a program of the host does."""
    raise InfraError("mkfs.ext4: exit status 1", tail="line 1\nno space left")


@command()
def bug(_: Context) -> int:
    """Fail as a programming error does."""
    raise KeyError("absent")


@command()
def stopped(_: Context) -> int:
    """Be interrupted."""
    raise KeyboardInterrupt


COLLECTION = Collection(answers, nothing, typo, full, bug, stopped)
PROGRAMS = {"./inv": Farm, "plain invoke": Program}


def status(program: Program, *argv: str) -> object:
    try:
        program.run(["inv", *argv])
    except SystemExit as stop:
        return stop.code
    return 0


@pytest.fixture(params=PROGRAMS)
def program(request: pytest.FixtureRequest) -> Program:
    made: Program = PROGRAMS[request.param](namespace=COLLECTION)
    return made


@pytest.mark.parametrize("wanted", [0, 1, 2, 3])
def test_a_task_exits_with_the_status_that_it_returns(program: Program, wanted: int) -> None:
    assert wanted == status(program, "answers", "--status", str(wanted))


def test_a_task_without_an_answer_exits_with_0(program: Program) -> None:
    assert status(program, "nothing") == 0


def test_an_error_of_the_farm_is_one_line_with_its_hint(program: Program, capsys: pytest.CaptureFixture[str]) -> None:
    assert status(program, "typo") == 3
    assert ("", "inv: no kernel '6.13'; did you mean 6.12?\n") == capsys.readouterr()


def test_evidence_of_an_error_follows_it(program: Program, capsys: pytest.CaptureFixture[str]) -> None:
    assert status(program, "full") == 3
    assert capsys.readouterr().err == "inv: mkfs.ext4: exit status 1\n    line 1\n    no space left\n"


def test_a_programming_error_exits_with_3_and_keeps_its_traceback(
    program: Program, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert status(program, "bug") == 3
    kept = tmp_path / "cache" / "last-error.txt"
    expected = f"inv: a fault of the farm itself: KeyError: 'absent'; the traceback is in {kept}\n"
    assert expected == capsys.readouterr().err
    assert kept.read_text().startswith("Traceback (most recent call last):\n")


def test_an_interrupt_is_no_answer(program: Program, capsys: pytest.CaptureFixture[str]) -> None:
    assert status(program, "stopped") == 130
    assert capsys.readouterr().err == "inv: interrupted; what was finished is kept\n"


def test_tasks_run_one_after_the_other_until_one_does_not_answer_0(program: Program) -> None:
    assert status(program, "nothing", "answers", "--status", "2", "bug") == 2


USAGE = [
    (["mtrix"], "unknown task 'mtrix'; did you mean matrix?"),
    (["plan", "--kernel", "6.1"], "unknown option '--kernel'; did you mean --kernels?"),
    (["plan", "6.1"], "plan takes no '6.1' here; ./inv plan --help shows what it takes"),
    (["--help", "pln"], "unknown task 'pln'; did you mean plan?"),
    (["diff", "6.1"], "'diff' did not receive required positional arguments: 'new'"),
    (["lint", "--hard"], "unknown option '--hard'; lint has no options"),
    (["matrix", "--arches", "x86"], "--arches: unknown architecture 'x86'; did you mean x86_64?"),
    (["matrix", "--jobs", "two"], "--jobs: jobs must be a number from 1 to 256, not 'two'"),
    (["matrix", "--repeat", "0"], "--repeat: a number from 1 to 1000 is expected, not '0'"),
    (["plan", "--matrix", "absent.yaml"], "absent.yaml: No such file or directory; --matrix names another file"),
    (["diff", "1", "2", "--format", "jsn"], "--format: unknown format 'jsn'; did you mean json?"),
]


@pytest.mark.parametrize(("argv", "message"), USAGE, ids=[" ".join(argv) for argv, _ in USAGE])
def test_a_wrong_command_line_exits_with_3_and_names_the_nearest_word(
    argv: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert status(Farm(name="inv", binary="inv"), *argv) == 3
    assert f"inv: {message}\n" == capsys.readouterr().err


def test_the_tasks_are_found_from_anywhere(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert status(Farm(name="inv", binary="inv"), "--list") == 0
    tasks = ["bench", "bisect", "diff", "doctor", "export", "kernels", "lint", "matrix", "merge", "plan", "profile"]
    tasks += ["publish", "report", "shell", "test", "upgrade", "worker"]
    shown = [
        line.split()[0] for line in capsys.readouterr().out.splitlines() if line.startswith("  ") and line[2] != " "
    ]
    assert tasks == shown


NAMED = {
    "upgrade 6.12 7.3": "upgrade --old 6.12 --new 7.3",
    "upgrade --profile x.yaml 6.12 --no-run 7.3": "upgrade --profile x.yaml --old 6.12 --no-run --new 7.3",
    "upgrade --profile=x.yaml 6.12 7.3 7.4": "upgrade --profile=x.yaml --old 6.12 --new 7.3 7.4",
    "merge one two --check three": "merge --folders one --folders two --check --folders three",
    "diff 6.12 7.3 --arch arm64": "diff 6.12 7.3 --arch arm64",
    "nonsense 6.12": "nonsense 6.12",
    "": "",
}


@pytest.mark.parametrize("typed", NAMED)
def test_loose_words_get_the_names_of_their_options(typed: str) -> None:
    program = Farm(name="inv", binary="inv")
    program.create_config()
    program.parse_core(["inv"])
    program.parse_collection()
    assert NAMED[typed].split() == program.named(typed.split())


def test_without_a_task_the_tasks_are_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert status(Farm(name="inv", binary="inv")) == 0
    assert "Run every cell that has no answer yet" in capsys.readouterr().out


def test_plain_invoke_knows_the_same_options(capsys: pytest.CaptureFixture[str]) -> None:
    helps = []
    for made in (Farm(name="inv", binary="inv"), Program(name="inv", binary="inv")):
        assert status(made, "--search-root", str(ROOT), "matrix", "--help") == 0
        helps.append(capsys.readouterr().out)
    assert helps[0] == helps[1]


def test_options_have_no_short_forms(capsys: pytest.CaptureFixture[str]) -> None:
    assert status(Farm(name="inv", binary="inv"), "matrix", "--help") == 0
    options = [line.strip() for line in capsys.readouterr().out.splitlines() if line.strip().startswith("-")]
    assert options
    assert all(option.startswith("--") for option in options)


def test_a_reader_that_has_enough_is_no_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    reading, writing = os.pipe()
    os.close(reading)

    @command()
    def chatty(_: Context) -> int:
        """Print to a pipe that nobody reads."""
        print("x" * 100_000)
        return 0

    with io.TextIOWrapper(os.fdopen(writing, "wb"), write_through=True) as pipe:
        monkeypatch.setattr(sys, "stdout", pipe)
        assert status(Farm(namespace=Collection(chatty)), "chatty") == 141


def test_a_message_without_a_hint_ends_with_itself() -> None:
    assert one_line(PlanError("what")) == "what"
