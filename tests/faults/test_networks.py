"""A network that fails while a fleet downloads its kernels, or asks which kernels there are."""

from __future__ import annotations

import hashlib
import itertools
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest

from farm.errors import FetchError
from farm.run import find
from farm.sources.apt import Archive, Suite
from tests.faults.workplace import BODY, Workplace, workplace
from tests.made_archive import DATE, NOW
from tests.openpgp import key
from tests.test_fleet import tree
from tests.web import HOST, Answer, Request, only, whole_or_rest

pytestmark = [
    pytest.mark.faults,
    pytest.mark.skipif(find("depmod") is None, reason="depmod (package kmod) is not installed"),
]
TRIXIE = Suite("trixie")


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workplace]:
    with workplace(tmp_path, monkeypatch) as place:
        yield place


def hours(archive: Archive) -> None:
    """Let an hour go by between two looks at the clock: every answer trickles."""
    passing = itertools.count(0.0, 3600.0)
    archive.store.clock = lambda: next(passing)


def impatient(archive: Archive) -> None:
    """Wait a fifth of a second for the next byte."""
    archive.store.timeouts = (1.0, 0.2)


def nobody(archive: Archive) -> None:
    """Ask a port that nobody listens on, without the proxy."""
    archive.bases = {**archive.bases, "security": ("http://127.0.0.1:1/debian-security",)}
    archive.store.session.proxies["http://127.0.0.1"] = ""


def endless(request: Request) -> None:
    request.begin(200, {"Connection": "close"})
    request.wfile.write(BODY + BODY)


def cut_short(request: Request) -> None:
    """Send less than there is, and say of nothing how long it is."""
    request.begin(416 if "Range" in request.headers else 200, {"Connection": "close"})
    if "Range" not in request.headers:
        request.wfile.write(BODY[:1000])


def stuck(request: Request) -> None:
    """Send the beginning, and then nothing until the client hangs up."""
    request.begin(200, {"Content-Length": str(len(BODY))})
    request.wfile.write(BODY[:1000])
    request.wfile.flush()
    request.rfile.read(1)


def status(number: int) -> Answer:
    return lambda request: request.send(b"", number)


def html(request: Request) -> None:
    request.send(b"<p>Please log in", Content_Type="text/html; charset=utf-8")


@dataclass(frozen=True)
class Fault:
    """`answers` are those to the package of one kernel, `archive` a change of who asks; `why` is empty where it
    is overcome, else found in what its cells are unanswered for."""

    name: str
    why: str = ""
    answers: tuple[bytes | Answer, ...] = field(default=())
    archive: Callable[[Archive], None] = lambda _: None
    area: str = "main"


PAGE = b"<!DOCTYPE html><title>Please log in</title>".ljust(len(BODY))
FAULTS = (
    Fault("connection refused", "gave up after 4 attempts", archive=nobody, area="security"),
    Fault("reset in mid-file, always", "gave up after 4 attempts", (only(BODY, 1000),)),
    Fault("reset in mid-file, once", answers=(only(BODY, 1000), BODY)),
    Fault("reset in mid-file, of a file that changed since", answers=(only(bytes(len(BODY)), 1000, "other"), BODY)),
    Fault("a trickle", answers=(lambda request: whole_or_rest(request, BODY),), archive=hours),
    Fault("silence in mid-file", "gave up after 4 attempts", (stuck,), impatient),
    Fault("wrong length", f"has 1000 bytes instead of {len(BODY)}", (BODY[:1000],)),
    Fault("an end that comes early and unsaid", "gave up after 4 attempts", (cut_short,)),
    Fault("more than was promised", f"longer than its {len(BODY)} bytes", (endless,)),
    Fault("wrong digest", f"wrong digest: sha256 {hashlib.sha256(bytes(len(BODY))).hexdigest()}", (bytes(len(BODY)),)),
    Fault("404 of a file that the index has", "has left the archive.s pool", (status(404),)),
    Fault("403", "HTTP 403", (status(403),)),
    Fault("503, always", "gave up after 4 attempts: HTTP 503", (status(503),)),
    Fault("503, once", answers=(status(503), BODY)),
    Fault("a proxy's page", "an HTML page came instead", (html,)),
    Fault("a proxy's page that calls itself a package", "an HTML page came instead", (PAGE,)),
)


@pytest.mark.parametrize("fault", FAULTS, ids=[one.name for one in FAULTS])
def test_a_fault_of_the_network_costs_the_cells_of_that_kernel_until_it_is_over(place: Workplace, fault: Fault) -> None:
    names = [one.name for one in place.cells(fault.area)]
    archive = place.made.archive()
    fault.archive(archive)
    if fault.answers:
        place.answered_by(fault.answers, fault.area)
    summary = place.run(archive, area=fault.area)
    assert sorted(name for name, _ in summary.unanswered) == (sorted(names[2:]) if fault.why else [])
    assert [] == [why for _, why in summary.unanswered if not re.search(fault.why, why)]
    assert sorted(summary.ran) == sorted(names[:2] if fault.why else names)

    place.sound()
    again = place.run(area=fault.area)
    assert (sorted(again.ran), again.unanswered) == (sorted(names[2:]) if fault.why else [], [])
    assert place.left() == []
    place.run(area=fault.area, into="undisturbed")
    assert tree(place.folder / "results") == tree(place.folder / "undisturbed")


@dataclass(frozen=True)
class IndexFault:
    """`change` is made to what the archive publishes; `why` is found in what the index is refused for."""

    name: str
    why: str
    change: Callable[[Workplace, str], None]


def published(place: Workplace, stanza: str, **how: object) -> None:
    place.made.suite("trixie", {"amd64": stanza}, **how)  # type: ignore[arg-type]


def inrelease(change: Callable[[bytes], bytes | Answer]) -> Callable[[Workplace, str], None]:
    """Return a change of the signed list alone."""

    def spoil(place: Workplace, _stanza: str) -> None:
        pages = place.made.web.pages[f"{HOST}/debian/dists/trixie/InRelease"]
        assert isinstance(pages[0], bytes)
        pages[0] = change(pages[0])

    return spoil


def packages(*answers: bytes | Answer) -> Callable[[Workplace, str], None]:
    """Return a change of the index alone, at both of its addresses."""

    def spoil(place: Workplace, stanza: str) -> None:
        published(place, f"{stanza}\n")
        for url in place.made.web.pages:
            if "Packages.xz" in url or "by-hash" in url:
                place.made.web.pages[url] = list(answers)

    return spoil


YESTERDAY = NOW - timedelta(days=1)
INDEX_FAULTS = (
    IndexFault("an expired list", "expired on", lambda place, text: published(place, text, until=YESTERDAY)),
    IndexFault(
        "a list that somebody else signed",
        "no valid signature",
        lambda place, text: published(place, text, signer=key("Somebody <else@mirror.example>")),
    ),
    IndexFault("a list that was changed", "no valid signature", inrelease(lambda text: text.replace(b"some", b"same"))),
    IndexFault("a list without a signature", "not a signed InRelease file", inrelease(lambda _: b"Suite: trixie\n")),
    IndexFault(
        "an older list than the one seen",
        "older than the one seen before",
        lambda place, text: published(place, text, date=DATE - timedelta(days=1)),
    ),
    IndexFault(
        "another suite's list", "is about bookworm", lambda place, text: published(place, text, codename="bookworm")
    ),
    IndexFault("a list that is a proxy's page", "an HTML page came instead", inrelease(lambda _: html)),
    IndexFault("a list that is not there", "HTTP 404", inrelease(lambda _: status(404))),
    IndexFault("a list that breaks off", "gave up after 4 attempts", inrelease(lambda text: only(text, 100))),
    IndexFault("an index that is not there", "HTTP 404", packages(status(404))),
    IndexFault("an index that is not the list's", "instead of", packages(b"x" * 100)),
    IndexFault("an index that is a proxy's page", "an HTML page came instead", packages(html)),
)


@pytest.mark.skipif(find("gpgv") is None, reason="gpgv is not installed")
@pytest.mark.parametrize("fault", INDEX_FAULTS, ids=[one.name for one in INDEX_FAULTS])
def test_an_index_that_is_refused_costs_no_cell_and_is_read_when_it_is_sound_again(
    place: Workplace, fault: IndexFault
) -> None:
    stanza = place.made.package("linux-image-6.12.1+deb13-cloud-amd64", "6.12.1-1")
    published(place, stanza)
    known = place.made.archive().builds("x86_64", [TRIXIE])
    remembered = tree(place.folder / "releases")
    fault.change(place, stanza)
    archive = place.made.archive()
    with pytest.raises(FetchError, match=fault.why):
        archive.builds("x86_64", [TRIXIE])

    summary = place.run(archive)
    assert (summary.answered, summary.unanswered, place.left()) == (summary.planned, [], [])
    published(place, stanza)
    assert place.made.archive().builds("x86_64", [TRIXIE]) == known
    assert tree(place.folder / "releases") == remembered
