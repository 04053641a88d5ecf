"""Flattened device trees: read, changed, written (Devicetree Specification 0.4, chapter 5); and what of_pmem looks for.

QEMU has no device for the kernel's of_pmem driver: the tree that it makes for a machine is given one more node.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from farm.errors import ImageError

MAGIC = 0xD00DFEED
VERSION, COMPATIBLE = 17, 16
HEADER = struct.Struct(">10I")
BEGIN, END, PROPERTY, NOP, STOP = 1, 2, 3, 4, 9


@dataclass(slots=True)
class Node:
    """One node: its properties as bytes, and its children, both in order."""

    name: str = ""
    properties: dict[str, bytes] = field(default_factory=dict)
    children: list[Node] = field(default_factory=list)


@dataclass(slots=True)
class Tree:
    """A device tree; `reserved` are (address, bytes) of memory that is not to be used, `cpu` the one that boots."""

    root: Node
    reserved: list[tuple[int, int]] = field(default_factory=list)
    cpu: int = 0


def parse(data: bytes) -> Tree:
    """Return the tree in `data`; ImageError where it is none."""
    try:
        magic, total, structs, strings, reserve, _, compatible, cpu, _, size = HEADER.unpack_from(data)
        if magic != MAGIC or compatible > VERSION or len(data) < total:
            raise ImageError("this is no device tree of a version that is known", hint=f"it begins {data[:8].hex()}")
        tokens = _tokens(data[:total], structs, structs + size, strings)
        if next(tokens) != (BEGIN, "", b""):
            raise ImageError("the device tree's first node is not its root")
        return Tree(_node("", tokens), list(_reserved(data, reserve)), cpu)
    except (struct.error, ValueError, StopIteration) as error:
        raise ImageError(f"the device tree is damaged: {error or 'it ends too early'}") from error


def _reserved(data: bytes, at: int) -> Iterator[tuple[int, int]]:
    while (entry := struct.unpack_from(">2Q", data, at)) != (0, 0):
        yield entry
        at += 16


def _tokens(data: bytes, at: int, end: int, strings: int) -> Iterator[tuple[int, str, bytes]]:
    """Yield (token, name, value) of the structure block; every token begins at a multiple of four."""
    while at < end:
        (token,) = struct.unpack_from(">I", data, at)
        at += 4
        name, value = "", b""
        if token == BEGIN:
            name = _text(data, at)
            at += len(name) + 1
        elif token == PROPERTY:
            length, offset = struct.unpack_from(">2I", data, at)
            name, value = _text(data, strings + offset), data[at + 8 : at + 8 + length]
            at += 8 + length
        at = at + 3 & ~3
        if token != NOP:
            yield token, name, value


def _text(data: bytes, at: int) -> str:
    return data[at : data.index(b"\0", at)].decode("ascii")


def _node(name: str, tokens: Iterator[tuple[int, str, bytes]]) -> Node:
    node = Node(name)
    for token, inner, value in tokens:
        if token == END:
            return node
        if token == BEGIN:
            node.children.append(_node(inner, tokens))
        elif token == PROPERTY:
            node.properties[inner] = value
        else:
            raise ImageError(f"the device tree has a token {token} inside {name or '/'}")
    raise ImageError(f"the device tree ends inside {name or '/'}")


def pack(tree: Tree) -> bytes:
    """Return `tree` as bytes; each property's name is stored once, in order of first appearance."""
    names: dict[str, int] = {}
    body = _packed(tree.root, names) + struct.pack(">I", STOP)
    strings = b"".join(name.encode("ascii") + b"\0" for name in names)
    reserve = b"".join(struct.pack(">2Q", *entry) for entry in [*tree.reserved, (0, 0)])
    structs_at = HEADER.size + len(reserve)
    strings_at = structs_at + len(body)
    total = strings_at + len(strings)
    lengths = (len(strings), len(body))
    header = (MAGIC, total, structs_at, strings_at, HEADER.size, VERSION, COMPATIBLE, tree.cpu, *lengths)
    return HEADER.pack(*header) + reserve + body + strings


def _packed(node: Node, names: dict[str, int]) -> bytes:
    parts = [struct.pack(">I", BEGIN), _padded(node.name.encode("ascii") + b"\0")]
    for name, value in node.properties.items():
        if name not in names:
            names[name] = sum(len(one) + 1 for one in names)
        parts.append(struct.pack(">3I", PROPERTY, len(value), names[name]) + _padded(value))
    parts += [_packed(child, names) for child in node.children]
    return b"".join(parts) + struct.pack(">I", END)


def _padded(value: bytes) -> bytes:
    return value + bytes(-len(value) % 4)


def add_pmem(tree: Tree, at: int, size: int) -> None:
    """Add a `pmem-region` node for `size` bytes at `at`, and take them out of the tree's memory nodes.

    Source: Documentation/devicetree/bindings/pmem/pmem-region.txt. A region that is also memory would be the
    page allocator's.
    """
    cells = [_cells(tree.root, "#address-cells"), _cells(tree.root, "#size-cells")]
    if cells != [2, 2]:
        raise ImageError(f"the device tree's root counts {cells} cells, not two for addresses and two for sizes")
    for node in tree.root.children:
        if node.properties.get("device_type") == b"memory\0":
            found = list(struct.iter_unpack(">2Q", node.properties["reg"]))
            left = [piece for start, length in found for piece in _without(start, length, at, size)]
            node.properties["reg"] = b"".join(struct.pack(">2Q", *piece) for piece in left)
    region = {"compatible": b"pmem-region\0", "reg": struct.pack(">2Q", at, size)}
    tree.root.children.append(Node(f"pmem@{at:x}", region))


def _cells(node: Node, name: str) -> int:
    return int.from_bytes(node.properties.get(name, b""), "big")


def _without(start: int, length: int, at: int, size: int) -> Iterator[tuple[int, int]]:
    """Yield what is left of a range of memory when another one is taken out of it."""
    end = start + length
    if start < min(end, at):
        yield start, min(end, at) - start
    if max(start, at + size) < end:
        yield max(start, at + size), end - max(start, at + size)
