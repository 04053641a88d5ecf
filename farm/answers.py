"""What an HTTP answer means for a download: the file, its rest, not there, try again, or a login page. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from farm.errors import FetchError

OK, PARTIAL, NOT_FOUND, GONE, NO_SUCH_RANGE, TOO_MANY, SERVER_ERROR = 200, 206, 404, 410, 416, 429, 500
PAGE = (b"<!doctype html", b"<html")


class GoneError(FetchError):
    """Every base address says that the file is not there (HTTP 404 or 410)."""


class AgainError(Exception):
    """This attempt failed in a way that another attempt may mend; never leaves the store."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked for; `sha256` is empty and `size` (bytes) 0 where nobody knows them yet."""

    urls: tuple[str, ...]
    sha256: str
    size: int
    label: str


@dataclass(frozen=True, slots=True)
class Head:
    """Status and headers of an answer; header names in lower case."""

    url: str
    status: int
    reason: str
    headers: Mapping[str, str]

    @property
    def length(self) -> int:
        """Bytes that the body will have, 0 where the server does not say."""
        text = self.headers.get("content-length", "")
        return int(text) if text.isdigit() else 0

    @property
    def tag(self) -> str:
        """What identifies this version of the file, so that no attempt mixes two versions; may be empty."""
        etag = self.headers.get("etag", "")
        return etag if etag and not etag.startswith("W/") else self.headers.get("last-modified", "")


def refuse(head: Head, label: str) -> None:
    """Raise what an answer that is not the file means."""
    if head.status in {NOT_FOUND, GONE}:
        raise GoneError(f"{label}: {head.url}: not there (HTTP {head.status})")
    if head.status == NO_SUCH_RANGE:
        raise AgainError("the server has not the rest of what we have")
    if head.status >= SERVER_ERROR or head.status == TOO_MANY:
        raise AgainError(f"HTTP {head.status}")
    if head.status not in {OK, PARTIAL}:
        raise FetchError(f"{label}: {head.url}: HTTP {head.status} {head.reason}")
    if head.headers.get("content-type", "").startswith("text/html"):
        raise page(head.url, label)


def refuse_page(start: bytes, url: str, label: str) -> None:
    """Raise where a body begins like a web page."""
    if start[:512].lstrip().lower().startswith(PAGE):
        raise page(url, label)


def page(url: str, label: str) -> FetchError:
    """Return the error of a web page, which a login portal or a proxy answers in place of a file."""
    return FetchError(f"{label}: {url}: an HTML page came instead", hint="a proxy or login page is in the way")


def begins_at(head: Head, had: int, wanted: Wanted) -> int:
    """Return where the body belongs: behind the `had` bytes that we asked to go on from, or at 0."""
    at = had if had and head.status == PARTIAL else 0
    if at:
        found = head.headers.get("content-range", "")
        where, _, total = found.removeprefix("bytes ").partition("/")
        if not where.startswith(f"{had}-") or (wanted.size and total not in {str(wanted.size), "*"}):
            raise AgainError(f"asked for the bytes from {had} on, got {found!r}")
    if wanted.size and head.length and at + head.length != wanted.size:
        raise FetchError(f"{wanted.label}: {head.url}: has {at + head.length} bytes instead of {wanted.size}")
    return at
