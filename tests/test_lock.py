import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from farm import lock
from farm.errors import FetchError, InfraError, PlanError
from farm.lock import Lock, Root, Wish
from farm.run import find
from farm.sources.apt import Suite
from farm.types import Kernel, Package
from tests.made_archive import MadeArchive
from tests.web import Web, running

PACKAGE = Package("linux-image-x", "1", "amd64", "pool/main/l/linux/x.deb", "a" * 64, 1)


def kernel(version: str, flavour: str = "cloud", arch: str = "x86_64") -> Kernel:
    return Kernel("debian", version, flavour, arch, f"{version}-{flavour}", (PACKAGE,))


LOCKED = Lock(
    (
        kernel("6.1.190-1"),
        kernel("6.1.192-2"),
        kernel("6.12.9-1"),
        kernel("6.12.117-1", "generic"),
        kernel("6.12.117-1"),
        kernel("7.3.4-1~bpo13+1"),
        kernel("7.2.12-1", "16k", "arm64"),
        kernel("5.10.223-1", "cloud", "arm64"),
    )
)


class TestFinding:
    @pytest.mark.parametrize(
        ("name", "version"),
        [
            ("6.1", "6.1.192-2"),
            ("6.1.190", "6.1.190-1"),
            ("6.12", "6.12.117-1"),
            ("6.12.9", "6.12.9-1"),
            ("6", "6.12.117-1"),
            ("7.3", "7.3.4-1~bpo13+1"),
            ("7.3.4-1~bpo13+1", "7.3.4-1~bpo13+1"),
            ("debian-6.1.190-1", "6.1.190-1"),
            ("debian-6.1.190-1-cloud", "6.1.190-1"),
            ("6.1.190-1-cloud", "6.1.190-1"),
        ],
    )
    def test_a_name_means_the_newest_build_of_its_whole_components(self, name: str, version: str) -> None:
        assert LOCKED.find(name, "x86_64", "cloud").version == version

    def test_the_folder_name_goes_before_the_flavour_that_is_asked_for(self) -> None:
        assert LOCKED.find("debian-6.12.117-1-generic", "x86_64", "cloud").flavour == "generic"

    def test_without_a_flavour_the_cloud_one_is_taken_where_there_is_one(self) -> None:
        assert LOCKED.find("6.12.117", "x86_64").flavour == "cloud"
        assert LOCKED.find("7.2", "arm64").flavour == "16k"

    @pytest.mark.parametrize(
        ("name", "nearest"),
        [
            ("6.13", "6.12"),
            ("5.10", "6.1"),
            ("debian-6.12.117-2-cloud", "debian-6.12.117-1-cloud"),
            ("7.3.4-1~bp013+1", "debian-7.3.4-1~bpo13+1-cloud"),
        ],
    )
    def test_an_unknown_name_is_answered_with_the_nearest(self, name: str, nearest: str) -> None:
        with pytest.raises(PlanError) as caught:
            LOCKED.find(name, "x86_64", "cloud")

        assert caught.value.message == f"no kernel {name!r} of flavour cloud is locked for x86_64"
        assert caught.value.hint == f"did you mean {nearest}?"

    def test_an_architecture_without_kernels_says_how_to_get_some(self) -> None:
        with pytest.raises(PlanError, match=r"no kernel is locked for s390x \(\./inv kernels --update\)"):
            LOCKED.find("6.12", "s390x")

    def test_the_newest_of_a_series_is_told_by_debians_order_of_versions(self) -> None:
        assert LOCKED.newest("6.12", "x86_64", "cloud") == kernel("6.12.117-1")
        assert LOCKED.newest("6.12", "x86_64", "rt") is None


class TestTheFile:
    def test_what_is_saved_is_loaded_again(self, tmp_path: Path) -> None:
        pinned = replace(kernel("7.1.13-1"), packages=(replace(PACKAGE, pinned=True),), notes=("a note",))
        before = Lock((pinned,), {"amd64": (PACKAGE,)})
        lock.save(before, tmp_path / "lock.json")

        assert lock.load(tmp_path / "lock.json") == before

    def test_the_same_kernels_in_another_order_are_the_same_bytes(self, tmp_path: Path) -> None:
        lock.save(LOCKED, tmp_path / "one")
        lock.save(Lock(tuple(reversed(LOCKED.kernels))), tmp_path / "other")

        assert (tmp_path / "one").read_bytes() == (tmp_path / "other").read_bytes()

    def test_kernels_stand_in_the_order_of_their_versions(self, tmp_path: Path) -> None:
        lock.save(LOCKED, tmp_path / "lock")
        rows = json.loads((tmp_path / "lock").read_text())["kernels"]

        assert [row["version"] for row in rows] == [
            "5.10.223-1",
            "6.1.190-1",
            "6.1.192-2",
            "6.12.9-1",
            "6.12.117-1",
            "6.12.117-1",
            "7.2.12-1",
            "7.3.4-1~bpo13+1",
        ]

    def test_a_file_that_is_not_there_locks_nothing(self, tmp_path: Path) -> None:
        assert lock.load(tmp_path / "lock.json") == Lock()

    @pytest.mark.parametrize(
        "text", ["", "{", "[]", "{}", '{"schema": 1}', '{"schema": 1, "kernels": [{}], "root": {}}']
    )
    def test_a_file_that_is_none_is_named(self, text: str, tmp_path: Path) -> None:
        (tmp_path / "lock.json").write_text(text)

        with pytest.raises(InfraError, match=r"lock\.json: not a lock file"):
            lock.load(tmp_path / "lock.json")

    def test_a_file_of_a_newer_farm_is_called_so(self, tmp_path: Path) -> None:
        (tmp_path / "lock.json").write_text('{"schema": 2}')

        with pytest.raises(InfraError, match="schema 2 is not 1"):
            lock.load(tmp_path / "lock.json")


class TestTheCommittedFile:
    def test_it_is_as_the_farm_writes_it(self, tmp_path: Path) -> None:
        lock.save(lock.load(), tmp_path / "lock.json")

        assert lock.PATH.read_text() == (tmp_path / "lock.json").read_text()

    def test_it_names_no_host(self) -> None:
        assert "://" not in lock.PATH.read_text()

    @pytest.mark.parametrize("series", ["5.10", "6.1", "6.12", "6.18", "7.3"])
    @pytest.mark.parametrize("arch", ["x86_64", "arm64"])
    def test_it_has_what_the_default_matrix_asks_for(self, series: str, arch: str) -> None:
        assert lock.load().newest(series, arch, "cloud")

    def test_what_is_pinned_is_said(self) -> None:
        kernels = lock.load().kernels

        assert [k.name for k in kernels if any(p.pinned for p in k.packages)] == [
            k.name for k in kernels if any("not signed" in note for note in k.notes)
        ]


@pytest.mark.skipif(find("gpgv") is None, reason="gpgv is not installed")
class TestUpdating:
    SUITE = Suite("trixie")

    @pytest.fixture
    def web(self) -> Iterator[Web]:
        with running() as web:
            yield web

    @pytest.fixture
    def made(self, web: Web, tmp_path: Path) -> MadeArchive:
        return MadeArchive(web, tmp_path)

    def image(self, made: MadeArchive, version: str, arch: str) -> str:
        upstream = version.partition("-")[0]
        return made.package(f"linux-image-{upstream}+deb13-cloud-{arch}", version, arch)

    def publish(self, made: MadeArchive, amd64: list[str], arm64: list[str]) -> None:
        versions = {"amd64": amd64, "arm64": arm64}
        made.suite(
            "trixie", {arch: "".join(self.image(made, one, arch) for one in of) for arch, of in versions.items()}
        )

    def update(self, made: MadeArchive, *series: str) -> tuple[list[tuple[str, str]], list[str]]:
        found, missing = lock.update(made.archive(), [self.SUITE], [Wish(series, ("x86_64", "arm64"))], [])
        return [(one.version, one.arch) for one in found.kernels], missing

    def test_the_newest_of_each_series_is_locked(self, made: MadeArchive) -> None:
        versions = ["6.1.9-1", "6.1.10-1", "6.12.1-1"]
        self.publish(made, versions, versions)

        assert self.update(made, "6.1", "6.12") == (
            [(version, arch) for version in ("6.1.10-1", "6.12.1-1") for arch in ("x86_64", "arm64")],
            [],
        )

    def test_one_version_for_all_goes_before_a_newer_packaging_of_the_same_kernel(self, made: MadeArchive) -> None:
        self.publish(made, ["6.12.1-1", "6.12.1-2"], ["6.12.1-1"])

        assert self.update(made, "6.12")[0] == [("6.12.1-1", "x86_64"), ("6.12.1-1", "arm64")]

    def test_a_newer_kernel_goes_before_one_version_for_all(self, made: MadeArchive) -> None:
        self.publish(made, ["6.12.1-1", "6.12.2-1"], ["6.12.1-1"])

        assert self.update(made, "6.12")[0] == [("6.12.2-1", "x86_64"), ("6.12.1-1", "arm64")]

    def test_a_build_that_the_pool_has_not_gives_way_to_the_one_before_and_is_named(self, made: MadeArchive) -> None:
        self.publish(made, ["6.12.1-1", "6.12.2-1"], ["6.12.1-1", "6.12.2-1"])
        name = "linux-image-6.12.2+deb13-cloud-arm64"
        made.web.pages = {url: pages for url, pages in made.web.pages.items() if name not in url}
        found, missing = self.update(made, "6.12")

        assert found == [("6.12.2-1", "x86_64"), ("6.12.1-1", "arm64")]
        assert len(missing) == 1
        assert missing[0].startswith(f"6.12 cloud: 6.12.2-1 for arm64: {name} 6.12.2-1 is in the index, but pool/")

    def test_a_series_that_nobody_offers_is_named(self, made: MadeArchive) -> None:
        self.publish(made, ["6.12.1-1"], [])

        assert self.update(made, "6.12", "6.99") == (
            [("6.12.1-1", "x86_64")],
            [
                "6.12 cloud: no suite offers it for arm64",
                "6.99 cloud: no suite offers it for x86_64",
                "6.99 cloud: no suite offers it for arm64",
            ],
        )

    def test_a_suite_that_cannot_be_read_is_named_and_the_others_are_asked(self, made: MadeArchive) -> None:
        self.publish(made, ["6.12.1-1"], ["6.12.1-1"])
        found, missing = lock.update(
            made.archive(), [self.SUITE, Suite("trixie-backports")], [Wish(("6.12",), ("x86_64",))], []
        )

        assert [one.version for one in found.kernels] == ["6.12.1-1"]
        assert len(missing) == 1
        assert missing[0].startswith("trixie-backports is left out for x86_64: trixie-backports/InRelease: ")

    def test_the_guest_root_is_locked_too(self, made: MadeArchive) -> None:
        made.suite("trixie", {"amd64": made.package("busybox-static", "1:1.35.0-4+b1")})
        archive = made.archive(extra=["busybox-static", "dropbear-bin"])
        found, _ = lock.update(archive, [], [], [Root("amd64", ("busybox-static",), (self.SUITE,))])

        assert [package.version for package in found.root["amd64"]] == ["1:1.35.0-4+b1"]
        with pytest.raises(FetchError, match="no suite offers the package dropbear-bin for amd64"):
            lock.update(archive, [], [], [Root("amd64", ("dropbear-bin",), (self.SUITE,))])
