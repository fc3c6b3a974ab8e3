#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The parts of reader/ against the vectors of their own: containers of object/, entries and nodes of tree/. Exit 1 when one ends
otherwise than its index says."""
import json
import os
import sys

sys.dont_write_bytecode = True
from reader import container, tree  # noqa: E402
from reader.codec import Refused  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))


def load(name):
    with open(os.path.join(HERE, name), encoding="utf-8") as f:
        return f.read()


def from_text(text):
    out = b""
    for line in text.splitlines():
        line = line.split("#")[0].strip()
        byte, star, times = line.partition("*")
        out += bytes.fromhex(byte) * (int(times) if star else 1)
    return out


def containers():
    for c in json.loads(load("object/index.json")):
        try:
            o = container.decode(from_text(load("object/" + c["file"])), c["name"])
            got = "OK" if bool(o.damage) == c["repaired"] and o.length == c["length"] and o.type == c["type"] else "otherwise"
        except Refused as refused:
            got = refused.code
        yield c["file"], got, c["expect"]


def trees():
    entries, nodes = json.loads(load("tree/entry.json")), json.loads(load("tree/node.json"))
    for c in entries["cases"] + entries["refused"]:
        yield c["name"], outcome(lambda c=c: tree.Entry(bytes.fromhex(c["hex"]), "entry")), c.get("error", "OK")
    for c in nodes["refused"]:
        yield c["name"], outcome(lambda c=c: one_node(c)), c["error"]


def one_node(c):
    """Alone, so what it refers to is not there, which is damage too; what a list demands of its items is asked here as well."""
    data = bytes.fromhex(c["hex"])
    if c["level"] > 5:
        raise Refused("CORRUPT", "level")
    tree.walk({b"": data}.get if c["level"] else lambda _: data, c["kind"], (c["level"], b""), "node")


def outcome(decode):
    try:
        decode()
    except Refused as refused:
        return refused.code
    except TypeError:
        return "a missing node"
    return "OK"


def main():
    wrong = [v for v in [*containers(), *trees()] if v[1] != v[2]]
    for name, got, expect in wrong:
        print("%s: %s instead of %s" % (name, got, expect))
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
