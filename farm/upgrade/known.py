"""Which flags there are, and which of them a probe uses: read from the checker's own sources."""

from __future__ import annotations

import re
from functools import cache

from farm.catalogue import GUEST

ROW = re.compile(r"^(?:BIT|ONE)\(\w+, ([A-Z][A-Z0-9_]*)\)|^FIELD\(\w+, \w+, ([A-Z][A-Z0-9_]*)\)", re.MULTILINE)
FLAG = re.compile(r"\b[A-Z][A-Z0-9]*_[A-Z0-9_]*[A-Z0-9]\b")


@cache
def flags() -> tuple[str, ...]:
    """Return the flags of the decoder's table."""
    text = (GUEST / "tables" / "flags.def").read_text(encoding="utf-8")
    return tuple(dict.fromkeys(one or other for one, other in ROW.findall(text)))


@cache
def flags_with(prefixes: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """Return the flags under some prefixes, each with its name without that; the longest first."""
    found = []
    for flag in flags():
        prefix = next((one for one in prefixes if flag.startswith(one)), None)
        if prefix:
            found.append((flag, flag.removeprefix(prefix).removeprefix("MF_")))
    return tuple(sorted(found, key=lambda one: -len(one[1])))


@cache
def probed() -> frozenset[str]:
    """Return the constants that the probes, the kinds of mapping and the sweeps use."""
    sources = [*(GUEST / "probes").glob("*.c"), *(GUEST / "lib").glob("*.c")]
    texts = (path.read_text(encoding="utf-8") for path in sorted(sources))
    return frozenset(flag for text in texts for flag in FLAG.findall(text))
