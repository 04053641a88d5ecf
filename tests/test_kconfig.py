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
