"""The base addresses of Debian's archives: what the user set, else what the host's own apt uses."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from debian.deb822 import Deb822

from farm.errors import FetchError

APT = Path("/etc/apt")
RELEASES = (
    "buster|bullseye|bookworm|trixie|forky|duke|sid|"
    "oldoldstable|oldstable|stable|testing|unstable|experimental|rc-buggy"
)
MAIN = re.compile(rf"(?:{RELEASES})(?:-updates|-proposed-updates|-backports(?:-sloppy)?)?")
SECURITY = re.compile(rf"(?:{RELEASES})(?:-security|/updates)")
HINT = (
    "set FARM_MIRROR, or mirror: in matrix.yaml, to the address of a Debian mirror (the folder with dists/ and pool/)"
)


@dataclass(frozen=True, slots=True)
class Line:
    """One base address of the host's apt configuration, with the suites and components it is used for."""

    base: str
    suites: tuple[str, ...]
    components: tuple[str, ...]
    keyring: str


def bases(wanted: Sequence[str] = (), folder: Path = APT) -> Mapping[str, tuple[str, ...]]:
    """Return the base addresses per area ("main", "security"), in the order in which to try them.

    `wanted` are the user's own (FARM_MIRROR, else `mirror:`); each replaces what `folder` (apt's) says for its area.
    An area may end up with none: what is stored already needs none.
    """
    found = {area: tuple(dict.fromkeys(of)) for area, of in areas(folder).items()}
    chosen = chosen_bases(wanted)
    if chosen["main"] and not chosen["security"] and not found["security"]:
        # Debian's own naming; whether the guess is right is seen by the signature of what lies there.
        chosen["security"] = tuple(f"{base}-security" for base in chosen["main"])
    return {area: chosen[area] or found[area] for area in ("main", "security")}


def missing(area: str) -> FetchError:
    """Return the error of an area for which neither the user nor apt names a base address."""
    of = "security archive" if area == "security" else "archive"
    return FetchError(f"no mirror of Debian's {of} is known: none is set, and the host's apt names none", hint=HINT)


def words(setting: str | Sequence[str] | None) -> tuple[str, ...]:
    """Return the addresses of a setting: a list, or a text with blanks or commas between them."""
    if setting is None:
        return ()
    return tuple(re.split(r"[\s,]+", setting.strip())) if isinstance(setting, str) else tuple(setting)


def chosen_bases(wanted: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Sort the user's addresses by area; those of the security archive say so in their host or path."""
    chosen: dict[str, list[str]] = {"main": [], "security": []}
    for word in filter(None, wanted):
        if not re.match(r"https?://[^/\s]+", word):
            raise FetchError(f"not the address of a mirror: {word!r}", hint=HINT)
        base = word.rstrip("/")
        chosen["security" if re.search(r"//security\.|-security(?:/|$)", base) else "main"].append(base)
    return {area: tuple(of) for area, of in chosen.items()}


def areas(folder: Path) -> dict[str, list[str]]:
    """Return the base addresses per area that apt's own files name."""
    found: dict[str, list[str]] = {"main": [], "security": []}
    for line in lines(folder):
        if "main" not in line.components or not re.match("https?://", line.base):
            continue
        if line.keyring and "debian-archive" not in Path(line.keyring).name:
            continue  # somebody else's repository that uses Debian's suite names
        for area, pattern in (("main", MAIN), ("security", SECURITY)):
            if any(pattern.fullmatch(suite) for suite in line.suites):
                found[area].append(line.base.rstrip("/"))
    return found


def lines(folder: Path) -> Iterator[Line]:
    """Yield what every file of apt's configuration says, in apt's own order."""
    parts = folder / "sources.list.d"
    files = [folder / "sources.list", *sorted(parts.glob("*"))] if parts.is_dir() else [folder / "sources.list"]
    for file in files:
        if not file.is_file():
            continue
        text = file.read_text(errors="replace")
        if file.suffix == ".sources":
            yield from stanzas(text)
        elif file.suffix == ".list":
            yield from one_liners(text)


def stanzas(text: str) -> Iterator[Line]:
    """Yield the entries of a deb822 file; python-debian drops comments, which may name other addresses."""
    for stanza in Deb822.iter_paragraphs(text.splitlines()):
        if stanza.get("Enabled", "yes").lower() in {"no", "false", "0"} or "deb" not in stanza.get("Types", "").split():
            continue
        keyring = stanza.get("Signed-By", "")
        for base in stanza.get("URIs", "").split():
            yield Line(
                base,
                tuple(stanza.get("Suites", "").split()),
                tuple(stanza.get("Components", "").split()),
                keyring if keyring.startswith("/") else "",
            )


def one_liners(text: str) -> Iterator[Line]:
    """Yield the entries of a one-line file: `deb [options] base suite component…`."""
    for raw in text.splitlines():
        found = re.match(r"deb\s+(?:\[(?P<options>[^\]]*)\]\s*)?(?P<rest>\S.*)", raw.partition("#")[0].strip())
        rest = found["rest"].split() if found else []
        if found is None or len(rest) < 2:
            continue
        keyring = re.search(r"(?i)signed-by=(\S+)", found["options"] or "")
        yield Line(rest[0], (rest[1],), tuple(rest[2:]), keyring[1] if keyring else "")
