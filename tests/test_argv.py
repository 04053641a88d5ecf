from pathlib import Path

import pytest

from farm.arches import ARCHES
from farm.qemu.argv import Bootable, Wiring, command, escape
from farm.variants import VARIANTS, Variant
from tests.golden import expect

CASES = [(arch, variant) for arch in ARCHES for variant in VARIANTS.values() if arch not in variant.cannot]


def lines(words: list[str]) -> str:
    """Put an option and its value on one line, so that a change reads as one line."""
    text = ""
    for word in words:
        text += f"\n{word}" if word.startswith("-") else f" {word}"
    return text.strip() + "\n"


@pytest.mark.parametrize(("arch", "variant"), CASES, ids=[f"{arch}-{variant.name}" for arch, variant in CASES])
def test_qemu_is_told_exactly_what_the_golden_file_says(arch: str, variant: Variant) -> None:
    images = {image.name: Path(f"/images/{image.name}.img") for image in variant.images}
    tree = Path("/tree") if variant.machine(arch).regions else None
    boot = Bootable(Path("/kernel"), Path("/initrd"), Path("/images/scratch.img"), images, tree=tree)
    expect(f"argv/{arch}-{variant.name}.txt", lines(command(ARCHES[arch], variant, boot, Wiring(qmp_fd=7))))


def test_kvm_gets_a_named_cpu_model() -> None:
    words = command(ARCHES["x86_64"], VARIANTS["plain"], Bootable(Path("/k"), Path("/i")), Wiring(accel="kvm"))
    assert words[words.index("-cpu") + 1] == ARCHES["x86_64"].kvm_cpu
    assert words[words.index("-accel") + 1] == "kvm"


def test_a_comma_in_a_path_is_doubled() -> None:
    assert escape(Path("/a,b")) == "/a,,b"


@pytest.mark.parametrize("arch", ARCHES)
def test_the_guest_has_no_network_but_the_forwarded_port(arch: str) -> None:
    words = command(ARCHES[arch], VARIANTS["plain"], Bootable(Path("/k"), Path("/i")), Wiring())
    netdev = [word for word in words if word.startswith("user,")]
    assert netdev == ["user,id=net0,restrict=on,hostfwd=tcp:127.0.0.1:0-:22"]


def test_every_reason_why_an_architecture_cannot_have_a_variant_is_said() -> None:
    assert [] == [(v.name, arch) for v in VARIANTS.values() for arch, why in v.cannot.items() if not why.strip()]
    assert set(ARCHES) >= {arch.partition("@")[0] for variant in VARIANTS.values() for arch in variant.cannot}
    assert set(ARCHES) >= {arch.partition("@")[0] for variant in VARIANTS.values() for arch in variant.machines}
