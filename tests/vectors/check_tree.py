#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""A second implementation of docs/format/tree.md, standard library only.

check_tree.py            makes every vector of tree/ anew in memory; exit 1 when one differs from the file
check_tree.py --write    writes the files

tree/entry.json   cases: fields of an entry and its bytes; refused: bytes and the error
tree/node.json    crc: CRC-64/XZ; lists: made by the recipes below, with the id of the root; refused: one node and the error

Ids are those of suite 1 under the key 00 01 .. 1f, whatever the domain.
"""
import hashlib
import json
import os
import sys

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "tree")
KEY = bytes(range(32))
KINDS = {"entries": 1, "chunks": 2, "extents": 3}
NODE_MIN, NODE_MAX, NODE_MASK = 1 << 14, 1 << 19, 0x1FF
REG, DIR, LNK, CHR, BLK, FIFO, SOCK = 0o100000, 0o040000, 0o120000, 0o020000, 0o060000, 0o010000, 0o140000


def make_id(domain, data):
    return hashlib.blake2b(bytes([domain]) + data, key=KEY, digest_size=32).digest()


# --- encoding


def var(n):
    out = b""
    while n >= 0x80:
        out += bytes([n & 0x7F | 0x80])
        n >>= 7
    return out + bytes([n])


def svar(n):
    return var(n << 1 if n >= 0 else (-n << 1) - 1)


def blob(data):
    return var(len(data)) + data


def le32(n):
    return n.to_bytes(4, "little")


def le64(n):
    return n.to_bytes(8, "little")


def field(tag, value):
    return bytes([tag]) + blob(value)


def time(t):
    return svar(t[0]) + var(t[1])


def listref(r):
    return bytes([r[0]]) + bytes.fromhex(r[1])


def extents(pairs):
    out, at = var(len(pairs)), 0
    for off, length in pairs:
        out += var(off - at) + var(length)
        at = off + length
    return out


def xattrs(pairs):
    return var(len(pairs)) + b"".join(blob(n.encode()) + blob(bytes.fromhex(v)) for n, v in pairs)


def chunks(pairs):
    return var(len(pairs)) + b"".join(bytes.fromhex(i) + le32(n) for i, n in pairs)


# Order of fields, the key of each in the JSON, and how its value is written. A key that is not there is at its default.
FIELDS = [
    (1, "name", bytes.fromhex), (2, "mode", var), (3, "uid", var), (4, "gid", var), (5, "user", str.encode),
    (6, "group", str.encode), (7, "mtime", time), (8, "btime", time), (9, "size", var),
    (10, "rdev", lambda r: var(r[0]) + var(r[1])), (11, "link", bytes.fromhex), (12, "hardlink", bytes.fromhex),
    (13, "inode_flags", var), (14, "xattrs", xattrs), (15, "flags", var), (16, "chunks", chunks),
    (17, "chunk_list", listref), (18, "extents", extents), (19, "extent_list", listref), (20, "tree", listref),
]


def encode(e):
    return b"".join(field(tag, write(e[key])) for tag, key, write in FIELDS if key in e)


# --- lists


def crc_table():
    table = []
    for n in range(256):
        for _ in range(8):
            n = n >> 1 ^ (0xC96C5795D7870F42 if n & 1 else 0)
        table.append(n)
    return table


TABLE = crc_table()
ONES = (1 << 64) - 1


def crc64(data):
    crc = ONES
    for b in data:
        crc = TABLE[(crc ^ b) & 0xFF] ^ crc >> 8
    return crc ^ ONES


class Level:
    def __init__(self):
        self.items, self.size, self.below, self.ended = [], 0, 0, 0


class List:
    def __init__(self, kind):
        self.kind, self.levels, self.nodes, self.bytes = kind, [Level()], 0, 0

    def end(self, number):
        level = self.levels[number]
        data = bytes([self.kind, number]) + var(len(level.items)) + b"".join(level.items)
        root, below = make_id(self.kind, data), level.below
        self.nodes, self.bytes = self.nodes + 1, self.bytes + len(data)
        ended = level.ended + 1
        self.levels[number] = Level()
        self.levels[number].ended = ended
        if number + 1 == len(self.levels):
            self.levels.append(Level())
        self.add(root + var(below), root, number + 1, below)

    def add(self, item, key, number=0, below=1):
        if self.levels[number].items and self.levels[number].size + len(item) > NODE_MAX:
            self.end(number)
        level = self.levels[number]
        level.items.append(item)
        level.size += len(item)
        level.below += below
        if level.size >= NODE_MIN and crc64(key) & NODE_MASK == NODE_MASK:
            self.end(number)

    def finish(self):
        number = 0
        while True:
            if self.levels[number].items:
                self.end(number)
            above = self.levels[number + 1]
            if above.ended == 0 and len(above.items) == 1:
                return number, above.items[0][:32]
            number += 1


# The recipes: item i of each kind of list, as (item, key).


def recipe_entries(n):
    for i in range(n):
        name = b"f%07d" % i
        yield blob(encode({"name": name.hex(), "mode": REG | 0o644, "mtime": (1600000000 + i, 0), "size": i + 1})), name


def recipe_long(n):
    """Entries with an xattr user.x of i * 7919 % 200000 + 1 bytes of i; that of number 20 has 600000."""
    for i in range(n):
        name = b"g%04d" % i
        length = 600000 if i == 20 else i * 7919 % 200000 + 1
        yield blob(encode({"name": name.hex(), "mode": REG | 0o600,
                           "xattrs": [("user.x", (bytes([i]) * length).hex())]})), name


def recipe_chunks(n):
    for i in range(n):
        chunk = make_id(0, le64(i))
        yield chunk + le32(1000 + i), chunk


def recipe_extents(n):
    at = 0
    for i in range(n):
        gap, length = 4096 * (1 + i % 3) if i else 0, 4096 * (1 + i % 7)
        yield var(gap) + var(length), le64(at + gap) + le64(length)
        at += gap + length


RECIPES = {"entries": (1, recipe_entries), "long": (1, recipe_long), "chunks": (2, recipe_chunks),
           "extents": (3, recipe_extents)}


def list_case(recipe, n):
    kind, items = RECIPES[recipe]
    made = List(kind)
    for item, key in items(n):
        made.add(item, key)
    level, root = made.finish()
    return {"recipe": recipe, "items": n, "level": level, "root": root.hex(), "nodes": made.nodes, "bytes": made.bytes}


# --- the cases

ID = [make_id(4, bytes([i])).hex() for i in range(40)]


def named(name, mode, **more):
    return {"name": name.hex() if isinstance(name, bytes) else name.encode().hex(), "mode": mode, **more}


def entry_cases():
    yield "least", named("a", REG)
    yield "longest name, no UTF-8", named(b"\xff" * 255, DIR | 0o7777)
    yield "owner", named("o", REG | 0o4755, uid=1000, gid=4294967294, user="alice", group="g" * 255)
    yield "before 1970", named("t", REG | 0o644, mtime=(-1, 999999999), btime=(0, 0))
    yield "far times", named("t", REG | 0o644, mtime=(-(1 << 63), 0), btime=((1 << 63) - 1, 1))
    yield "nanoseconds alone", named("t", FIFO | 0o644, mtime=(0, 1))
    yield "folder", named("d", DIR | 0o1777, mtime=(1700000000, 5), inode_flags=0x20020000, flags=6, tree=(5, ID[0]))
    yield "symlink", named("l", LNK | 0o777, link=b"../x/\xc3\xa4".hex(), hardlink=ID[1])
    yield "longest target", named("l", LNK | 0o777, link=(b"y" * 4096).hex())
    yield "devices", named("c", CHR | 0o660, rdev=(0, 3))
    yield "block device", named("b", BLK | 0o660, rdev=(4294967295, 0))
    yield "socket", named("s", SOCK | 0o755, hardlink="00" * 32)
    yield "xattrs", named("x", REG | 0o644, xattrs=[("security.capability", "0100000200040000000000000000000000000000"),
                                                    ("user.a", ""), ("user.a ", "00"), ("user.ab", "ff" * 300)])
    yield "content", named("f", REG | 0o644, size=300, chunks=[(ID[i], 100 + i) for i in range(3)], flags=1)
    yield "sixteen chunks", named("f", REG | 0o644, size=1 << 40, chunks=[(ID[i], 0xFFFFFFFF) for i in range(16)])
    yield "chunk list", named("f", REG | 0o644, size=(1 << 63) - 1, chunk_list=(0, ID[2]))
    yield "holes", named("f", REG | 0o644, size=1 << 30, chunks=[(ID[3], 8192)], extents=[(0, 4096), (1 << 29, 4096)])
    yield "all hole", named("f", REG | 0o644, size=4096, extents=[])
    yield "hole at the end", named("f", REG | 0o644, size=4097, chunks=[(ID[4], 4096)], extents=[(0, 4096)])
    yield "sixteen extents", named("f", REG | 0o644, size=32, chunks=[(ID[5], 16)],
                                   extents=[(2 * i, 1) for i in range(16)])
    yield "extent list", named("f", REG | 0o644, size=1 << 50, chunk_list=(2, ID[6]), extent_list=(1, ID[7]))


NAME, MODE = field(1, b"a"), field(2, var(REG | 0o644))
BASE = NAME + MODE
DBASE = NAME + field(2, var(DIR))


def entry_refused():
    reg = REG | 0o644
    many = [(ID[i], 1) for i in range(17)]
    bad = {
        "nothing": b"", "no name": MODE, "no mode": NAME, "name twice": NAME + BASE,
        "fields out of order": MODE + NAME, "tag 0": b"\0\0" + BASE, "cut off": BASE[:-1], "tag alone": BASE + b"\3",
        "length not in its shortest form": b"\1\x81\0a" + MODE, "number not in its shortest form":
        NAME + field(2, var(reg)[:-1] + bytes([var(reg)[-1] | 0x80, 0])), "bytes after a number": BASE + field(3, b"\1\0"),
        "empty name": field(1, b"") + MODE, "dot": field(1, b".") + MODE, "two dots": field(1, b"..") + MODE,
        "slash": field(1, b"a/b") + MODE, "NUL in the name": field(1, b"a\0") + MODE,
        "long name": field(1, b"a" * 256) + MODE, "no type": NAME + field(2, var(0o644)),
        "two types": NAME + field(2, var(0o170000)), "mode bits beyond": NAME + field(2, var(1 << 16 | reg)),
        "mode beyond 32 bits": NAME + field(2, var(1 << 32 | reg)), "uid default": BASE + field(3, b"\0"),
        "uid beyond 32 bits": BASE + field(3, var(1 << 32)), "empty user": BASE + field(5, b""),
        "NUL in the user": BASE + field(5, b"a\0b"), "long user": BASE + field(5, b"u" * 256),
        "mtime default": BASE + field(7, b"\0\0"), "nanoseconds": BASE + field(7, b"\1" + var(10**9)),
        "no nanoseconds": BASE + field(7, b"\1"), "btime nanoseconds": BASE + field(8, b"\1" + var(10**9)),
        "size default": BASE + field(9, b"\0"), "size beyond": BASE + field(9, var(1 << 63)),
        "size of a folder": DBASE + field(9, b"\1"), "rdev of a file": BASE + field(10, b"\1\1"),
        "rdev default": NAME + field(2, var(CHR)) + field(10, b"\0\0"), "target of a file": BASE + field(11, b"x"),
        "rdev beyond 32 bits": NAME + field(2, var(CHR)) + field(10, var(1 << 32) + b"\0"),
        "symlink without target": NAME + field(2, var(LNK)), "empty target": NAME + field(2, var(LNK)) + field(11, b""),
        "NUL in the target": NAME + field(2, var(LNK)) + field(11, b"a\0"),
        "long target": NAME + field(2, var(LNK)) + field(11, b"a" * 4097),
        "hard link of a folder": DBASE + field(12, bytes(32)), "short hard link": BASE + field(12, bytes(31)),
        "inode flags default": BASE + field(13, b"\0"), "inode flags of a socket":
        NAME + field(2, var(SOCK)) + field(13, b"\1"), "no xattrs": BASE + field(14, b"\0"),
        "xattrs out of order": BASE + field(14, xattrs([("user.b", ""), ("user.a", "")])),
        "xattr twice": BASE + field(14, xattrs([("user.a", ""), ("user.a", "")])),
        "xattr without name": BASE + field(14, xattrs([("", "00")])),
        "NUL in an xattr's name": BASE + field(14, xattrs([("a\0b", "00")])),
        "long xattr name": BASE + field(14, xattrs([("a" * 256, "00")])),
        "too many xattrs said": BASE + field(14, var(1 << 62)),
        "flags default": BASE + field(15, b"\0"), "partial file": BASE + field(15, b"\4"),
        "synthetic file": BASE + field(15, b"\2"), "no chunks": BASE + field(16, b"\0"),
        "seventeen chunks": BASE + field(16, chunks(many)), "empty chunk": BASE + field(16, chunks([(ID[0], 0)])),
        "chunks of a folder": DBASE + field(16, chunks(many[:1])), "chunks cut off": BASE + field(16, b"\2" + bytes(36)),
        "chunks and chunk list": BASE + field(16, chunks(many[:1])) + field(17, listref((0, ID[0]))),
        "level of a chunk list": BASE + field(17, listref((6, ID[0]))),
        "extents default": BASE + field(9, b"\5") + field(18, extents([(0, 5)])),
        "no extents of an empty file": BASE + field(18, extents([])),
        "extent beyond size": BASE + field(9, b"\5") + field(18, extents([(1, 5)])),
        "extent of no length": BASE + field(9, b"\5") + field(18, extents([(1, 0)])),
        "extents touch": BASE + field(9, b"\5") + field(18, extents([(0, 2), (2, 1)])),
        "extents come round": BASE + field(9, b"\5") + field(18, b"\2" + b"\1\1" + var((1 << 64) - 2) + b"\1"),
        "seventeen extents": BASE + field(9, b"\x40") + field(18, extents([(2 * i, 1) for i in range(17)])),
        "extents of a folder": DBASE + field(18, extents([])),
        "extents and extent list": BASE + field(9, b"\5") + field(18, b"\0") + field(19, listref((0, ID[0]))),
        "level of an extent list": BASE + field(19, listref((255, ID[0]))), "tree of a file":
        BASE + field(20, listref((0, ID[0]))), "level of a tree": DBASE + field(20, listref((6, ID[0]))),
        "short tree": DBASE + field(20, bytes(32)), "unknown tags out of order": BASE + field(0x81, b"") + field(0x80, b""),
        "unknown tag cut off": BASE + b"\x80\x02x",
    }
    too_new = {
        "unknown field": BASE + field(21, b"x"), "last unknown field": BASE + field(127, b""),
        "unknown flag": BASE + field(15, b"\x08"), "unknown flag among others": BASE + field(15, var(1 | 1 << 40)),
    }
    for error, group in (("CORRUPT", bad), ("TOONEW", too_new)):
        for name, data in group.items():
            yield {"name": name, "hex": data.hex(), "error": error}


def node(kind, level, items, count=None):
    return bytes([kind, level]) + var(len(items) if count is None else count) + b"".join(items)


def node_refused():
    one, two = blob(BASE), blob(field(1, b"b") + MODE)
    chunk, ref = bytes(32) + le32(1), bytes(32) + b"\1"
    cases = [
        ("nothing", 1, 0, b""), ("head alone", 1, 0, b"\1\0"), ("no items", 1, 0, node(1, 0, [])),
        ("another kind", 1, 0, node(2, 0, [chunk])), ("another level", 1, 0, node(1, 1, [ref])),
        ("level too high", 1, 6, node(1, 6, [ref, ref])), ("fewer items than said", 1, 0, node(1, 0, [one], 2)),
        ("more items than said", 1, 0, node(1, 0, [one, two], 1)), ("cut off", 1, 0, node(1, 0, [one, two])[:-1]),
        ("names out of order", 1, 0, node(1, 0, [two, one])), ("name twice", 1, 0, node(1, 0, [one, one])),
        ("name and its prefix", 1, 0, node(1, 0, [blob(field(1, b"bb") + MODE), two])),
        ("entry without a name", 1, 0, node(1, 0, [blob(MODE)])), ("empty entry", 1, 0, node(1, 0, [b"\0"])),
        ("count beyond", 1, 0, node(1, 0, [one], (1 << 64) - 1)), ("empty chunk", 2, 0, node(2, 0, [bytes(36)])),
        ("count not in its shortest form", 2, 0, b"\2\0\x81\0" + chunk), ("chunk cut off", 2, 0, node(2, 0, [chunk[:-1]])),
        ("extent of no length", 3, 0, node(3, 0, [b"\1\0"])), ("extents touch", 3, 0, node(3, 0, [b"\0\1", b"\0\1"])),
        ("extent beyond any file", 3, 0, node(3, 0, [var((1 << 63) - 1) + b"\1"])),
        ("extents come round", 3, 0, node(3, 0, [b"\1\1", var((1 << 64) - 2) + b"\2"])),
        ("reference to nothing", 1, 1, node(1, 1, [bytes(33), ref])), ("reference cut off", 1, 1, node(1, 1, [ref, ref[:-1]])),
        ("counts come round", 2, 1, node(2, 1, [bytes(32) + var((1 << 64) - 1), ref])),
    ]
    for name, kind, level, data in cases:
        yield {"name": name, "kind": kind, "level": level, "hex": data.hex(), "error": "CORRUPT"}


def make():
    entry = {"cases": [{"name": n, "hex": encode(e).hex(), "entry": e} for n, e in entry_cases()],
             "refused": list(entry_refused())}
    lists = [list_case(*c) for c in [("entries", 1), ("entries", 2), ("entries", 3000), ("entries", 100000), ("long", 60),
                                     ("chunks", 17), ("chunks", 20000), ("extents", 17), ("extents", 60000)]]
    crc = [{"hex": d.hex(), "crc": "%016x" % crc64(d)} for d in (b"123456789", b"", b"f0000000", KEY)]
    return {"entry.json": entry, "node.json": {"crc": crc, "lists": lists, "refused": list(node_refused())}}


def text(doc):
    """One case a line."""
    parts = ['"%s": [\n%s\n]' % (key, ",\n".join(json.dumps(c) for c in cases)) for key, cases in doc.items()]
    return "{ " + ",\n".join(parts) + " }\n"


def main():
    rc = 0
    for name, doc in make().items():
        path = os.path.join(FOLDER, name)
        if sys.argv[1:] == ["--write"]:
            with open(path, "w", encoding="ascii") as f:
                f.write(text(doc))
            continue
        with open(path, encoding="ascii") as f:
            if f.read() != text(doc):
                print(path + ": differs", file=sys.stderr)
                rc = 1
    return rc


if __name__ == "__main__":
    sys.exit(main())
