"""A suite's InRelease: signature, dates, and the digests of its package indexes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from debian.deb822 import Release as Fields

from farm.errors import FetchError
from farm.run import run

KEYRINGS = Path("/usr/share/keyrings")
# The keys of today first; releases that left support may be signed by keys that have been removed since.
NAMES = (
    ("debian-archive-keyring.gpg", "debian-archive-keyring.pgp"),
    ("debian-archive-removed-keys.gpg", "debian-archive-removed-keys.pgp"),
)


@dataclass(frozen=True, slots=True)
class Listed:
    """One file that an InRelease vouches for; `size` in bytes."""

    path: str
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class Release:
    """What a verified InRelease says. `until` is None where it never expires; `names` are codename and suite."""

    date: datetime
    until: datetime | None
    by_hash: bool
    names: frozenset[str]
    files: dict[str, Listed]


def verified(content: bytes, what: str, keyrings: Sequence[Path]) -> str:
    """Return the signed text of an InRelease, and nothing that stands outside of the signature."""
    if not keyrings:
        raise FetchError(
            f"{what}: no keyring to verify it with below {KEYRINGS}", hint="apt install debian-archive-keyring"
        )
    if not content.startswith(b"-----BEGIN PGP SIGNED MESSAGE-----"):
        raise FetchError(f"{what}: not a signed InRelease file", hint="a proxy or login page may be in the way")
    said = ""
    for keyring in keyrings:
        text, said = gpgv(content, keyring)
        if text is not None:
            return text
    raise FetchError(f"{what}: no valid signature by a key of {', '.join(str(k) for k in keyrings)}", tail=said)


def gpgv(content: bytes, keyring: Path) -> tuple[str | None, str]:
    """Return the signed text, or None, and what gpgv said; one good signature and no bad one is needed.

    gpgv's exit status is no help: it is 2 as soon as one of several signatures is by an unknown key.
    """
    with TemporaryDirectory(prefix="farm-gpgv-") as folder:
        signed, text = Path(folder, "InRelease"), Path(folder, "text")
        signed.write_bytes(content)
        said = run(
            ["gpgv", "--homedir", folder, "--status-fd", "1", "--keyring", keyring, "--output", text, signed],
            timeout=60,
            check=False,
        )
        status = said.stdout.decode(errors="replace")
        good = "[GNUPG:] GOODSIG " in status and "[GNUPG:] VALIDSIG " in status and "[GNUPG:] BADSIG " not in status
        if good and text.is_file():
            return text.read_text(errors="replace"), status
        return None, f"{status}\n{said.stderr}"


def keyrings(folder: Path = KEYRINGS) -> tuple[Path, ...]:
    """Return the host's keyrings of Debian's archive, in the order in which to try them."""
    found = (next((folder / name for name in names if (folder / name).is_file()), None) for names in NAMES)
    return tuple(path for path in found if path is not None)


def parse(text: str, what: str) -> Release:
    """Read the fields of a verified InRelease."""
    fields = Fields(text.splitlines())
    date = moment(fields.get("Date", ""), what)
    if date is None:
        raise FetchError(f"{what}: has no Date")
    files = {
        row["name"]: Listed(row["name"], row["sha256"].lower(), int(row["size"])) for row in fields.get("SHA256", [])
    }
    if any(not re.fullmatch(r"[0-9a-f]{64}", row.sha256) for row in files.values()):
        raise FetchError(f"{what}: a SHA256 that is none")
    return Release(
        date=date,
        until=moment(fields.get("Valid-Until", ""), what),
        by_hash=fields.get("Acquire-By-Hash") == "yes",
        names=frozenset({fields.get("Codename", ""), fields.get("Suite", "")}),
        files=files,
    )


def moment(text: str, what: str) -> datetime | None:
    """Read a date as Release files write it (RFC 2822, UTC)."""
    if not text:
        return None
    try:
        found = parsedate_to_datetime(text)
    except ValueError as error:
        raise FetchError(f"{what}: cannot read the date {text!r}") from error
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def refuse_other(release: Release, suite: str, what: str) -> None:
    """Raise where a mirror hands out another suite's file, which may well be signed."""
    if suite.removesuffix("/updates") not in release.names:
        raise FetchError(f"{what}: is about {', '.join(sorted(release.names))}, not about {suite}")


def refuse_stale(release: Release, seen: Release | None, what: str, *, accept: bool, now: datetime) -> bool:
    """Raise where `release` is older than the one `seen` last, or expired and not accepted; return "expired"."""
    if seen is not None and release.date < seen.date:
        raise FetchError(
            f"{what}: dated {release.date:%Y-%m-%d %H:%M}, older than the one seen before ({seen.date:%Y-%m-%d %H:%M})",
            hint="the mirror lags behind or replays old files; try another one (FARM_MIRROR)",
        )
    expired = release.until is not None and now > release.until
    if expired and not accept:
        raise FetchError(
            f"{what}: expired on {release.until:%Y-%m-%d %H:%M} UTC",
            hint="try another mirror (FARM_MIRROR), or say `expired: accept` for this suite in matrix.yaml",
        )
    return expired
