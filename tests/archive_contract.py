"""What every source of kernels keeps: the same suite for an archive made here and for Debian's own."""

from itertools import pairwise

from debian.debian_support import Version

from farm.sources.apt import Archive, Build, Suite
from farm.types import upstream


class ArchiveContract:
    """`archive`, `suite` and `arch` are set by who inherits."""

    archive: Archive
    suite: Suite
    arch = "x86_64"

    def builds(self) -> list[Build]:
        return self.archive.builds(self.arch, [self.suite])

    def test_builds_come_oldest_first_and_each_once(self) -> None:
        found = [(Version(build.version), build.flavour) for build in self.builds()]

        assert found
        assert all(one < other for one, other in pairwise(found))

    def test_no_build_is_for_debugging_unsigned_or_a_name_for_others(self) -> None:
        names = [build.entry.package.name for build in self.builds()]

        assert [] == [name for name in names if name.endswith(("-dbg", "-unsigned", "-template"))]
        assert [] == [build for build in self.builds() if any("linux-image" in name for name in build.entry.depends)]

    def test_a_release_is_the_name_of_its_package_behind_the_prefix(self) -> None:
        builds = self.builds()

        assert [build.entry.package.name for build in builds] == [f"linux-image-{build.release}" for build in builds]

    def test_a_release_and_a_version_name_the_same_series(self) -> None:
        assert [] == [build for build in self.builds() if upstream(build.release)[:2] != upstream(build.version)[:2]]

    def test_flavours_are_named_without_the_architecture(self) -> None:
        assert {"cloud"} <= {build.flavour for build in self.builds()}
        assert [] == [build for build in self.builds() if "amd64" in build.flavour]

    def test_a_split_build_resolves_to_image_modules_and_config(self) -> None:
        build = self.newest("7.3")
        kernel = self.archive.resolve(build)

        assert [package.name.removesuffix(build.release) for package in kernel.packages] == [
            "linux-base-",
            "linux-binary-",
            "linux-modules-",
        ]
        assert {build.version} == {package.version for package in kernel.packages}

    def test_a_build_of_one_package_resolves_to_it(self) -> None:
        build = self.newest("6.18")

        assert [build.entry.package] == list(self.archive.resolve(build).packages)

    def newest(self, series: str) -> Build:
        return [b for b in self.builds() if b.version.startswith(f"{series}.") and b.flavour == "cloud"][-1]
