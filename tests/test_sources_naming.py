import lzma

import pytest

from farm.errors import FetchError
from farm.sources import index, release
from farm.sources.naming import flavour_of, release_of, split_release
from farm.sources.release import Listed
from tests.made_archive import RECORDED


@pytest.mark.parametrize(
    ("name", "version", "flavour"),
    [
        ("5.10.0-46-cloud-amd64", "5.10.0-46", "cloud-amd64"),
        ("6.1.0-0.deb11.48-cloud-amd64", "6.1.0-0.deb11.48", "cloud-amd64"),
        ("6.1.0-56-686-pae", "6.1.0-56", "686-pae"),
        ("6.1.0-56-5kc-malta", "6.1.0-56", "5kc-malta"),
        ("6.12.74+deb13+1-cloud-arm64", "6.12.74+deb13+1", "cloud-arm64"),
        ("6.12.90+deb13.1-armmp-lpae", "6.12.90+deb13.1", "armmp-lpae"),
        ("6.12.117+deb13-arm64-16k", "6.12.117+deb13", "arm64-16k"),
        ("7.3-cloud-amd64", "7.3", "cloud-amd64"),
    ],
)
def test_a_release_splits_into_version_and_flavour(name: str, version: str, flavour: str) -> None:
    assert split_release(name) == (version, flavour)


@pytest.mark.parametrize(
    ("word", "debian_arch", "ours"),
    [
        ("cloud-amd64", "amd64", "cloud"),
        ("amd64", "amd64", "generic"),
        ("rt-amd64", "amd64", "rt"),
        ("cloud-arm64", "arm64", "cloud"),
        ("arm64", "arm64", "generic"),
        ("arm64-16k", "arm64", "16k"),
        ("powerpc64le", "ppc64el", "generic"),
        ("powerpc64le-64k", "ppc64el", "64k"),
        ("riscv64", "riscv64", "generic"),
        ("s390x", "s390x", "generic"),
        ("5kc-malta", "mips64el", "generic"),
        ("loong64", "loong64", "generic"),
        ("686", "i386", "686"),
        ("686-pae", "i386", "686-pae"),
        ("rt-686-pae", "i386", "rt-686-pae"),
        ("armmp", "armhf", "armmp"),
        ("armmp-lpae", "armhf", "armmp-lpae"),
    ],
)
def test_a_flavour_is_named_without_its_architecture(word: str, debian_arch: str, ours: str) -> None:
    assert flavour_of(word, debian_arch) == ours


@pytest.mark.parametrize(
    "name",
    [
        "linux-image-amd64",
        "linux-image-cloud-amd64",
        "linux-image-6.1.0-56-amd64-dbg",
        "linux-image-6.1.0-56-amd64-unsigned",
        "linux-image-amd64-signed-template",
        "linux-headers-6.1.0-56-amd64",
        "linux-binary-7.3.4+deb13-cloud-amd64",
    ],
)
def test_what_is_no_kernel_has_no_release(name: str) -> None:
    assert release_of(name) is None


def listed(text: str) -> tuple[bytes, Listed]:
    return lzma.compress(text.encode()), Listed("main/binary-amd64/Packages", "", len(text.encode()))


STANZA = "Package: a\nVersion: 1\nArchitecture: amd64\nFilename: pool/a.deb\nSize: 5\nSHA256: AB\n"


class TestIndex:
    def test_recorded_dependencies_are_read_with_their_alternatives(self) -> None:
        packed, whole = listed((RECORDED / "trixie-backports.amd64").read_text())
        name = "linux-binary-7.1.13+deb13-cloud-amd64"
        (found,) = index.entries(packed, whole, "main", lambda one: one == name)

        assert found.depends == ("linux-base-7.1.13+deb13-cloud-amd64",)
        assert found.built_using == ("linux",)
        assert found.package.path == f"pool/main/l/linux-signed-amd64/{name}_7.1.13-1~bpo13+1_amd64.deb"

    @pytest.mark.parametrize("text", [STANZA, f"{STANZA}\nPackage: b\n", f"Package: b\n\n{STANZA}"])
    def test_a_stanza_is_found_wherever_it_stands(self, text: str) -> None:
        (found,) = index.entries(*listed(text), "main", lambda name: name == "a")

        assert (found.package.name, found.package.size, found.package.sha256) == ("a", 5, "ab")

    @pytest.mark.parametrize("field", ["Version", "Architecture", "Filename", "Size", "SHA256"])
    def test_a_stanza_without_what_is_needed_is_refused(self, field: str) -> None:
        text = "".join(line for line in STANZA.splitlines(keepends=True) if not line.startswith(field))

        with pytest.raises(FetchError, match="a stanza that cannot be read"):
            index.entries(*listed(text), "main", lambda _name: True)

    @pytest.mark.parametrize("path", ["/etc/passwd", "pool/../../secret", "http://other.example/a.deb"])
    def test_a_path_that_leads_out_of_the_archive_is_refused(self, path: str) -> None:
        with pytest.raises(FetchError, match="cannot be read"):
            index.entries(*listed(STANZA.replace("pool/a.deb", path)), "main", lambda _name: True)

    @pytest.mark.parametrize("wrong", [-1, 1])
    def test_an_index_of_another_length_than_promised_is_refused(self, wrong: int) -> None:
        packed, whole = listed(STANZA)

        with pytest.raises(FetchError, match="unpacks to other than"):
            index.entries(packed, Listed(whole.path, "", whole.size + wrong), "main", lambda _name: True)

    @pytest.mark.parametrize("packed", [b"", b"text", lzma.compress(b"text")[:-20]])
    def test_an_index_that_is_damaged_is_refused(self, packed: bytes) -> None:
        with pytest.raises(FetchError, match=r"Packages\.xz"):
            index.entries(packed, Listed("main/binary-amd64/Packages", "", 4), "main", lambda _name: True)


class TestRelease:
    @pytest.mark.parametrize("text", ["Origin: x\n", "Date: yesterday\n", ""])
    def test_a_file_without_a_date_is_refused(self, text: str) -> None:
        with pytest.raises(FetchError, match="trixie/InRelease: "):
            release.parse(text, "trixie/InRelease")

    def test_a_digest_that_is_none_is_refused(self) -> None:
        text = "Date: Sat, 21 Nov 2026 02:10:46 UTC\nSHA256:\n ../../x 5 main/a\n"

        with pytest.raises(FetchError, match="a SHA256 that is none"):
            release.parse(text, "trixie/InRelease")

    def test_a_page_in_place_of_a_signed_file_is_called_so(self, tmp_path_factory: pytest.TempPathFactory) -> None:
        with pytest.raises(FetchError, match="not a signed InRelease file"):
            release.verified(b"hello", "trixie/InRelease", [tmp_path_factory.getbasetemp()])

    def test_keyrings_are_found_under_their_old_and_new_names(self, tmp_path_factory: pytest.TempPathFactory) -> None:
        folder = tmp_path_factory.mktemp("keyrings")
        names = ("debian-archive-removed-keys.gpg", "debian-archive-keyring.pgp", "other.gpg")
        for name in names:
            (folder / name).touch()

        assert release.keyrings(folder) == (folder / names[1], folder / names[0])
