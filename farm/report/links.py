"""The addresses of pages: a build, a behaviour, a pair keeps its path for ever. All relative to the site's root."""

from __future__ import annotations

from urllib.parse import quote

SAFE = "~+.-_"


def behaviour_path(behaviour: str) -> str:
    """Return the path of a behaviour's page."""
    return f"behaviour/{behaviour}.html"


def kernel_path(kernel: str) -> str:
    """Return the path of a kernel's page."""
    return f"kernel/{kernel}.html"


def diff_path(old: str, new: str) -> str:
    """Return the path of the page that compares two kernels."""
    return f"diff/{old}..{new}.html"


def matrix_path(place: tuple[str, str]) -> str:
    """Return the path of the matrix of one architecture and variant."""
    return f"matrix/{place[0]}-{place[1]}.html"


def arch_path(arch: str) -> str:
    """Return the path of an architecture's page."""
    return f"arch/{arch}.html"


def across_path(version: str) -> str:
    """Return the path of the page that compares architectures on one version."""
    return f"arches/{version}.html"


def sweep_path(behaviour: str, kernel: str, place: tuple[str, str]) -> str:
    """Return the path of the map of one sweep in one cell."""
    return f"sweep/{behaviour.partition('.')[2]}/{kernel}/{place[0]}-{place[1]}.html"


def href(path: str, anchor: str = "") -> str:
    """Return `path` as it stands in a link; `anchor` is an id on that page."""
    return quote(path, safe=SAFE + "/") + (f"#{quote(anchor, safe=SAFE)}" if anchor else "")


def behaviour_href(behaviour: str, probe: str = "") -> str:
    """Return the link to a behaviour, or to one of its probes."""
    return href(behaviour_path(behaviour), probe)


def diff_href(old: str, new: str, behaviour: str = "") -> str:
    """Return the link to a diff, or to what changed there in one behaviour."""
    return href(diff_path(old, new), behaviour)


def upgrade_path(program: str, old: str, new: str) -> str:
    """Return the path of the page that says what changes for a program; `program` is the stem of its profile."""
    return f"upgrade/{program}/{old}..{new}.html"
