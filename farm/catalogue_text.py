"""YAML as strings, strictly, and each text parsed once: its values are kept beside the downloads by its digest."""

from __future__ import annotations

import json
from collections.abc import Iterable
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

import yaml

from farm.errors import FarmError, PlanError
from farm.files import replace
from farm.settings import cache_dir

SCHEMA = b"1"  # counts up when the same text gives other values


def parsed(paths: Iterable[Path]) -> dict[Path, object]:
    """Return the values of YAML files; PlanError naming the first one that is not as it should be."""
    kept = cache_dir() / "catalogue.json"
    before = _known(kept)
    found: dict[Path, object] = {}
    now: dict[str, object] = {}
    for path in paths:
        data = path.read_bytes()
        key = sha256(SCHEMA + data).hexdigest()
        found[path] = now[key] = before[key] if key in before else _parse(data, path.name)
    if now.keys() != before.keys():
        with suppress(OSError, FarmError):  # a cache that cannot be written costs time and nothing else
            replace(kept, json.dumps(now).encode("ascii"))
    return found


def _known(kept: Path) -> dict[str, object]:
    """Return what an earlier run parsed."""
    try:
        found = json.loads(kept.read_text("ascii"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _parse(data: bytes, name: str) -> object:
    """Read YAML as strings only: 5.10 stays a version, `yes` a value, and no file can name a Python object."""
    try:
        return yaml.load(data.decode("utf-8"), Loader=_Strings)  # noqa: S506 - a BaseLoader
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise PlanError(f"{name}: {' '.join(str(error).split())}") from error


class _Strings(getattr(yaml, "CBaseLoader", yaml.BaseLoader)):  # type: ignore[misc]
    """A BaseLoader (libyaml's where there is one: ten times faster) that refuses a key said twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[object, object]:
        keys = [str(key.value) for key, _ in node.value]
        for key in keys:
            if keys.count(key) > 1:
                raise PlanError(f"line {node.start_mark.line + 1}: {key} is there twice")
        found: dict[object, object] = super().construct_mapping(node, deep=deep)
        return found
