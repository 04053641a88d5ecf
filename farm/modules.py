"""Which kernel modules a guest needs, in an order in which they load: read from depmod's own files."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from farm.errors import ImageError


def plain_name(path: str) -> str:
    """Return a module's name as the kernel knows it: "kernel/fs/crc32c-x.ko.xz" → "crc32c_x"."""
    return path.rsplit("/", 1)[-1].split(".ko", 1)[0].replace("-", "_")


class ModuleTree:
    """The modules of one kernel: `folder` is its lib/modules/RELEASE with modules.dep and modules.builtin."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.paths: dict[str, str] = {}
        self.needs: dict[str, list[str]] = {}
        for line in (folder / "modules.dep").read_text().splitlines():
            path, _, needs = line.partition(":")
            self.paths[plain_name(path)] = path
            self.needs[plain_name(path)] = [plain_name(need) for need in needs.split()]
        builtin = folder / "modules.builtin"
        lines = builtin.read_text().splitlines() if builtin.is_file() else []
        self.builtin = {plain_name(line) for line in lines}

    def order(self, names: Iterable[str]) -> list[Path]:
        """Return the files to load for `names`, each after what it needs; what is built in is left out.

        A name with a leading "?" is left out too where the kernel has no such module. Raises ImageError for
        any other name that this kernel does not have.
        """
        found: list[str] = []
        for name in names:
            self._add(name.lstrip("?"), found, optional=name.startswith("?"))
        return [self.folder / self.paths[name] for name in found]

    def _add(self, name: str, found: list[str], *, optional: bool) -> None:
        if name in found or (name in self.builtin and name not in self.paths):
            return
        if name not in self.paths:
            if optional:
                return
            raise ImageError(
                f"kernel {self.folder.name} has no module {name}",
                hint="the variant that asks for it cannot be had on this kernel; mark it with ? or in `cannot`",
            )
        # modules.dep lists all of a module's needs, the last to be loaded first.
        for need in reversed(self.needs[name]):
            self._add(need, found, optional=False)
        found.append(name)
