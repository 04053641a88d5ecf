import pytest

from farm import kconfig

TEXT = """\
# Linux/arm64 6.1 Kernel Configuration
CONFIG_EXT4_FS=m
CONFIG_DAX=y
# CONFIG_FS_DAX is not set
CONFIG_LOCALVERSION="-x"
"""


def test_options_that_are_set_are_read() -> None:
    assert kconfig.parse(TEXT) == {"CONFIG_EXT4_FS": "m", "CONFIG_DAX": "y", "CONFIG_LOCALVERSION": "-x"}


def test_a_word_is_ruled_out_by_the_first_option_that_is_missing() -> None:
    gives = {"dax": ("CONFIG_DAX", "CONFIG_FS_DAX", "CONFIG_ZONE_DEVICE"), "ext4": ("CONFIG_EXT4_FS",)}
    assert kconfig.ruled_out(kconfig.parse(TEXT), gives) == {"dax": "CONFIG_FS_DAX is not set"}


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("CONFIG_PAGE_SHIFT=14\n", 16384),
        ("CONFIG_ARM64_PAGE_SHIFT=12\nCONFIG_ARM64_4K_PAGES=y\n", 4096),
        ("CONFIG_PPC_PAGE_SHIFT=16\n", 65536),
        ("CONFIG_PAGE_SIZE_16KB=y\n", 16384),
        ("CONFIG_16KB_3LEVEL=y\n", 16384),
        ("CONFIG_X86=y\n", 4096),
    ],
)
def test_the_page_size_is_read_from_whatever_option_says_it(text: str, size: int) -> None:
    assert size == kconfig.page_size(kconfig.parse(text))
