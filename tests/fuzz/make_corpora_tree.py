#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Writes corpora/entry/ and corpora/node/ from the cases of tests/vectors/check_tree.py.

An input of fuzz_entry is an encoded entry. One of fuzz_node is u8 kind - 1, u8 level, then nodes, each after its u16
length; an id names the node whose number is its first byte.
"""
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "vectors"))
import check_tree as tree  # noqa: E402


def write(folder, name, data):
    path = os.path.join(HERE, "corpora", folder, name.lower().replace(" ", "-").replace(",", ""))
    with open(path, "wb") as f:
        f.write(data)


def le16(n):
    return n.to_bytes(2, "little")


def walk(kind, level, nodes):
    return bytes([kind - 1, level]) + b"".join(le16(len(n)) + n for n in nodes)


def refer(number, below):
    return bytes([number]) + bytes(31) + tree.var(below)


def entry(name):
    return tree.blob(tree.encode(tree.named(name, tree.REG)))


def walks():
    leaves = [tree.node(1, 0, [entry("a"), entry("b")]), tree.node(1, 0, [entry("c")])]
    chunk = tree.make_id(0, b"x") + tree.le32(7)
    yield "walk leaf", walk(1, 0, leaves[:1])
    yield "walk two leaves", walk(1, 1, [tree.node(1, 1, [refer(1, 2), refer(2, 1)])] + leaves)
    yield "walk wrong count", walk(1, 1, [tree.node(1, 1, [refer(1, 3), refer(2, 1)])] + leaves)
    yield "walk names over leaves", walk(1, 1, [tree.node(1, 1, [refer(2, 1), refer(1, 2)])] + leaves)
    yield "walk same node again", walk(1, 1, [tree.node(1, 1, [refer(0, 1), refer(0, 1)])])
    yield "walk chunks", walk(2, 2, [tree.node(2, 2, [refer(1, 4), refer(1, 4)]), tree.node(2, 1, [refer(2, 2)] * 2),
                                     tree.node(2, 0, [chunk] * 2)])
    yield "walk extents", walk(3, 1, [tree.node(3, 1, [refer(1, 2), refer(1, 2)]), tree.node(3, 0, [b"\1\2", b"\3\4"])])
    yield "walk extents touch", walk(3, 1, [tree.node(3, 1, [refer(1, 2), refer(1, 2)]),
                                            tree.node(3, 0, [b"\0\2", b"\3\4"])])


def main():
    for folder in ("entry", "node"):
        os.makedirs(os.path.join(HERE, "corpora", folder), exist_ok=True)
    for name, fields in tree.entry_cases():
        write("entry", name, tree.encode(fields))
    for case in tree.entry_refused():
        write("entry", "refused " + case["name"], bytes.fromhex(case["hex"]))
    write("entry", "ignorable field", tree.BASE + tree.field(0x80, b"x") + tree.field(0xFF, b""))
    for case in tree.node_refused():
        write("node", "refused " + case["name"], walk(case["kind"], case["level"], [bytes.fromhex(case["hex"])]))
    for name, data in walks():
        write("node", name, data)


if __name__ == "__main__":
    main()
