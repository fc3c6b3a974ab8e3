# SPDX-License-Identifier: BSD-2-Clause
"""docs/format/README.md (conventions) and container.md (sections): numbers, rows of sections."""


class Refused(Exception):
    """A reader refuses. code: the name of the error, CORRUPT, TOONEW or AUTH."""

    def __init__(self, code, what):
        super().__init__("%s: %s" % (code, what))
        self.code, self.what = code, what


def need(condition, what, code="CORRUPT"):
    if not condition:
        raise Refused(code, what)


class Cursor:
    """Takes values from the front of bytes; never reads beyond them."""

    def __init__(self, data, what):
        self.data, self.at, self.what = data, 0, what

    def take(self, n):
        need(n <= len(self.data) - self.at, self.what + ": cut short")
        self.at += n
        return self.data[self.at - n:self.at]

    def left(self):
        return len(self.data) - self.at

    def uint(self, size):
        return int.from_bytes(self.take(size), "little")

    def u8(self):
        return self.uint(1)

    def u16(self):
        return self.uint(2)

    def u32(self):
        return self.uint(4)

    def u64(self):
        return self.uint(8)

    def i64(self):
        return int.from_bytes(self.take(8), "little", signed=True)

    def uid(self):
        return self.take(16)

    def id(self):
        return self.take(32)

    def var(self):
        value = 0
        for i in range(10):
            byte = self.u8()
            value |= (byte & 0x7F) << 7 * i
            if not byte & 0x80:
                need(byte or i == 0, self.what + ": a number that is not in its shortest form")
                need(value < 1 << 64, self.what + ": a number above 64 bits")
                return value
        raise Refused("CORRUPT", self.what + ": a number of more than ten bytes")

    def svar(self):
        value = self.var()
        return value >> 1 ^ -(value & 1)

    def blob(self):
        return self.take(self.var())

    def flag(self):
        value = self.u8()
        need(value <= 1, self.what + ": a flag that is neither 0 nor 1")
        return value

    def zeros(self, n):
        need(not any(self.take(n)), self.what + ": bytes that are not zero")

    def row(self, n, take, order="ascending"):
        """n values; ascending: strictly."""
        # Each value takes a byte at least: a count that cannot be right makes no loop.
        need(n <= self.left(), self.what + ": cut short")
        values = [take() for _ in range(n)]
        if order == "ascending":
            need(all(a < b for a, b in zip(values, values[1:])), self.what + ": not in ascending order")
        return values

    def end(self):
        need(self.at == len(self.data), self.what + ": bytes behind the end")


IGNORABLE, UNCOVERED = 0x8000, 0x4000


class Sections:
    """A row of sections. known: tags that the reader knows; required: those that must be there."""

    def __init__(self, data, known, required, what):
        self.data, self.values, self.starts, self.what = data, {}, {}, what
        cur, last, covered = Cursor(data, what), None, 0
        while cur.left():
            start, tag, length = cur.at, cur.u16(), cur.u32()
            value = cur.take(length)
            # Those that are covered come first; bits 15 and 14 do not count within a group.
            place = (bool(tag & UNCOVERED), tag & 0x3FFF)
            need(tag & 0x3FFF and (last is None or place > last), what + ": sections out of order")
            last = place
            if not tag & UNCOVERED:
                covered = cur.at
            if tag in known:
                self.values[tag], self.starts[tag] = value, start
            else:
                need(tag & IGNORABLE and not tag & UNCOVERED, "%s: section %04x is not known" % (what, tag), "TOONEW")
        self.covered = data[:covered]
        for tag in required:
            need(tag in self.values, "%s: section %04x is missing" % (what, tag))

    def cursor(self, tag):
        return Cursor(self.values[tag], "%s: section %04x" % (self.what, tag))

    def before(self, tag):
        """The sections before it as they stand."""
        return self.data[:self.starts[tag]]

    def has(self, tag):
        return tag in self.values
