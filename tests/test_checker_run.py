"""The checker on the machine's own kernel: endings, words, the protocol, and that nothing is left behind."""

import json
from pathlib import Path

import pytest

from farm import build, catalogue, protocol
from farm.arches import ARCHES
from farm.types import Ending, Record
from tests.checker_native import Made, build_in, can_run, guest_folder, output, records, run
from tests.golden import expect

pytestmark = [pytest.mark.cc, pytest.mark.skipif(not can_run(), reason="the checker is built for x86_64")]

MADE = Made(
    {
        "answers": 'saw("word", "yes"); saw("number", 3); saw("text_number", "12");',
        "dies": "char *at = anon(1, 'k'); call(munmap, at, pages(1)); *at = 1;",
        "hangs": 'saw("before", "yes"); for (;;) ;',
        "breaks": 'broken("no %s", "luck");',
        "needs_dax": 'saw("word", "yes");',
        "twice": 'saw("word", "yes"); saw("word", "no");',
        "escapes": 'note("a \\"quoted\\" \\\\ line \\x01\\xff");',
        "catches": 'saw("read", peek(NULL)); saw("write", poke(anon_with(1, 0, PROT_READ, MAP_PRIVATE), \'w\'));',
        "child": (
            "char *at = anon(1, 'k'); in_child { poke(at, 'c'); saw(\"child\", peek(at)); }saw(\"parent\", peek(at));"
        ),
        "child_breaks": 'in_child { broken("in the child"); } saw("word", "yes");',
        "child_returns": 'in_child { return; } saw("word", "yes");',
        "leaves_a_process": 'other_process(); saw("word", "yes");',
        "ends_early": "call(kill, call(getpid), 9);",
        "placed": (
            'long at = call(mmap, NOWHERE, pages(1), RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);saw("place", at >> 12);'
        ),
    },
    needs={"needs_dax": "dax"},
)


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, object]]:
    program = build_in(guest_folder(tmp_path_factory.mktemp("checker"), MADE))
    ids = [f"test.one.{name}" for name in MADE.bodies]
    return run(program, [*ids, "test.one.unknown"], "--deadline", "1", "--gives", "ext4")


@pytest.fixture(scope="module")
def found(said: list[dict[str, object]]) -> dict[str, dict[str, object]]:
    return records(said)


@pytest.mark.parametrize(
    ("name", "end", "why"),
    [
        ("answers", "answered", None),
        ("dies", "died", "SIGSEGV"),
        ("hangs", "hung", "killed at its deadline"),
        ("breaks", "broken", "no luck"),
        ("needs_dax", "unmet", "needs dax, which this variant does not give"),
        ("twice", "broken", "the word word is said twice"),
        ("child_breaks", "broken", "in the child"),
        ("child_returns", "answered", None),
        ("leaves_a_process", "answered", None),
        ("ends_early", "died", "SIGKILL"),
        ("unknown", "broken", "this checker has no such probe"),
    ],
)
def test_every_ending_is_told_with_its_reason(
    found: dict[str, dict[str, object]], name: str, end: str, why: str | None
) -> None:
    assert (found[name]["end"], found[name].get("why")) == (end, why)


def test_a_text_that_is_a_number_is_one(found: dict[str, dict[str, object]]) -> None:
    assert found["answers"]["saw"] == {"word": "yes", "number": 3, "text_number": 12}


def test_what_was_seen_before_a_probe_hung_is_kept(found: dict[str, dict[str, object]]) -> None:
    assert found["hangs"]["saw"] == {"before": "yes"}


def test_a_trace_tells_what_led_to_the_death(found: dict[str, dict[str, object]]) -> None:
    assert found["dies"]["trace"] == [
        "mmap(A, 1p, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = A",
        "A, 1p: filled from 'k'",
        "munmap(A, 1p) = 0",
    ]


def test_faults_are_caught_and_named_with_their_code(found: dict[str, dict[str, object]]) -> None:
    assert found["catches"]["saw"] == {"read": "SIGSEGV/MAPERR", "write": "SIGSEGV/ACCERR"}


def test_a_child_has_its_own_memory_and_its_words_count(found: dict[str, dict[str, object]]) -> None:
    assert found["child"]["saw"] == {"child": "c", "parent": "k"}


def test_bytes_that_are_no_text_are_escaped(found: dict[str, dict[str, object]]) -> None:
    assert found["escapes"]["trace"] == ['a "quoted" \\ line \x01\xff']


def test_every_line_is_one_that_the_protocol_allows(tmp_path: Path) -> None:
    program = build_in(guest_folder(tmp_path, MADE))
    said = run(program, ["test.one.answers", "test.one.needs_dax"], "--ruled-out", "dax=CONFIG_FS_DAX is not set")
    messages = [protocol.parse(json.dumps(one).encode()) for one in said]
    assert [type(one).__name__ for one in messages] == ["Hello", "Start", "Record", "Start", "Record", "Done"]
    assert messages[4] == Record("test.one.needs_dax", Ending.UNMET, why="CONFIG_FS_DAX is not set")


def test_addresses_are_not_random_whatever_the_environment_holds(tmp_path: Path) -> None:
    program = build_in(guest_folder(tmp_path, MADE))
    runs = [records(run(program, ["test.one.placed"]))["placed"]["saw"] for _ in range(3)]
    assert runs[0] == runs[1] == runs[2]


def test_the_tracer_prints_what_it_always_printed() -> None:
    program = build.checker(ARCHES["x86_64"].target, catalogue.load())
    expect("trace.txt", output(program, "selftest"))


def test_the_checker_lists_the_catalogues_probes() -> None:
    known = catalogue.load()
    program = build.checker(ARCHES["x86_64"].target, known)
    assert output(program, "list").split() == sorted(known.probes)
