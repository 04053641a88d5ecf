"""What earlier reports worked out, kept beside the downloads: each value with a digest of what it was made of."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import TypeVar

from farm.errors import FarmError
from farm.files import replace
from farm.settings import cache_dir

T = TypeVar("T", bound=object)


@dataclass(slots=True)
class Memo:
    """Values by name with the key that they were made under; only those that are asked for again are kept.

    It never decides what is true: without its file everything is made anew, and comes out the same.
    """

    path: Path | None = None
    _before: dict[str, list[object]] = field(default_factory=dict)
    _now: dict[str, list[object]] = field(default_factory=dict)

    @classmethod
    def of(cls, *folders: Path) -> Memo:
        """Return the memo of a report from one folder into another."""
        name = sha256("\n".join(str(folder.resolve()) for folder in folders).encode("utf-8", "surrogateescape"))
        path = cache_dir() / "report" / f"{name.hexdigest()[:20]}.json"
        try:
            found = json.loads(path.read_text("utf-8"))
        except (OSError, ValueError):
            found = {}
        pairs = found.items() if isinstance(found, dict) else ()
        return cls(path, {name: pair for name, pair in pairs if isinstance(pair, list) and len(pair) == 2})

    def get(self, name: str, key: str) -> object:
        """Return the value that `name` had under `key`, None where there is none."""
        known = self._now.get(name) or self._before.get(name)
        if known is None or known[0] != key:
            return None
        self._now[name] = known
        return known[1]

    def put(self, name: str, key: str, value: object) -> None:
        """Remember a value; it has to be one that JSON keeps as it is."""
        self._now[name] = [key, value]

    def value(self, name: str, key: str, make: Callable[[], T]) -> T:
        """Return the value that `name` has under `key`, made only if nobody did before."""
        known = self.get(name, key)
        if known is None:
            known = make()
            self.put(name, key, known)
        return known  # type: ignore[return-value]

    def save(self) -> None:
        """Keep it for the next report; a cache that cannot be written costs time and nothing else."""
        if self.path is None:
            return
        with suppress(OSError, FarmError):
            replace(self.path, json.dumps(self._now).encode("ascii"))
