import contextlib
import json

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from farm.errors import ProtocolError
from farm.protocol import Done, Hello, Message, Start, parse
from farm.types import Ending, Record

GOOD: list[tuple[dict[str, object], Message]] = [
    (
        {"hello": 1, "page_size": 4096, "release": "6.12.1-cloud-amd64", "machine": "x86_64"},
        Hello(4096, "6.12.1-cloud-amd64", "x86_64"),
    ),
    ({"start": "mmap.create_vma.anon"}, Start("mmap.create_vma.anon")),
    (
        {"probe": "mmap.create_vma.anon", "end": "answered", "saw": {"mmap": "ok", "n": 3}, "trace": ["mmap() = A"]},
        Record("mmap.create_vma.anon", Ending.ANSWERED, {"mmap": "ok", "n": 3}, trace=("mmap() = A",)),
    ),
    (
        {"probe": "mmap.create_vma.anon", "end": "unmet", "why": "needs dax", "saw": {}, "trace": []},
        Record("mmap.create_vma.anon", Ending.UNMET, why="needs dax"),
    ),
    ({"done": 12}, Done(12)),
]

BAD = {
    "no JSON": b"Segmentation fault",
    "a list": b"[]",
    "an unknown kind": b'{"bye": 1}',
    "another protocol": b'{"hello": 2, "page_size": 4096, "release": "x", "machine": "y"}',
    "a page size of zero": b'{"hello": 1, "page_size": 0, "release": "x", "machine": "y"}',
    "a page size that is true": b'{"hello": 1, "page_size": true, "release": "x", "machine": "y"}',
    "an id that is a path": b'{"start": "../../etc/passwd"}',
    "an id with markup": b'{"start": "a.b.<script>"}',
    "an ending that is the host's": b'{"probe": "a.b.c", "end": "lost", "why": "x"}',
    "an ending that is no ending": b'{"probe": "a.b.c", "end": "passed"}',
    "an ending that is a list": b'{"probe": "a.b.c", "end": ["answered"]}',
    "no reason": b'{"probe": "a.b.c", "end": "died"}',
    "words in a list": b'{"probe": "a.b.c", "end": "answered", "saw": []}',
    "a value in a list": b'{"probe": "a.b.c", "end": "answered", "saw": {"w": [1]}}',
    "a value that is true": b'{"probe": "a.b.c", "end": "answered", "saw": {"w": true}}',
    "a value that is no number": b'{"probe": "a.b.c", "end": "answered", "saw": {"w": NaN}}',
    "a word with a space": b'{"probe": "a.b.c", "end": "answered", "saw": {"a b": 1}}',
    "a trace of numbers": b'{"probe": "a.b.c", "end": "answered", "trace": [1]}',
    "an unknown key": b'{"probe": "a.b.c", "end": "answered", "passed": 1}',
    "a negative count": b'{"done": -1}',
    "deep nesting": b"[" * 100_000,
    "bytes that are no text": b'{"start": "\xff\xfe"}',
}


@pytest.mark.parametrize(("line", "message"), GOOD)
def test_what_the_protocol_names_is_understood(line: dict[str, object], message: Message) -> None:
    assert parse(json.dumps(line).encode()) == message


@pytest.mark.parametrize("line", BAD.values(), ids=BAD.keys())
def test_what_the_protocol_does_not_name_is_an_error_that_shows_it(line: bytes) -> None:
    with pytest.raises(ProtocolError) as caught:
        parse(line)
    assert caught.value.message.startswith("the checker printed")


# A loaded machine draws slowly; that says nothing about the parser.
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.binary(max_size=300))
def test_no_bytes_make_the_parser_fail_in_another_way(line: bytes) -> None:
    with contextlib.suppress(ProtocolError):
        parse(line)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=12,
)
KEYS = st.sampled_from(
    ["hello", "start", "probe", "end", "saw", "why", "trace", "done", "page_size", "release", "machine"]
)


# A loaded machine draws slowly; that says nothing about the parser.
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(KEYS, JSON | st.sampled_from(["answered", "unmet", "a.b.c"]), max_size=6))
def test_no_object_of_known_keys_makes_the_parser_fail_in_another_way(found: dict[str, object]) -> None:
    try:
        message = parse(json.dumps(found).encode())
    except ProtocolError:
        return
    assert isinstance(message, Hello | Start | Record | Done)
