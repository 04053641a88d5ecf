"""A small Debian archive on invented hosts: signed suites, indexes of the real shape, packages in a pool."""

import hashlib
import lzma
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from farm.sources.apt import Archive
from farm.store import Store
from tests.made_deb import deb, write
from tests.openpgp import Key, key
from tests.web import HOST, Web, no_wait

RECORDED = Path(__file__).parent / "data" / "archive"
BASES = {"main": f"{HOST}/debian", "security": f"{HOST}/debian-security"}
DATE = datetime(2026, 11, 21, 2, 10, 46, tzinfo=UTC)
NOW = datetime(2026, 11, 23, tzinfo=UTC)


def stamp(moment: datetime) -> str:
    return moment.strftime("%a, %d %b %Y %H:%M:%S UTC")


class MadeArchive:
    """What lies on the web below the two base addresses."""

    def __init__(self, web: Web, folder: Path) -> None:
        self.web = web
        self.folder = folder
        self.keyring = write(folder / "keyring.gpg", key().keyring())

    def archive(self, *, offline: bool = False, extra: Iterable[str] = (), now: datetime = NOW) -> Archive:
        """Return the archive as a new run of the farm sees it."""
        store = Store(self.folder / "store", offline=offline, wait=no_wait, session=self.web.session())
        bases = {area: (base,) for area, base in BASES.items()}
        return Archive(bases, store, [self.keyring], self.folder / "releases", now=lambda: now, extra=frozenset(extra))

    def suite(
        self,
        suite: str,
        indexes: Mapping[str, str],
        *,
        area: str = "main",
        date: datetime = DATE,
        until: datetime | None = None,
        codename: str = "",
        signer: Key | None = None,
        by_hash: bool = True,
    ) -> None:
        """Publish a suite; `indexes` are the texts of its Packages files by Debian architecture."""
        dists = f"{BASES[area].removeprefix(HOST + '/')}/dists/{suite}"
        lines = []
        for arch, text in indexes.items():
            packed, plain = lzma.compress(text.encode()), f"main/binary-{arch}/Packages"
            digest = hashlib.sha256(packed).hexdigest()
            lines += [f" {hashlib.sha256(text.encode()).hexdigest()} {len(text.encode())} {plain}"]
            lines += [f" {digest} {len(packed)} {plain}.xz"]
            self.web.put(f"{dists}/{plain}.xz", packed)
            if by_hash:
                self.web.put(f"{dists}/main/binary-{arch}/by-hash/SHA256/{digest}", packed)
        fields = {
            "Origin": "Debian",
            "Suite": "some",
            "Codename": codename or suite,
            "Date": stamp(date),
            "Valid-Until": stamp(until) if until else "",
            "Acquire-By-Hash": "yes" if by_hash else "",
        }
        text = "".join(f"{name}: {value}\n" for name, value in fields.items() if value)
        text += "SHA256:\n" + "\n".join(lines) + "\n"
        self.web.put(f"{dists}/InRelease", (signer or key()).clearsign(text))

    def recorded(self, suite: str, arch: str, *, area: str = "main", gone: Iterable[str] = ()) -> None:
        """Publish a recorded index, and in the pool something for each of its files but those that are `gone`."""
        text = (RECORDED / f"{suite}.{arch}").read_text()
        self.suite(suite, {arch: text}, area=area)
        for line in text.splitlines():
            if line.startswith("Filename: ") and not any(name in line for name in gone):
                self.put(line.removeprefix("Filename: "), b"a package", area)

    def put(self, path: str, content: bytes, area: str = "main") -> str:
        """Put a file into the pool."""
        return self.web.put(f"{BASES[area].removeprefix(HOST + '/')}/{path}", content)

    def package(self, name: str, version: str, arch: str = "amd64", *, area: str = "main", depends: str = "") -> str:
        """Put a package into the pool and return its stanza."""
        content = deb([], Package=name, Version=version, Architecture=arch)
        path = f"pool/main/{name[0]}/{name}/{name}_{version.partition(':')[2] or version}_{arch}.deb"
        self.put(path, content, area)
        fields = {
            "Package": name,
            "Version": version,
            "Architecture": arch,
            "Depends": depends,
            "Filename": path,
            "Size": str(len(content)),
            "SHA256": hashlib.sha256(content).hexdigest(),
        }
        return "".join(f"{field}: {value}\n" for field, value in fields.items() if value) + "\n"
