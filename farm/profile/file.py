"""The file of a profile: YAML to be read by people, read back strictly."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import yaml

from farm.catalogue_nodes import Node
from farm.errors import PlanError
from farm.profile.counted import NONE, STRACE, SUMMARY, UNKNOWN, Profile, uses
from farm.profile.words import CALLS

SCHEMA = "1"
KEYS = ("profile", "program", "source", "log", "calls", "failed", "files")
LOG_KEYS = ("lines", "calls", "not_understood")
SIZE_LIMIT = 1 << 20  # bytes; a profile has some kilobytes
HEAD = """\
# What a program asks of memory, counted by ./inv profile. Under a call: its flags, and how often;
# "0" stands for no flags, "?" for flags that the log does not tell. `log` counts all calls, those of memory or not.
"""


def as_text(profile: Profile) -> str:
    """Return the profile's file."""
    calls: dict[str, dict[str, int]] = {}
    for use in profile.uses:
        flags = UNKNOWN if use.flags is None else "|".join(sorted(use.flags)) or NONE
        calls.setdefault(use.call, {})[flags] = use.times
    content = {
        "profile": int(SCHEMA),
        "program": profile.program,
        "source": profile.source,
        "log": {key: getattr(profile, key) for key in LOG_KEYS},
        "calls": calls,
        "failed": {call: dict(errnos) for call, errnos in profile.failed.items()},
        "files": dict(profile.files),
    }
    return HEAD + yaml.safe_dump(content, sort_keys=False, width=120, allow_unicode=True)


def load(path: Path) -> Profile:
    """Read a profile; PlanError says where it is not as `as_text` writes it."""
    try:
        if path.stat().st_size > SIZE_LIMIT:
            raise PlanError(f"{path}: larger than any profile", hint=f"./inv profile {path} makes one of a log")
        # Strings only, as in the catalogue: no file can name a Python object.
        content = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)  # noqa: S506
    except OSError as error:
        raise PlanError(f"{path}: {error.strerror}", hint="./inv profile LOG makes a profile") from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise PlanError(
            f"{path}: no profile: {' '.join(str(error).split()):.200}", hint=f"./inv profile {path} makes one of a log"
        ) from error
    node = Node(content, path.name)
    if not node.mapping:
        raise PlanError(f"{path.name}: empty", hint="./inv profile LOG makes a profile")
    node.only(KEYS)
    return _profile(node)


def _profile(node: Node) -> Profile:
    """Return what a profile's file says."""
    if node.text("profile", needed=True) != SCHEMA:
        raise PlanError(f"{node.where}: profile {node.text('profile')!r:.40} is not {SCHEMA}", hint="update the farm")
    source = node.text("source", needed=True)
    if source not in {STRACE, SUMMARY}:
        raise PlanError(f"{node.where}: source {source!r:.40}", hint=f"{STRACE!r} or {SUMMARY!r}")
    log = Node(node.mapping.get("log"), f"{node.where}: log")
    log.only(LOG_KEYS)
    calls = {name: counts(each) for name, each in node.children("calls")}
    for name in calls:
        if name not in CALLS:
            raise PlanError(f"{node.where}: calls: {name!r:.60} is no memory call", hint="farm/profile/words.py")
    return Profile(
        node.text("program", needed=True),
        source,
        **{key: number(log, key) for key in LOG_KEYS},
        uses=tuple(uses(calls)),
        failed={name: counts(each) for name, each in node.children("failed")},
        files=counts(Node(node.mapping.get("files"), f"{node.where}: files")),
    )


def counts(node: Node) -> Mapping[str, int]:
    """Return the counts of a mapping."""
    return {key: number(node, key) for key in node.mapping}


def number(node: Node, key: str) -> int:
    """Return a number that is not negative."""
    word = node.text(key, needed=True)
    if not word.isascii() or not word.isdigit() or len(word) > 18:
        raise PlanError(f"{node.where}: {key} is {word!r:.40}", hint="a number is expected")
    return int(word)
