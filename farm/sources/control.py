"""What a .deb says of itself."""

from __future__ import annotations

from pathlib import Path

from debian.deb822 import Deb822

from farm.errors import FetchError
from farm.unpack import data_of

LIMIT = 1 << 20


def control(deb: Path) -> Deb822:
    """Return the control fields of a .deb."""
    with data_of(deb, "control.tar") as archive:
        for member in archive:
            if member.name in {"control", "./control"} and member.isfile() and member.size < LIMIT:
                content = archive.extractfile(member)
                if content is not None:
                    return Deb822(content.read().decode(errors="replace").splitlines())
    raise FetchError(f"{deb.name}: has no control file")
