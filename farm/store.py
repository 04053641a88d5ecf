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
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import requests
import urllib3

from farm import settings
from farm.answers import AgainError, GoneError, Head, Wanted, begins_at, refuse, refuse_page
from farm.errors import FetchError
from farm.files import disk_errors, exclusive, full, sha256_of
from farm.steps import Event, bus, step

CHUNK = 1 << 18
TIMEOUTS = (10.0, 30.0)  # seconds: to connect, between two bytes
ATTEMPTS = 4  # in a row without a single new byte, per address
SLOWEST = 1024  # bytes per second, averaged over PATIENCE
PATIENCE = 60.0  # seconds
INDEX_LIMIT = 16 << 20  # bytes of an answer whose length nobody vouches for
PASSING = (AgainError, requests.RequestException, urllib3.exceptions.HTTPError)

T = TypeVar("T")


@dataclass(slots=True)
class Store:
    """Files by digest below `root`; `offline` forbids the network.

    `clock` and `wait` (seconds) are there for tests; `checked` are the digests that this process has verified.
    """

    root: Path = field(default_factory=lambda: settings.cache_dir() / "store")
    offline: bool = field(default_factory=settings.offline)
    clock: Callable[[], float] = time.monotonic
    wait: Callable[[float], object] = time.sleep
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
        path = self.path(sha256)
        if self.has(sha256, size):
            return path
        self.refuse_offline(label)
        with exclusive(path.with_suffix(".lock")):
            if self.has(sha256, size):
                return path
            with step("download", label):
                self.from_any(wanted, lambda url: self.complete(url, wanted, path.with_suffix(".part")))
                path.with_suffix(".part").replace(path)
        self.checked.add(sha256)
        return path

    def adopt(self, urls: Sequence[str], label: str) -> tuple[Path, str, int]:
        """Store a file whose digest nobody has signed; return its path, SHA-256 and size in bytes."""
        self.refuse_offline(label)
        wanted = Wanted(tuple(urls), "", 0, label)
        part = self.root / "unsigned" / (hashlib.sha256("\n".join(urls).encode()).hexdigest() + ".part")
        with exclusive(part.with_suffix(".lock")), step("download", label):
            self.from_any(wanted, lambda url: self.complete(url, wanted, part))
            sha256, size = sha256_of(part), part.stat().st_size
            self.path(sha256).parent.mkdir(parents=True, exist_ok=True)
            part.replace(self.path(sha256))
        self.checked.add(sha256)
        return self.path(sha256), sha256, size

    def read(self, urls: Sequence[str], label: str, accept: Callable[[bytes], T], limit: int = INDEX_LIMIT) -> T:
        """Return what `accept` makes of the first answer that it takes; its FetchError leads to the next address."""
        self.refuse_offline(label)
        with step("download", label):
            return self.from_any(
                Wanted(tuple(urls), "", 0, label),
                lambda url: accept(self.insist(url, lambda: self.body(url, label, limit))),
            )

    def offers(self, urls: Sequence[str], label: str) -> bool:
        """Whether one of `urls` has the file (an index may name what has left the pool)."""
        self.refuse_offline(label)
        try:
            self.from_any(
                Wanted(tuple(urls), "", 0, label), lambda url: self.insist(url, lambda: self.head(url, label))
            )
        except GoneError:
            return False
        return True

    def refuse_offline(self, label: str) -> None:
        """Raise where the network is needed and must not be used."""
        if self.offline:
            raise FetchError(
                f"{label} is not stored, and FARM_OFFLINE forbids to download it", hint="run once without FARM_OFFLINE"
            )

    def from_any(self, wanted: Wanted, take: Callable[[str], T]) -> T:
        """Return what `take` makes of the first address that it succeeds with; else raise the most telling error."""
        failures: list[FetchError] = []
        for url in wanted.urls:
            try:
                return take(url)
            except FetchError as error:
                failures.append(error)
        if not failures:
            raise FetchError(f"{wanted.label}: no address to download it from")
        raise next((error for error in failures if not isinstance(error, GoneError)), failures[0])

    def insist(self, url: str, ask: Callable[[], T], progress: Callable[[], int] = lambda: 0) -> T:
        """Return what `ask` returns, called again while the network fails and `progress` (bytes) gets on at times."""
        barren, furthest, why = 0, progress(), ""
        while barren < ATTEMPTS:
            try:
                return ask()
            except PASSING as error:
                why = str(error) or type(error).__name__
                # Further than ever: a file that is shorter than it should be grows anew after each start.
                barren = 0 if progress() > furthest else barren + 1
                furthest = max(furthest, progress())
                self.wait(min(8.0, 0.5 * 2**barren))
        raise FetchError(f"{url}: gave up after {ATTEMPTS} attempts: {why}", hint="run again, or set FARM_MIRROR")

    def complete(self, url: str, wanted: Wanted, part: Path) -> None:
        """Bring `part` to its full length from `url` and verify it; what an earlier run left may be thrown away."""
        part.parent.mkdir(parents=True, exist_ok=True)
        for resumed in (part.exists(), False):
            self.insist(url, lambda: self.attempt(url, wanted, part), lambda: size_of(part))
            found = sha256_of(part) if wanted.sha256 else ""
            if found == wanted.sha256:
                part.with_suffix(".tag").unlink(missing_ok=True)
                return
            part.unlink()
            if not resumed:
                break
        raise FetchError(
            f"{wanted.label}: {url}: wrong digest: sha256 {found} instead of {wanted.sha256}",
            hint="the mirror, or something between here and it, changes files; try another mirror (FARM_MIRROR)",
        )

    def attempt(self, url: str, wanted: Wanted, part: Path) -> None:
        """One request that appends to `part` what it lacks."""
        had, tag = size_of(part), part.with_suffix(".tag")
        if wanted.size and had == wanted.size:
            return
        headers = {"Range": f"bytes={had}-"} if had else {}
        if had and tag.exists():
            headers["If-Range"] = tag.read_text()
        with self.get(url, headers) as (head, answer):
            if head.status == requests.codes.requested_range_not_satisfiable:
                part.unlink(missing_ok=True)
            refuse(head, wanted.label)
            had = begins_at(head, had, wanted)
            tag.write_text(head.tag) if head.tag else tag.unlink(missing_ok=True)
            self.append(head, answer, wanted, part, had)

    def append(self, head: Head, answer: requests.Response, wanted: Wanted, part: Path, had: int) -> None:
        """Write the body behind the first `had` bytes of `part`, within the promised length, and sync it."""
        total = wanted.size or had + head.length
        if shutil.disk_usage(part.parent).free < total - had:
            raise full(part.parent, total - had)
        with disk_errors(part.parent, total - had), part.open("r+b" if part.exists() else "wb") as out:
            out.truncate(had)
            out.seek(had)
            for chunk in self.paced(answer):
                if not had:
                    refuse_page(chunk, head.url, wanted.label)
                had += len(chunk)
                if wanted.size and had > wanted.size:
                    out.truncate(0)
                    raise FetchError(f"{wanted.label}: {head.url}: longer than its {wanted.size} bytes")
                out.write(chunk)
                bus.emit(Event("download", wanted.label, "progress", done=had, total=total))
            out.flush()
            os.fsync(out.fileno())
        if had < total:
            raise AgainError(f"the answer ended after {had} of {total} bytes")

    def paced(self, answer: requests.Response) -> Iterator[bytes]:
        """Yield the body in pieces; give this attempt up where it trickles."""
        began, got = self.clock(), 0
        while chunk := answer.raw.read1(CHUNK):
            yield chunk
            got += len(chunk)
            spent = self.clock() - began
            if spent >= PATIENCE:
                if got < SLOWEST * spent:
                    raise AgainError(f"only {got} bytes in {spent:.0f} s")
                began, got = self.clock(), 0

    def body(self, url: str, label: str, limit: int) -> bytes:
        """Return the whole body of a short answer, at most `limit` bytes."""
        found = b""
        with self.get(url, {}) as (head, answer):
            refuse(head, label)
            for chunk in self.paced(answer):
                found += chunk
                if len(found) > limit:
                    raise FetchError(f"{label}: {url}: longer than {limit} bytes")
        if len(found) < head.length:
            raise AgainError(f"the answer ended after {len(found)} of {head.length} bytes")
        refuse_page(found, url, label)
        return found

    def head(self, url: str, label: str) -> None:
        """Raise where the address has not the file."""
        with self.session.head(url, allow_redirects=True, timeout=self.timeouts) as answer:
            refuse(head_of(answer), label)

    @contextmanager
    def get(self, url: str, headers: dict[str, str]) -> Iterator[tuple[Head, requests.Response]]:
        """Send one request, for the bytes as they are (a packed file must not be unpacked on the way)."""
        plain = {"Accept-Encoding": "identity", **headers}
        with self.session.get(url, headers=plain, stream=True, timeout=self.timeouts) as answer:
            yield head_of(answer), answer


def head_of(answer: requests.Response) -> Head:
    """Return status and headers of an answer."""
    headers = {name.lower(): value for name, value in answer.headers.items()}
    return Head(answer.url, answer.status_code, answer.reason, headers)


def size_of(path: Path) -> int:
    """Return the size of a file in bytes, 0 where it is not there."""
    return path.stat().st_size if path.exists() else 0
