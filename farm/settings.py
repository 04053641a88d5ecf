"""What the user sets by environment variables, and where the farm keeps what can be made again."""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def cache_dir() -> Path:
    """Return the folder for downloads, unpacked kernels and built checkers (FARM_CACHE, else XDG's)."""
    chosen = os.environ.get("FARM_CACHE")
    if chosen:
        return Path(chosen).resolve()
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "memory-farm"


def mirror() -> str | None:
    """Return the archive base that the user set (FARM_MIRROR), or None."""
    return os.environ.get("FARM_MIRROR") or None


def offline() -> bool:
    """Whether the network must not be used (FARM_OFFLINE=1)."""
    return os.environ.get("FARM_OFFLINE", "") not in {"", "0"}
