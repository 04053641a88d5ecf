"""Which upgrades have pages: the programs whose profiles come with the farm, and the kernels of the default matrix."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from itertools import combinations

from farm import matrix, profile
from farm.profile import Profile
from farm.report.model import BASE_VARIANT, Site
from farm.settings import ROOT
from farm.types import upstream

PROFILES = ROOT / "profiles"
LIST = "upgrade.html"


@cache
def profiles() -> Mapping[str, Profile]:
    """Return the profiles that come with the farm, by the stems of their files."""
    return {path.stem: profile.load(path) for path in sorted(PROFILES.glob("*.yaml"))}


@cache
def series() -> tuple[str, ...]:
    """Return the kernels that the default matrix names."""
    return matrix.read().kernels


def there(site: Site) -> bool:
    """Whether any upgrade has a page."""
    return bool(profiles() and pairs(site))


def arch(site: Site) -> str:
    """Return the architecture that programs are taken to run on: the first one of the site."""
    return next((arch for arch, variant in site.places if variant == BASE_VARIANT), "")


def pairs(site: Site) -> list[tuple[str, str]]:
    """Return the pairs that have pages, the newest first: each series' newest answered build with every later one."""
    chosen: list[str] = []
    for one in series():
        wanted = upstream(one)
        fitting = [
            name
            for name, kernel in site.kernels.items()
            if upstream(kernel.version)[: len(wanted)] == wanted and (name, arch(site), BASE_VARIANT) in site.answered
        ]
        # Kernels stand flavour by flavour, the main one first, and the newest build of a flavour last.
        chosen += [name for name in fitting if site.alike(fitting[0], name)][-1:]
    order = list(site.kernels)
    ranked = sorted(dict.fromkeys(chosen), key=order.index)
    found = [(old, new) for old, new in combinations(ranked, 2) if site.alike(old, new)]
    return sorted(found, key=lambda pair: (order.index(pair[1]), order.index(pair[0])), reverse=True)
