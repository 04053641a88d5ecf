"""A kernel's own configuration: reading it, and what it rules out."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

# From 6.9 every architecture has CONFIG_PAGE_SHIFT (arch/Kconfig); before, arm64 and powerpc have one of their own,
# mips and loongarch name the size.
_SHIFT = re.compile(r"CONFIG_(?:ARM64_|PPC_)?PAGE_SHIFT")
_SIZE = re.compile(r"CONFIG_(?:PAGE_SIZE_)?(\d+)KB(?:_\dLEVEL)?")
_SET = re.compile(r"^(CONFIG_\w+)=(.*)$", re.MULTILINE)


def parse(text: str) -> dict[str, str]:
    """Return the options that are set, e.g. {"CONFIG_FS_DAX": "y"}; what is not set is not in it."""
    return {name: value.strip('"') for name, value in _SET.findall(text)}


def missing(config: Mapping[str, str], options: Sequence[str]) -> str | None:
    """Return the first of `options` that is neither built in nor a module, or None."""
    return next((option for option in options if config.get(option) not in {"y", "m"}), None)


def ruled_out(config: Mapping[str, str], gives: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Return for each word that this configuration makes impossible the reason, which names the option."""
    found = {word: missing(config, options) for word, options in gives.items()}
    return {word: f"{option} is not set" for word, option in found.items() if option}


def page_size(config: Mapping[str, str]) -> int:
    """Return the size of a page in bytes; 4096 where no option says it."""
    for name, value in config.items():
        if _SHIFT.fullmatch(name):
            return 1 << int(value)
        named = _SIZE.fullmatch(name)
        if named and value == "y":
            return int(named[1]) << 10
    return 4096
