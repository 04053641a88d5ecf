"""Device trees: what QEMU or dtc writes is read, changed and written again."""

import struct

import pytest

from farm import fdt
from farm.errors import ImageError
from farm.fdt import Node, Tree

MIB = 1 << 20
TWO = struct.pack(">I", 2)


def machine(*memory: tuple[int, int]) -> Tree:
    """Return a tree as QEMU makes one: a memory node, and a child with a child."""
    reg = b"".join(struct.pack(">2Q", *piece) for piece in memory)
    uart = Node("serial@9000000", {"compatible": b"arm,pl011\0", "reg": struct.pack(">2Q", 0x9000000, 4096)})
    children = [
        Node("memory@40000000", {"device_type": b"memory\0", "reg": reg}),
        Node("soc", {"ranges": b""}, [uart]),
        Node("chosen", {"bootargs": b"quiet\0"}),
    ]
    return Tree(Node("", {"#address-cells": TWO, "#size-cells": TWO}, children), [(0x1000, 0x2000)], 1)


def test_what_is_packed_is_parsed_to_the_same_tree() -> None:
    tree = machine((0x40000000, 768 * MIB))
    assert fdt.parse(fdt.pack(tree)) == tree


def test_a_tree_has_the_bytes_of_the_specification() -> None:
    tree = Tree(Node("", {"model": b"x\0"}))
    header = (0xD00DFEED, 94, 56, 88, 40, 17, 16, 0, 6, 32)
    body = (1, 0, 3, 2, 0, 0x78000000, 2, 9)
    expected = struct.pack(">10I", *header) + bytes(16) + struct.pack(">8I", *body) + b"model\0"
    assert expected == fdt.pack(tree)


def test_a_region_is_added_and_is_memory_no_more() -> None:
    tree = machine((0x40000000, 768 * MIB), (0x100000000, 256 * MIB))
    fdt.add_pmem(tree, 0x60000000, 128 * MIB)
    memory, region = tree.root.children[0], tree.root.children[-1]
    left = [(0x40000000, 512 * MIB), (0x68000000, 128 * MIB), (0x100000000, 256 * MIB)]
    assert left == list(struct.iter_unpack(">2Q", memory.properties["reg"]))
    expected = {"compatible": b"pmem-region\0", "reg": struct.pack(">2Q", 0x60000000, 128 * MIB)}
    assert (region.name, region.properties) == ("pmem@60000000", expected)


@pytest.mark.parametrize(
    ("at", "size", "left"),
    [
        (0x40000000, 128, [(0x48000000, 128)]),
        (0x48000000, 128, [(0x40000000, 128)]),
        (0x40000000, 256, []),
        (0x60000000, 128, [(0x40000000, 256)]),
    ],
)
def test_a_region_at_either_end_of_memory_leaves_the_rest(at: int, size: int, left: list[tuple[int, int]]) -> None:
    tree = machine((0x40000000, 256 * MIB))
    fdt.add_pmem(tree, at, size * MIB)
    found = list(struct.iter_unpack(">2Q", tree.root.children[0].properties["reg"]))
    assert [(start, length * MIB) for start, length in left] == found


def test_a_tree_that_counts_cells_otherwise_is_refused() -> None:
    with pytest.raises(ImageError, match="two for addresses"):
        fdt.add_pmem(Tree(Node("", {"#address-cells": struct.pack(">I", 1)})), 0, 1)


@pytest.mark.parametrize("cut", [0, 4, 39, 60, 120])
def test_a_damaged_tree_is_an_error_of_ours(cut: int) -> None:
    data = fdt.pack(machine((0x40000000, MIB)))
    with pytest.raises(ImageError):
        fdt.parse(data[:cut])


def test_a_tree_whose_nodes_do_not_end_is_an_error_of_ours() -> None:
    data = fdt.pack(Tree(Node("", {"model": b"x\0"})))
    with pytest.raises(ImageError, match="ends inside /"):
        fdt.parse(data.replace(struct.pack(">2I", 2, 9), struct.pack(">2I", 4, 4)))
