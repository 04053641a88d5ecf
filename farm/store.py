"""Bytes by digest, and the only HTTP of the farm.

A stored file is `store/ab/abcd…` below the cache folder. It is written aside (`.part`, which a later attempt goes
on with), checked for length and digest, synced and renamed, under a lock of its own, so that parallel runs share
a download and nobody ever sees half a file.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import requests
import urllib3

from farm import settings
from farm.errors import FetchError
from farm.files import disk_errors, exclusive, full, sha256_of
from farm.steps import Event, bus, step

CHUNK = 1 << 18
TIMEOUTS = (10.0, 30.0)  # seconds: to connect, between two bytes
ATTEMPTS = 4  # in a row without a single new byte, per base address
SLOWEST = 1024  # bytes per second, averaged over PATIENCE
PATIENCE = 60.0  # seconds
INDEX_LIMIT = 16 << 20  # bytes of an answer whose length nobody vouches for

Wait = Callable[[float], object]
T = TypeVar("T")


class GoneError(FetchError):
    """Every base address says that the file is not there (HTTP 404 or 410)."""


class _Again(Exception):  # noqa: N818 - a turn of the loop, never seen outside
    """This attempt failed in a way that another attempt may mend."""


PASSING = (_Again, requests.RequestException, urllib3.exceptions.HTTPError)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked for; `sha256` is empty and `size` 0 where nobody knows them yet."""

    urls: tuple[str, ...]
    sha256: str
    size: int
    label: str


@dataclass(slots=True)
class Store:
    """Files by digest below `root`; `offline` forbids the network.

    `clock` and `wait` (seconds) are there for tests; `checked` are the digests that this process has verified.
    """

    root: Path = field(default_factory=lambda: settings.cache_dir() / "store")
    offline: bool = field(default_factory=settings.offline)
    clock: Callable[[], float] = time.monotonic
    wait: Wait = time.sleep
    timeouts: tuple[float, float] = TIMEOUTS
    session: requests.Session = field(default_factory=requests.Session)
    checked: set[str] = field(default_factory=set)

    def path(self, sha256: str) -> Path:
        """Return where the file with this digest lies, or would lie."""
        return self.root / sha256[:2] / sha256

    def has(self, sha256: str, size: int) -> bool:
        """Whether the file is stored, with this length in bytes, and (looked at once per process) this digest."""
        path = self.path(sha256)
        if not path.is_file() or path.stat().st_size != size:
            return False
        if sha256 not in self.checked and sha256_of(path) == sha256:
            self.checked.add(sha256)
        return sha256 in self.checked

    def fetch(self, urls: Sequence[str], sha256: str, size: int, label: str) -> Path:
        """Return the stored file, downloaded from the first of `urls` that has it; `size` in bytes."""
        wanted = Wanted(tuple(urls), sha256, size, label)
        if self.has(sha256, size):
            return self.path(sha256)
        with exclusive(self.path(sha256).with_suffix(".lock")):
            if self.has(sha256, size):
                return self.path(sha256)
            self.refuse_offline(wanted)
            with step("download", label):
                part = self.path(sha256).with_suffix(".part")
                self.from_any(wanted, lambda url: self.complete(url, wanted, part))
                part.replace(self.path(sha256))
        self.checked.add(sha256)
        return self.path(sha256)

    def adopt(self, urls: Sequence[str], label: str) -> tuple[Path, str, int]:
        """Store a file whose digest nobody has signed; return its path, SHA-256 and size in bytes."""
        wanted = Wanted(tuple(urls), "", 0, label)
        self.refuse_offline(wanted)
        name = hashlib.sha256("\n".join(urls).encode()).hexdigest()
        with exclusive(self.root / "unsigned" / f"{name}.lock"), step("download", label):
            part = self.root / "unsigned" / f"{name}.part"
            self.from_any(wanted, lambda url: self.complete(url, wanted, part))
            sha256, size = sha256_of(part), part.stat().st_size
            self.path(sha256).parent.mkdir(parents=True, exist_ok=True)
            part.replace(self.path(sha256))
        self.checked.add(sha256)
        return self.path(sha256), sha256, size

    def read(self, urls: Sequence[str], label: str, limit: int = INDEX_LIMIT) -> bytes:
        """Return what the first of `urls` that has it says now (an InRelease); nothing is stored."""
        wanted = Wanted(tuple(urls), "", 0, label)
        self.refuse_offline(wanted)
        answers: list[bytes] = []
        with step("download", label):
            self.from_any(wanted, lambda url: answers.append(self.insist(url, lambda: self.once(url, limit))))
        return answers[-1]

    def offers(self, urls: Sequence[str], label: str) -> bool:
        """Whether one of `urls` has the file (an index may name what has left the pool)."""
        wanted = Wanted(tuple(urls), "", 0, label)
        self.refuse_offline(wanted)
        try:
            self.from_any(wanted, lambda url: self.insist(url, lambda: self.head(url, label)))
        except GoneError:
            return False
        return True

    def head(self, url: str, label: str) -> None:
        """Raise where the address has not the file."""
        with self.session.head(url, allow_redirects=True, timeout=self.timeouts) as answer:
            refuse(answer, label)

    def refuse_offline(self, wanted: Wanted) -> None:
        """Raise where the network is needed and must not be used."""
        if self.offline:
            raise FetchError(
                f"{wanted.label} is not stored, and FARM_OFFLINE forbids to download it",
                hint="run once without FARM_OFFLINE",
            )

    def from_any(self, wanted: Wanted, take: Callable[[str], object]) -> None:
        """Call `take` for one address after the other until one succeeds; else raise what the last one said."""
        if not wanted.urls:
            raise FetchError(f"{wanted.label}: no address to download it from")
        failures: list[FetchError] = []
        for url in wanted.urls:
            try:
                take(url)
            except FetchError as error:
                failures.append(error)
            else:
                return
        telling = [error for error in failures if not isinstance(error, GoneError)]
        raise telling[-1] if telling else failures[-1]

    def complete(self, url: str, wanted: Wanted, part: Path) -> None:
        """Bring `part` to its full length from `url` and verify it; what an earlier run left may be thrown away."""
        part.parent.mkdir(parents=True, exist_ok=True)
        resumed = part.exists()
        self.fill(url, wanted, part)
        try:
            verify(part, wanted, url)
        except FetchError:
            if not resumed:
                raise
            self.fill(url, wanted, part)
            verify(part, wanted, url)

    def fill(self, url: str, wanted: Wanted, part: Path) -> None:
        """Ask `url` again and again for what `part` lacks, as long as attempts bring something."""
        barren, why = 0, ""
        while barren < ATTEMPTS:
            had = size_of(part)
            if wanted.size and had == wanted.size:
                return None
            try:
                return self.attempt(url, wanted, part)
            except PASSING as error:
                why = str(error) or type(error).__name__
                barren = 0 if size_of(part) > had else barren + 1
                self.wait(min(8.0, 0.5 * 2**barren))
        raise FetchError(f"{wanted.label}: {url}: gave up after {ATTEMPTS} attempts: {why}", hint="run again")

    def attempt(self, url: str, wanted: Wanted, part: Path) -> None:
        """One request that appends to `part` what it lacks."""
        tag = part.with_suffix(".tag")
        had = size_of(part)
        headers = {"Accept-Encoding": "identity"}
        if had:
            headers["Range"] = f"bytes={had}-"
            if tag.exists():
                headers["If-Range"] = tag.read_text()
        with self.session.get(url, headers=headers, stream=True, timeout=self.timeouts) as answer:
            if answer.status_code == requests.codes.requested_range_not_satisfiable:
                part.unlink(missing_ok=True)
                raise _Again("the server has not the rest of what we have")
            refuse(answer, wanted.label)
            if had and not continues(answer, had, wanted.size):
                had = 0
            refuse_length(answer, had, wanted)
            remember(answer, tag)
            self.append(answer, wanted, part, had)

    def append(self, answer: requests.Response, wanted: Wanted, part: Path, had: int) -> None:
        """Write the body behind the first `had` bytes of `part`, within the promised length, and sync it."""
        total = wanted.size or had + int(answer.headers.get("Content-Length") or 0)
        if shutil.disk_usage(part.parent).free < total - had:
            raise full(part.parent, total - had)
        with disk_errors(part.parent, total - had), part.open("r+b" if part.exists() else "wb") as out:
            out.truncate(had)
            out.seek(had)
            for chunk in self.paced(answer):
                if not had:
                    refuse_page(chunk, answer.url, wanted.label)
                had += len(chunk)
                if wanted.size and had > wanted.size:
                    out.truncate(0)
                    raise FetchError(f"{wanted.label}: {answer.url}: longer than its {wanted.size} bytes")
                out.write(chunk)
                bus.emit(Event("download", wanted.label, "progress", done=had, total=total))
            out.flush()
            os.fsync(out.fileno())
        if had < total:
            raise _Again(f"the answer ended after {had} of {total} bytes")

    def paced(self, answer: requests.Response) -> Iterator[bytes]:
        """Yield the body in pieces; give this attempt up where it trickles."""
        began, got = self.clock(), 0
        while chunk := answer.raw.read1(CHUNK):
            yield chunk
            got += len(chunk)
            spent = self.clock() - began
            if spent >= PATIENCE:
                if got < SLOWEST * spent:
                    raise _Again(f"only {got} bytes in {spent:.0f} s")
                began, got = self.clock(), 0

    def insist(self, url: str, ask: Callable[[], T]) -> T:
        """Return what `ask` returns, after a few attempts where the network fails."""
        why = ""
        for turn in range(ATTEMPTS):
            try:
                return ask()
            except PASSING as error:
                why = str(error) or type(error).__name__
                self.wait(min(8.0, 0.5 * 2**turn))
        raise FetchError(f"{url}: gave up after {ATTEMPTS} attempts: {why}", hint="run again, or set FARM_MIRROR")

    def once(self, url: str, limit: int) -> bytes:
        """Return the body of a short answer."""
        with self.session.get(url, headers={"Accept-Encoding": "identity"}, stream=True, timeout=self.timeouts) as answer:
            refuse(answer, url)
            body = b""
            for chunk in self.paced(answer):
                body += chunk
                if len(body) > limit:
                    raise FetchError(f"{url}: longer than {limit} bytes")
            if len(body) < int(answer.headers.get("Content-Length") or 0):
                raise _Again(f"the answer ended after {len(body)} bytes")
            refuse_page(body, url, url)
            return body


def size_of(path: Path) -> int:
    """Return the size of a file in bytes, 0 where it is not there."""
    return path.stat().st_size if path.exists() else 0


def verify(part: Path, wanted: Wanted, url: str) -> None:
    """Raise, and throw the file away, where its digest is not the one that was asked for."""
    found = sha256_of(part) if wanted.sha256 else ""
    if found == wanted.sha256:
        part.with_suffix(".tag").unlink(missing_ok=True)
        return
    part.unlink()
    raise FetchError(
        f"{wanted.label}: {url}: wrong digest: sha256 {found} instead of {wanted.sha256}",
        hint="the mirror or something between here and it changes files; try another mirror (FARM_MIRROR)",
    )


def refuse(answer: requests.Response, label: str) -> None:
    """Raise what an HTTP status other than success means."""
    status = answer.status_code
    if status in {requests.codes.not_found, requests.codes.gone}:
        raise GoneError(f"{label}: {answer.url}: not there (HTTP {status})")
    if status >= requests.codes.server_error or status == requests.codes.too_many_requests:
        raise _Again(f"HTTP {status}")
    if status not in {requests.codes.ok, requests.codes.partial_content}:
        raise FetchError(f"{label}: {answer.url}: HTTP {status} {answer.reason}")
    if answer.headers.get("Content-Type", "").startswith("text/html"):
        refuse_page(b"<html", answer.url, label)


def refuse_length(answer: requests.Response, had: int, wanted: Wanted) -> None:
    """Raise where the server announces another length than the one that was asked for."""
    promised = had + int(answer.headers.get("Content-Length") or wanted.size - had)
    if wanted.size and promised != wanted.size:
        raise FetchError(f"{wanted.label}: {answer.url}: has {promised} bytes instead of {wanted.size}")


def refuse_page(head: bytes, url: str, label: str) -> None:
    """Raise where the body is a web page: what a login portal or a proxy answers in place of a file."""
    start = head[:512].lstrip().lower()
    if start.startswith((b"<!doctype html", b"<html")):
        raise FetchError(
            f"{label}: {url}: an HTML page came instead of the file", hint="a proxy or login page is in the way"
        )


def continues(answer: requests.Response, had: int, size: int) -> bool:
    """Whether the answer goes on at byte `had` of a file of `size` bytes (0: unknown)."""
    if answer.status_code != requests.codes.partial_content:
        return False
    found = answer.headers.get("Content-Range", "")
    where, _, total = found.removeprefix("bytes ").partition("/")
    if not where.startswith(f"{had}-") or (size and total not in {str(size), "*"}):
        raise _Again(f"asked for the bytes from {had} on, got {found!r}")
    return True


def remember(answer: requests.Response, tag: Path) -> None:
    """Keep what identifies this version of the file, so that a later attempt never mixes two versions."""
    etag = answer.headers.get("ETag", "")
    strong = etag if not etag.startswith("W/") else ""
    value = strong or answer.headers.get("Last-Modified", "")
    if value:
        tag.write_text(value)
    else:
        tag.unlink(missing_ok=True)
