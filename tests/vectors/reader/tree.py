# SPDX-License-Identifier: BSD-2-Clause
"""docs/format/tree.md: entries, nodes, lists."""
from .codec import Cursor, need

SOCK, LNK, REG, BLK, DIR, CHR, FIFO = 0o140000, 0o120000, 0o100000, 0o060000, 0o040000, 0o020000, 0o010000
ENTRIES, CHUNKS, EXTENTS = 1, 2, 3
TYPES = {SOCK: "s", LNK: "l", REG: "f", BLK: "b", DIR: "d", CHR: "c", FIFO: "p"}
ANY = set(TYPES)
ENTRY_MAX, NODE_MAX = 1 << 21, (1 << 21) + 64


def below(c, value, limit):
    need(value < limit, c.what + ": out of range")
    return value


def word(c):
    return below(c, c.var(), 1 << 32)


def short(c, most, least=1):
    data = c.take(c.left())
    need(least <= len(data) <= most and b"\0" not in data, c.what + ": text")
    return data


def name(c):
    data = short(c, 255)
    need(b"/" not in data and data not in (b".", b".."), c.what + ": not a name")
    return data


def mode(c):
    value = c.var()
    need(value & 0o170000 in TYPES and value >> 16 == 0, c.what + ": not a mode")
    return value


def time(c):
    return c.svar(), below(c, c.var(), 10**9)


def xattrs(c):
    def one():
        key, value = c.blob(), c.blob()
        need(1 <= len(key) <= 255 and b"\0" not in key, c.what + ": name of an attribute")
        return key, value

    count = c.var()
    out = c.row(count, one, "any")
    need(count and all(a[0] < b[0] for a, b in zip(out, out[1:])), c.what + ": not in ascending order")
    need(sum(len(k) + len(v) for k, v in out) <= 1 << 20, c.what + ": too many bytes")
    return out


def flags(c):
    value = c.var()
    need(value & ~7 == 0, c.what + ": unknown bit", "TOONEW")
    need(value, c.what + ": default")
    return value


def chunk(c):
    value = (c.id(), c.u32())
    need(value[1], c.what + ": a chunk without bytes")
    return value


def chunk_row(c):
    count = c.var()
    need(1 <= count <= 16, c.what + ": number of chunks")
    return c.row(count, lambda: chunk(c), "any")


def extent_items(c, count, end, first):
    """(offset, length); end: of the extent before; first: of the list."""
    out = []
    for _ in range(count):
        gap, length = c.var(), c.var()
        need(length and (gap or first and not out), c.what + ": an extent or a gap of length 0")
        end += gap
        out.append((end, length))
        end = below(c, end + length, 1 << 63)
    return out


def extent_row(c):
    count = c.var()
    need(count <= 16, c.what + ": number of extents")
    return extent_items(c, count, 0, True)


def list_ref(c):
    level = c.u8()
    need(level <= 5, c.what + ": level")
    return level, c.id()


def not_default(take, default):
    def checked(c):
        value = take(c)
        need(value != default, c.what + ": a default that should have been left out")
        return value
    return checked


FIELDS = {
    1: ("name", name, ANY), 2: ("mode", mode, ANY),
    3: ("uid", not_default(word, 0), ANY), 4: ("gid", not_default(word, 0), ANY),
    5: ("user", lambda c: short(c, 255), ANY), 6: ("group", lambda c: short(c, 255), ANY),
    7: ("mtime", not_default(time, (0, 0)), ANY), 8: ("btime", time, ANY),
    9: ("size", not_default(lambda c: below(c, c.var(), 1 << 63), 0), {REG}),
    10: ("rdev", not_default(lambda c: (word(c), word(c)), (0, 0)), {BLK, CHR}),
    11: ("link", lambda c: short(c, 4096), {LNK}), 12: ("hardlink", lambda c: c.id(), ANY - {DIR}),
    13: ("inode_flags", not_default(word, 0), {REG, DIR}), 14: ("xattrs", xattrs, ANY), 15: ("flags", flags, ANY),
    16: ("chunks", chunk_row, {REG}), 17: ("chunk_list", list_ref, {REG}), 18: ("extents", extent_row, {REG}),
    19: ("extent_list", list_ref, {REG}), 20: ("tree", list_ref, {DIR}),
}


class Entry:
    def __init__(self, data, what):
        need(len(data) <= ENTRY_MAX, what + ": too long")
        self.uid = self.gid = self.size = self.inode_flags = self.flags = 0
        self.user = self.group = self.btime = self.link = self.hardlink = self.rdev = None
        self.mtime, self.xattrs, self.fields = (0, 0), [], set()
        self.chunks, self.chunk_list, self.extents, self.extent_list, self.tree = [], None, None, None, None
        c, last, of = Cursor(data, what), 0, {}
        while c.left():
            tag, value = c.u8(), Cursor(c.blob(), what)
            need(tag > last, what + ": fields do not ascend")
            last = tag
            if tag not in FIELDS:
                need(tag & 0x80, "%s: field %d is not known" % (what, tag), "TOONEW")
                continue
            key, take, of[tag] = FIELDS[tag]
            value.what = "%s: field %d" % (what, tag)
            setattr(self, key, take(value))
            value.end()
        self.fields = set(of)
        need({1, 2} <= self.fields, what + ": without name or mode")
        self.type = self.mode & 0o170000
        need(all(self.type in types for types in of.values()), what + ": a field that its type has not")
        self.check(what)

    def check(self, what):
        need((self.type == LNK) == (11 in self.fields), what + ": without link")
        need(not {16, 17} <= self.fields and not {18, 19} <= self.fields, what + ": two forms of one list")
        need(not self.flags & 6 or self.type == DIR, what + ": flags of folders")
        if self.extents is not None:
            need(self.size and self.extents != [(0, self.size)], what + ": default extents")
            need(not self.extents or sum(self.extents[-1]) <= self.size, what + ": an extent beyond the size")


def node(data, kind, level, what):
    """The items of one node: entries, chunks, extents as (gap, length), or references (id, count)."""
    need(len(data) <= NODE_MAX, what + ": too long")
    c = Cursor(data, what)
    need(c.u8() == kind and c.u8() == level, what + ": wrong kind or level")
    count = c.var()
    need(1 <= count <= c.left(), what + ": number of items")
    if level:
        items = [(c.id(), c.var()) for _ in range(count)]
        need(all(n for _, n in items) and sum(n for _, n in items) < 1 << 64, what + ": counts of references")
    elif kind == ENTRIES:
        items = [Entry(c.blob(), what) for _ in range(count)]
    elif kind == CHUNKS:
        items = [chunk(c) for _ in range(count)]
    else:
        items = [(c.var(), c.var()) for _ in range(count)]
    c.end()
    return items


def walk(fetch, kind, ref, what):
    """The items of a list. fetch(id) gives the bytes of a node, already compared with the id."""
    if ref is None:
        return []
    level, root = ref
    top = node(fetch(root), kind, level, what)
    need(not level or len(top) >= 2, what + ": a root of one reference")
    items = []

    def down(nodes, at):
        if at == 0:
            items.extend(nodes)
            return
        for child, count in nodes:
            before = len(items)
            down(node(fetch(child), kind, at - 1, what), at - 1)
            need(len(items) - before == count, what + ": wrong count in a reference")

    down(top, level)
    if kind == ENTRIES:
        need(all(a.name < b.name for a, b in zip(items, items[1:])), what + ": names do not ascend")
    return extents_of(items, what) if kind == EXTENTS else items


def extents_of(pairs, what):
    end, out = 0, []
    for i, (gap, length) in enumerate(pairs):
        need(length and (gap or not i), what + ": an extent or a gap of length 0")
        out.append((end + gap, length))
        end += gap + length
        need(end < 1 << 63, what + ": an extent beyond 2^63")
    return out


def layout(entry, fetch, what):
    """Where the data of a regular file lies, and its chunks; both verified against each other."""
    if entry.extent_list:
        extents = walk(fetch, EXTENTS, entry.extent_list, what)
        need(sum(extents[-1]) <= entry.size, what + ": an extent beyond the size")
    elif entry.extents is not None:
        extents = entry.extents
    else:
        extents = [(0, entry.size)] if entry.size else []
    chunks = walk(fetch, CHUNKS, entry.chunk_list, what) if entry.chunk_list else entry.chunks
    need(sum(n for _, n in chunks) == sum(n for _, n in extents), what + ": lengths of the chunks")
    return extents, chunks
