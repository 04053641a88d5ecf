"""What of a guest's configuration its answers depend on."""

from dataclasses import replace

from farm.arches import ARCHES
from farm.lock import load
from farm.prepare import variant_digest
from farm.variants import VARIANTS, Machine

X86, PMEM = ARCHES["x86_64"], VARIANTS["pmem-ext4"]


def test_words_for_people_and_other_architectures_make_no_answer_stale() -> None:
    other = replace(PMEM, says="x", cannot={"i386": "x"}, machines={**PMEM.machines, "i386": Machine(memory="1G")})
    assert variant_digest(X86, PMEM) == variant_digest(replace(X86, slowness=9, because="x"), other)


def test_what_reaches_the_guest_makes_its_answers_stale() -> None:
    changed = [
        (X86, replace(PMEM, memory=640)),
        (X86, replace(PMEM, machines={**PMEM.machines, "x86_64": Machine()})),
        (replace(X86, cpu="max"), PMEM),
        (replace(X86, cmdline="nokaslr"), PMEM),
    ]
    found = {variant_digest(arch, variant) for arch, variant in [(X86, PMEM), *changed]}
    assert len(changed) + 1 == len(found)


def test_a_kernel_that_cannot_keep_the_promises_is_told_so_and_asked_again_when_the_reason_changes() -> None:
    variant = replace(PMEM, lacks={"kept": "lost"}, fails={"x86_64": {"7.1": "EIO"}})
    told = variant.missing("x86_64", "7.1")
    assert {"kept": "lost"} == variant.missing("x86_64", "7.0") == variant.missing("arm64", "7.1")
    assert {**dict.fromkeys(PMEM.gives, "EIO")} == {word: told[word] for word in PMEM.gives}
    found = {variant_digest(X86, variant, "7.1"), variant_digest(X86, variant, "7.0")}
    assert 2 == len(found)
    assert variant_digest(X86, replace(PMEM, lacks=variant.lacks)) in found


def test_every_kernel_that_is_said_to_fail_is_locked() -> None:
    locked = {(one.arch, one.version) for one in load().kernels}
    named = {
        (arch, version) for one in VARIANTS.values() for arch, versions in one.fails.items() for version in versions
    }
    assert set() == named - locked
