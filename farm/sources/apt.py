"""Debian's archive: which kernels it offers, and of which files each is made.

InRelease is verified by OpenPGP, Packages by the digest in it, .deb by the digest in Packages. Where a build has
been rotated out of the index while its files are still in the pool, its digest is pinned and a note says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from debian.debian_support import Version

from farm import files, settings
from farm.answers import GoneError
from farm.errors import FetchError
from farm.sources import mirrors, naming, release
from farm.sources.control import control
from farm.sources.index import Entry, Suite, entries
from farm.store import Store
from farm.types import Kernel, Package

KINDS = ("linux-image-", "linux-binary-", "linux-modules-", "linux-base-")
PARTS = ("linux-binary-", "linux-modules-", "linux-base-")  # vmlinuz, modules, config
WAYS_OUT = "./inv kernels --update moves the lock; or a `mirror:` that keeps old builds"


@dataclass(frozen=True, slots=True)
class Build:
    """One kernel that a suite offers; `arch` and `flavour` are our words, `release` is `uname -r`'s."""

    version: str
    flavour: str
    arch: str
    release: str
    suite: Suite
    entry: Entry

    @property
    def rank(self) -> tuple[bool, Version]:
        """Order of newness; what an index with an honest date offers goes before what an expired one does."""
        return (not self.suite.accepts_expired, Version(self.version))


@dataclass(slots=True)
class Archive:
    """Debian's archive as seen through one store; `extra` names packages besides kernels to keep from indexes."""

    bases: Mapping[str, Sequence[str]]
    store: Store = field(default_factory=Store)
    keyrings: Sequence[Path] = field(default_factory=release.keyrings)
    memory: Path = field(default_factory=lambda: settings.cache_dir() / "releases")
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    extra: frozenset[str] = frozenset()
    releases: dict[Suite, release.Release] = field(default_factory=dict)
    indexes: dict[tuple[Suite, str], tuple[Entry, ...]] = field(default_factory=dict)
    expired: set[Suite] = field(default_factory=set)

    def urls(self, area: str, path: str) -> list[str]:
        """Return the addresses to try for `path` below the bases of `area`."""
        found = [f"{base}/{path}" for base in self.bases.get(area, ())]
        if not found:
            raise mirrors.missing(area)
        return found

    def inrelease(self, suite: Suite) -> release.Release:
        """Return the suite's verified InRelease, and remember it; offline, the remembered one."""
        what = f"{suite.suite}/InRelease"
        memory = self.memory / f"{suite.area}-{suite.suite.replace('/', '-')}.InRelease"
        with files.exclusive(memory.with_suffix(".lock")):
            known = memory.read_bytes() if memory.is_file() else None
            seen = None
            with suppress(FetchError):  # signed by a key that the host has dropped since: as if never seen
                seen = self.read_release(known, what) if known else None

            def accept(content: bytes) -> tuple[bytes, release.Release, bool]:
                found = self.read_release(content, what)
                release.refuse_other(found, suite.suite, what)
                late = release.refuse_stale(found, seen, what, accept=suite.accepts_expired, now=self.now())
                return content, found, late

            if self.store.offline and known:
                content, found, late = accept(known)
            else:
                content, found, late = self.store.read(self.urls(suite.area, f"dists/{what}"), what, accept)
            if late:
                self.expired.add(suite)
            if content != known:
                files.replace(memory, content)
        return found

    def read_release(self, content: bytes, what: str) -> release.Release:
        """Verify and read an InRelease."""
        return release.parse(release.verified(content, what, self.keyrings), what)

    def index(self, suite: Suite, debian_arch: str) -> tuple[Entry, ...]:
        """Return the kernel packages, and `extra`, of one suite's main component; () where it has not the arch."""
        key = (suite, debian_arch)
        if key not in self.indexes:
            if suite not in self.releases:
                self.releases[suite] = self.inrelease(suite)
            listed = self.releases[suite]
            plain = f"main/binary-{debian_arch}/Packages"
            packed, whole = listed.files.get(f"{plain}.xz"), listed.files.get(plain)
            if packed is None or whole is None:
                self.indexes[key] = ()
                return ()
            folder = f"dists/{suite.suite}/main/binary-{debian_arch}"
            paths = [f"{folder}/by-hash/SHA256/{packed.sha256}"] if listed.by_hash else []
            urls = [url for path in [*paths, f"{folder}/Packages.xz"] for url in self.urls(suite.area, path)]
            file = self.store.fetch(urls, packed.sha256, packed.size, f"{suite.suite} {debian_arch} Packages.xz")
            self.indexes[key] = entries(file.read_bytes(), whole, suite.area, self.keeps)
        return self.indexes[key]

    def keeps(self, name: str) -> bool:
        """Whether an index entry of this name may be of use."""
        return name in self.extra or (name.startswith(KINDS) and not name.endswith(naming.NO_KERNEL))

    def builds(self, arch: str, suites: Iterable[Suite], problems: list[str] | None = None) -> list[Build]:
        """Return all kernels that the suites offer for `arch` (our word), oldest first; each build once.

        With `problems`, a suite that cannot be read is named there and left out; else it is an error.
        """
        debian_arch = naming.DEBIAN[arch]
        found: dict[tuple[str, str], Build] = {}
        for suite in suites:
            try:
                listed = self.index(suite, debian_arch)
            except FetchError as error:
                if problems is None:
                    raise
                problems.append(f"{suite.suite} is left out for {arch}: {error}")
                continue
            for entry in listed:
                build = as_build(entry, arch, suite)
                if build is None:
                    continue
                key = (build.version, build.flavour)
                if key not in found or build.rank > found[key].rank:
                    found[key] = build
        return sorted(found.values(), key=lambda build: (build.rank[1], build.flavour))

    def package(self, name: str, debian_arch: str, suites: Iterable[Suite]) -> Package:
        """Return the newest package of this name; the name must be one of `extra`."""
        found = [e.package for suite in suites for e in self.index(suite, debian_arch) if e.package.name == name]
        if not found:
            raise FetchError(f"no suite offers the package {name} for {debian_arch}")
        return max(found, key=lambda package: Version(package.version))

    def resolve(self, build: Build, pinned: Mapping[str, Package] | None = None) -> Kernel:
        """Return the build with every package that it needs for image, config and modules.

        `pinned` maps pool paths to packages that were pinned before: what they promise is not asked again.
        """
        first = build.entry.package
        needed = [f"{part}{build.release}" for part in PARTS]
        if needed[0] not in build.entry.depends:
            needed = [first.name]
        here = {e.package.name: e for e in self.index(build.suite, first.arch) if e.package.version == first.version}
        known = [here[name] for name in needed if name in here]
        packages = [self.still_there(entry.package) for entry in known]
        notes = []
        for name in [name for name in needed if name not in here]:
            packages.append(self.from_pool(name, first, [build.entry, *known], pinned or {}))
            notes.append(f"{name} is in no index any more; its digest is pinned from the pool, not signed")
        if build.suite in self.expired:
            notes.append(f"the index of {build.suite.suite} was past its Valid-Until and accepted")
        in_order = tuple(sorted(packages, key=lambda package: package.name))
        return Kernel("debian", build.version, build.flavour, build.arch, build.release, in_order, tuple(notes))

    def still_there(self, package: Package) -> Package:
        """Return the package, raising where the pool has not the file that the index names."""
        if self.store.offers(self.urls(package.area, package.path), package.name):
            return package
        raise GoneError(f"{package.name} {package.version} is in the index, but {package.path} is not in the pool")

    def from_pool(self, name: str, like: Package, siblings: Sequence[Entry], pinned: Mapping[str, Package]) -> Package:
        """Return a package of the version of `like` that no index names, from the pool folders of its siblings."""
        version = like.version.partition(":")[2] or like.version
        paths = [f"{folder}/{name}_{version}_{like.arch}.deb" for folder in pool_folders(siblings)]
        for path in paths:
            if path in pinned:
                return self.still_there(pinned[path])
        for path in paths:
            try:
                file, sha256, size = self.store.adopt(self.urls(like.area, path), path.rpartition("/")[2])
            except GoneError:
                continue
            found = Package(name, like.version, like.arch, path, sha256, size, like.area, pinned=True)
            says = control(file)
            told = (says.get("Package"), says.get("Version"), says.get("Architecture"))
            if told != (name, like.version, like.arch):
                raise FetchError(f"{path}: says of itself that it is {told}")
            return found
        raise GoneError(f"{name} {like.version} has left the index and the pool (looked in {', '.join(paths)})")

    def download(self, package: Package, whose: str) -> Path:
        """Return the stored .deb of a locked package; `whose` names the kernel or guest root in errors."""
        label = package.path.rpartition("/")[2]
        if self.store.has(package.sha256, package.size):
            return self.store.path(package.sha256)
        if self.store.offline:
            self.store.refuse_offline(f"{whose}: {label}")
        try:
            return self.store.fetch(self.urls(package.area, package.path), package.sha256, package.size, label)
        except GoneError as error:
            raise GoneError(f"{whose}: {package.path} has left the archive's pool", hint=WAYS_OUT) from error

    def debs(self, kernel: Kernel) -> tuple[Path, ...]:
        """Return the stored .debs of a locked kernel, downloading what is missing."""
        return tuple(self.download(package, f"{kernel.name} ({kernel.arch})") for package in kernel.packages)


def as_build(entry: Entry, arch: str, suite: Suite) -> Build | None:
    """Return the kernel that an entry is, None where it is none, or a meta-package over one."""
    package = entry.package
    found = naming.release_of(package.name)
    parts = naming.split_release(found) if found else None
    if found is None or parts is None or any(name.startswith("linux-image-") for name in entry.depends):
        return None
    return Build(package.version, naming.flavour_of(parts[1], package.arch), arch, found, suite, entry)


def pool_folders(siblings: Sequence[Entry]) -> list[str]:
    """Return where unsigned parts of a build lie: the pool folders of the sources that the signed parts are made of."""
    found: dict[str, None] = {}
    for entry in siblings:
        own = entry.package.path.rpartition("/")[0]
        for source in entry.built_using:
            found[f"{own.rpartition('/')[0]}/{source}"] = None
    for entry in siblings:
        found[entry.package.path.rpartition("/")[0]] = None
    return list(found)


def archive(setting: str | Sequence[str] | None = None, extra: Iterable[str] = ()) -> Archive:
    """Return the archive that FARM_MIRROR, `setting` (matrix.yaml's mirror:) or the host's apt names."""
    chosen = mirrors.words(settings.mirror()) or mirrors.words(setting)
    return Archive(mirrors.bases(chosen), extra=frozenset(extra))


__all__ = ["Archive", "Build", "Suite", "archive"]
