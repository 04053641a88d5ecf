import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from farm.answers import GoneError
from farm.errors import FetchError
from farm.run import find
from farm.sources.apt import Archive, Build, Suite
from farm.types import Package
from tests.archive_contract import ArchiveContract
from tests.made_archive import MadeArchive
from tests.made_deb import deb
from tests.web import HOST, Web, running

pytestmark = pytest.mark.skipif(find("gpgv") is None, reason="gpgv is not installed")

BACKPORTS = Suite("trixie-backports")
SECURITY = Suite("bookworm-security", "security")
ROTATED = "7.1.13+deb13-cloud-amd64"
POOL = "pool/main/l/linux"


@pytest.fixture
def web() -> Iterator[Web]:
    with running() as web:
        yield web


@pytest.fixture
def made(web: Web, tmp_path: Path) -> MadeArchive:
    return MadeArchive(web, tmp_path)


def part(made: MadeArchive, kind: str, **other: str) -> bytes:
    """Leave an unindexed part of the rotated build in the pool."""
    name, version = f"linux-{kind}-{ROTATED}", "7.1.13-1~bpo13+1"
    content = deb([], **{"Package": name, "Version": version, "Architecture": "amd64", **other})
    made.put(f"{POOL}/{name}_{version}_amd64.deb", content)
    return content


def build(archive: Archive, version: str, suite: Suite = BACKPORTS, arch: str = "x86_64") -> Build:
    return next(b for b in archive.builds(arch, [suite]) if b.version == version and b.flavour == "cloud")


class TestMadeHere(ArchiveContract):
    @pytest.fixture(autouse=True)
    def an_archive(self, made: MadeArchive) -> None:
        made.recorded("trixie-backports", "amd64")
        self.archive, self.suite = made.archive(), BACKPORTS


class TestBuilds:
    def test_an_index_of_every_kind_of_name_gives_the_kernels_alone(self, made: MadeArchive) -> None:
        made.recorded("bookworm-security", "amd64", area="security")
        found = [(b.version, b.flavour, b.release) for b in made.archive().builds("x86_64", [SECURITY])]

        assert found == [
            ("6.1.192-1", "cloud", "6.1.0-55-cloud-amd64"),
            ("6.1.192-2", "cloud", "6.1.0-56-cloud-amd64"),
            ("6.1.192-2", "generic", "6.1.0-56-amd64"),
            ("6.1.192-2", "rt", "6.1.0-56-rt-amd64"),
            ("6.12.117-1~deb12u1", "cloud", "6.12.117+deb12-cloud-amd64"),
        ]

    def test_a_suite_without_the_architecture_offers_nothing(self, made: MadeArchive) -> None:
        made.recorded("trixie-backports", "amd64")

        assert made.archive().builds("riscv64", [BACKPORTS]) == []

    def test_a_build_that_two_suites_offer_is_one_and_from_the_suite_with_an_honest_date(
        self, made: MadeArchive
    ) -> None:
        stanza = made.package("linux-image-7.2.1+deb14-cloud-amd64", "7.2.1-1")
        sid = Suite("sid", expired="accept")
        for suite in ("sid", "forky"):
            made.suite(suite, {"amd64": stanza})
        found = made.archive().builds("x86_64", [sid, Suite("forky")])

        assert [Suite("forky")] == [one.suite for one in found]

    def test_the_newest_of_a_package_is_found_over_suites(self, made: MadeArchive) -> None:
        made.suite("bookworm", {"amd64": made.package("libc6", "2.36-9")})
        made.suite("bookworm-security", {"amd64": made.package("libc6", "2.36-10", area="security")}, area="security")
        suites = [SECURITY, Suite("bookworm")]
        archive = made.archive(extra=["libc6", "zlib1g"])

        assert ("2.36-10", "security") == (
            archive.package("libc6", "amd64", suites).version,
            archive.package("libc6", "amd64", suites).area,
        )
        with pytest.raises(FetchError, match="no suite offers the package zlib1g for amd64"):
            archive.package("zlib1g", "amd64", suites)


class TestRotatedBuilds:
    def test_what_no_index_names_any_more_is_pinned_from_the_pool_and_said(self, made: MadeArchive) -> None:
        made.recorded("trixie-backports", "amd64")
        modules, base = part(made, "modules"), part(made, "base")
        archive = made.archive()
        kernel = archive.resolve(build(archive, "7.1.13-1~bpo13+1"))

        assert [(p.name, p.pinned) for p in kernel.packages] == [
            (f"linux-base-{ROTATED}", True),
            (f"linux-binary-{ROTATED}", False),
            (f"linux-modules-{ROTATED}", True),
        ]
        assert hashlib.sha256(modules).hexdigest() == kernel.packages[2].sha256
        assert (len(base), f"{POOL}/linux-base-{ROTATED}_7.1.13-1~bpo13+1_amd64.deb") == (
            kernel.packages[0].size,
            kernel.packages[0].path,
        )
        assert kernel.notes == tuple(
            f"linux-{kind}-{ROTATED} is in no index any more; its digest is pinned from the pool, not signed"
            for kind in ("modules", "base")
        )

    def test_what_was_pinned_before_keeps_its_digest(self, made: MadeArchive) -> None:
        made.recorded("trixie-backports", "amd64")
        part(made, "modules")
        part(made, "base")
        path = f"{POOL}/linux-modules-{ROTATED}_7.1.13-1~bpo13+1_amd64.deb"
        before = Package("linux-modules-" + ROTATED, "7.1.13-1~bpo13+1", "amd64", path, "0" * 64, 1, pinned=True)
        archive = made.archive()
        kernel = archive.resolve(build(archive, "7.1.13-1~bpo13+1"), {path: before})

        assert before in kernel.packages

    def test_a_build_whose_parts_have_left_the_pool_says_where_it_looked(self, made: MadeArchive) -> None:
        made.recorded("trixie-backports", "amd64")
        archive = made.archive()

        with pytest.raises(GoneError, match=rf"linux-modules-.* has left the index and .*{POOL}/linux-modules"):
            archive.resolve(build(archive, "7.1.13-1~bpo13+1"))

    def test_a_build_that_is_in_the_index_but_not_in_the_pool_is_said_to_be(self, made: MadeArchive) -> None:
        made.recorded("bullseye-security", "arm64", area="security", gone=["5.10.0-46"])
        archive, suite = made.archive(), Suite("bullseye-security", "security")

        with pytest.raises(GoneError, match=r"is in the index, but pool/updates/.* is not in the pool"):
            archive.resolve(build(archive, "5.10.262-1", suite, "arm64"))

    def test_a_file_of_the_right_name_that_is_another_package_is_refused(self, made: MadeArchive) -> None:
        made.recorded("trixie-backports", "amd64")
        part(made, "modules", Version="7.1.14-1~bpo13+1")
        archive = made.archive()

        with pytest.raises(FetchError, match=r"says of itself that it is .*7\.1\.14"):
            archive.resolve(build(archive, "7.1.13-1~bpo13+1"))


class TestDownloads:
    def stanza(self, made: MadeArchive) -> Package:
        made.suite("trixie", {"amd64": made.package("libc6", "2.41-1")})
        return made.archive(extra=["libc6"]).package("libc6", "amd64", [Suite("trixie")])

    def test_a_locked_package_needs_no_index(self, made: MadeArchive) -> None:
        package = self.stanza(made)
        made.web.seen.clear()
        path = made.archive().download(package, "guest root")

        assert package.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
        assert [f"{HOST}/debian/{package.path}"] == [url for url, _ in made.web.seen]

    def test_a_stored_package_needs_no_mirror(self, made: MadeArchive) -> None:
        package = self.stanza(made)
        path = made.archive().download(package, "guest root")
        archive = made.archive(offline=True)
        archive.bases = {}

        assert archive.download(package, "guest root") == path

    def test_a_locked_package_that_has_left_the_pool_names_the_ways_out(self, made: MadeArchive) -> None:
        package = self.stanza(made)
        made.web.pages.clear()
        with pytest.raises(GoneError) as caught:
            made.archive().download(package, "debian-6.1-1-cloud (x86_64)")

        assert caught.value.message == f"debian-6.1-1-cloud (x86_64): {package.path} has left the archive's pool"
        assert caught.value.hint == "./inv kernels --update moves the lock; or a `mirror:` that keeps old builds"

    def test_a_package_that_was_changed_on_the_mirror_is_refused(self, made: MadeArchive) -> None:
        package = self.stanza(made)
        made.put(package.path, bytes(package.size))

        with pytest.raises(FetchError, match=f"wrong digest: sha256 .* instead of {package.sha256}"):
            made.archive().download(package, "guest root")

    def test_an_area_without_a_mirror_says_what_to_set(self, made: MadeArchive) -> None:
        package = self.stanza(made)
        archive = made.archive()
        archive.bases = {}
        with pytest.raises(FetchError) as caught:
            archive.download(package, "guest root")

        assert caught.value.message.startswith("no mirror of Debian's archive is known")
        assert "FARM_MIRROR" in caught.value.hint

    def test_offline_a_package_that_is_not_stored_is_named_with_whose_it_is(self, made: MadeArchive) -> None:
        package = self.stanza(made)

        with pytest.raises(FetchError, match=r"guest root: libc6_2\.41-1_amd64\.deb is not stored"):
            made.archive(offline=True).download(package, "guest root")
