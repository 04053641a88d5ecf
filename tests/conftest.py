"""What every test gets: a cache folder of its own and an environment without the user's settings."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from farm.steps import bus

SETTINGS = ("FARM_ACCEL", "FARM_CACHE", "FARM_DEBUG", "FARM_MIRROR", "FARM_OFFLINE", "FARM_YES", "CI")


@pytest.fixture(autouse=True)
def own_surroundings(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Keep tests away from the user's cache and settings; guests and builds share the real cache, which is dear."""
    heavy = any(request.node.get_closest_marker(mark) for mark in ("qemu", "network", "cc"))
    for name in () if heavy else SETTINGS:
        monkeypatch.delenv(name, raising=False)
    if not heavy:
        monkeypatch.setenv("FARM_CACHE", str(tmp_path / "cache"))
    listeners = list(bus.listeners)
    yield
    assert listeners == bus.listeners, "a listener of the bus was left behind"
