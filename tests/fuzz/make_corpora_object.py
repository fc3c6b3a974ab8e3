#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Writes the seeds of fuzz_object and fuzz_pattern into corpora/."""
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "vectors"))
import make_object as m  # noqa: E402

NAME = b"packs/00112233445566778899aabbccddeeff"


def stream(body, n, **fields):
    return m.header(len(body), n, name=NAME, **fields) + body


def objects():
    small = m.make(b"small", kind=7, name=NAME)
    place = lambda at, byte: m.le(at, 4) + bytes([byte])  # noqa: E731
    return {
        "empty": b"",
        "raw-good": b"\0" + small,
        "raw-flipped": b"\0" + m.flip(small, 100),
        "raw-cut": b"\0" + small[:5000],
        "raw-newer": b"\0" + m.flip(small, 9, 2)[:128],
        "sums-good": b"\1" + small,
        "sums-other": b"\1" + m.flip(small, 16),
        "stream-good": b"\2" + stream(b"body", 3),
        "stream-pack": b"\2" + stream(b"x" * (2 * 4088 - 128), 4, kind=5),
        "stream-type": b"\2" + stream(b"body", 3, kind=12),
        "stream-padding": b"\2" + stream(b"body", 3) + b"\1",
        "damaged-2": b"\3" + b"\2" + place(100, 1) + place(9000, 255) + b"body" * 2000,
        "damaged-3": b"\3" + b"\3" + place(100, 1) + place(5000, 8) + place(9000, 255) + b"body" * 2000,
        "header-good": b"\4" + stream(b"", 3),
        "header-name": b"\4" + m.header(0, 3, name=b"y" * 80),
        "range": b"\5" + m.le(3, 4) + m.le(1, 4) + small[4096:],
    }


PATTERNS = {
    "empty": b"",
    "plain": b"/srv/data\n*.o\nnode_modules/\n\nsrv/data\na/x.o\nb/node_modules\nsrv",
    "stars": b"a**b*c**\n**/x/**/y\n/**/**\n*\n\naxxbcc\nx/y\nq/x/z/y\n",
    "sets": b"[a-z]\n[!a-z]x\n[]a]\n[a\\-c]\n\xff[\x80-\xff]\n\na\n9x\n]\n-\n\xff\x90",
    "bad": b"[\n\\\n[b-a]\n/\n//\na[\n\na",
    "slow": b"a**" * 300 + b"b\n\n" + b"a" * 2000,
    "folders": b"/a/*/c/\n/a/b\n\na/b/c\na/b/c/d\na//b\n/a/b\n",
}


def write(folder, seeds):
    path = os.path.join(HERE, "corpora", folder)
    os.makedirs(path, exist_ok=True)
    for name, data in seeds.items():
        with open(os.path.join(path, name), "wb") as f:
            f.write(data)


if __name__ == "__main__":
    write("object", objects())
    write("pattern", PATTERNS)
