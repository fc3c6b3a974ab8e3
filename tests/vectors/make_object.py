#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""A second implementation of docs/format/container.md, standard library only.

make_object.py            recomputes every vector in object/; exit 1 when one differs
make_object.py --write    writes the files anew from the cases below

A vector is text: hex digits, or XX*n for n times the byte XX; what follows # is a comment. object/index.json says under which
name to decode it and what must come out.
"""
import functools
import json
import operator
import os
import sys

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "object")
BLOCK, PAYLOAD, HEADER = 4096, 4088, 128
NAME = "admin/0000000007.0"
REPO = bytes(range(0x10, 0x20))

# --- CRC-64/XZ: reflected, polynomial 42F0E1EBA9EA3693, begins and ends inverted


def crc_table():
    table = []
    for i in range(256):
        for _ in range(8):
            i = i >> 1 ^ (0xC96C5795D7870F42 if i & 1 else 0)
        table.append(i)
    return table


CRC_TABLE = crc_table()
ONES = (1 << 64) - 1


def crc64(data):
    c = ONES
    for byte in data:
        c = CRC_TABLE[(c ^ byte) & 255] ^ c >> 8
    return c ^ ONES


assert crc64(b"123456789") == 0x995DC9BBDF1939FA

# --- GF(2^8), polynomial 11D


def gf_mul(a, b):
    r = 0
    while b:
        if b & 1:
            r ^= a
        a = a << 1 ^ (0x11D if a & 0x80 else 0)
        b >>= 1
    return r


@functools.lru_cache(maxsize=None)
def gf_table(f):
    return bytes(gf_mul(f, x) for x in range(256))


def xor_all(parts):
    total = functools.reduce(operator.xor, (int.from_bytes(p, "little") for p in parts), 0)
    return total.to_bytes(PAYLOAD, "little")


# --- the container


def le(value, size):
    return value.to_bytes(size, "little")


def data_blocks(n):
    return n - 2 * -(-n // 42)


def blocks_for(length):
    n = 3
    while data_blocks(n) * PAYLOAD < length:
        n += 1
    return n


def blocks_padded(length):
    n = 16
    while data_blocks(n) * PAYLOAD < length:
        n *= 2
    return n


def header(body_len, n, kind=2, version=1, suite=1, zero=0, name=NAME.encode(), name_len=None, magic=b"hozen\r\n\x1a"):
    h = magic + bytes([kind, version, suite, zero]) + le(n, 4) + le(body_len, 8) + REPO
    h += bytes([len(name) if name_len is None else name_len]) + name
    return h.ljust(HEADER, b"\0")


def parity_of(payloads, n):
    """P blocks, then Q blocks; block i of the object belongs to stripe i mod s."""
    d = len(payloads)
    s = (n - d) // 2
    power = [1]
    while len(power) < 42:
        power.append(gf_mul(power[-1], 2))
    p, q = [], []
    for i in range(d, d + s):
        members = payloads[i % s::s]
        p.append(xor_all(members))
        q.append(xor_all(m.translate(gf_table(power[k])) for k, m in enumerate(members)))
    return p + q


def with_sums(payloads, name, n=None):
    n = len(payloads) if n is None else n
    out = b""
    for i, p in enumerate(payloads):
        out += p + le(crc64(name + b"\0" + le(i, 4) + le(n, 4) + p), 8)
    return out


def protect(stream, n, name=NAME.encode()):
    stream = stream.ljust(data_blocks(n) * PAYLOAD, b"\0")
    payloads = [stream[i:i + PAYLOAD] for i in range(0, len(stream), PAYLOAD)]
    return with_sums(payloads + parity_of(payloads, n), name)


def make(body, n=None, **fields):
    n = blocks_for(HEADER + len(body)) if n is None else n
    fields.setdefault("name", NAME.encode())
    return protect(header(len(body), n, **fields) + body, n, fields["name"])


def payloads_of(whole):
    return [whole[i:i + PAYLOAD] for i in range(0, len(whole), BLOCK)]


# --- bodies and damage


def noise(length, seed=1):
    out = bytearray()
    for _ in range(length):
        seed = (seed * 1664525 + 1013904223) & 0xFFFFFFFF
        out.append(seed >> 24)
    return bytes(out)


def stripes(blocks):
    """A body that fills so many data blocks, each of one byte, so that the vector is short."""
    return b"".join(bytes([(i * 37 + 1) & 255]) * PAYLOAD for i in range(blocks))[HEADER:]


def flip(data, at, mask=1):
    return data[:at] + bytes([data[at] ^ mask]) + data[at + 1:]


def lose(data, *blocks):
    for b in blocks:
        data = data[:b * BLOCK] + b"\xee" * BLOCK + data[(b + 1) * BLOCK:]
    return data


def swap(data, a, b):
    blocks = [data[i:i + BLOCK] for i in range(0, len(data), BLOCK)]
    blocks[a], blocks[b] = blocks[b], blocks[a]
    return b"".join(blocks)


# --- the cases


def cases():
    """(file, what, bytes, name to decode under, expected, bad blocks or None, the undamaged bytes or None)"""
    out = []

    def add(file, what, data, expect="OK", bad=0, whole=None, name=NAME):
        out.append((file, what, data, name, expect, bad, (whole or data) if expect == "OK" else None))

    short = make(noise(300))
    five = make(stripes(5))
    wide = make(stripes(41))
    long_name = "audit/" + "x" * 74
    add("empty", "no body", make(b""))
    add("short", "a body of 300 bytes", short)
    add("exact", "one data block, full", make(b"\x55" * (PAYLOAD - HEADER)))
    add("two", "one byte more: two data blocks", make(b"\x55" * (PAYLOAD - HEADER + 1)))
    add("stripe", "40 data blocks, the longest stripe", make(stripes(40)))
    add("stripes", "41 data blocks in two stripes of unequal length", wide)
    add("uneven", "43 blocks, fewer data blocks than 42 give: valid", make(stripes(39), 43))
    add("padded", "padded to 64 KiB", make(noise(200), blocks_padded(328), kind=7))
    add("pack", "a pack takes all", make(stripes(14), 16, kind=5))
    add("padded128", "512 KiB, four stripes", make(stripes(120), 128, kind=6))
    add("keyfile", "suite 2, a key file", make(noise(64), kind=11, suite=2, name=b"keyfile"), name="keyfile")
    add("suite", "a suite that nobody knows yet is no matter of the container", make(noise(9), suite=200))
    add("longname", "a name of 80 bytes", make(b"x", kind=10, name=long_name.encode()), name=long_name)

    def mended(file, what, data, bad, whole):
        add(file, what, data, "OK", bad, whole)

    mended("flip-payload", "one bit of the body", flip(short, 200), 1, short)
    mended("flip-sum", "one bit of a checksum", flip(short, BLOCK + PAYLOAD + 3), 1, short)
    mended("flip-magic", "the magic", flip(five, 0), 1, five)
    mended("flip-version", "the version byte reads 3", flip(five, 9, 2), 1, five)
    mended("flip-blocks", "the number of blocks", flip(five, 12, 8), 1, five)
    mended("lost-data2", "two data blocks", lose(five, 0, 3), 2, five)
    mended("lost-data-p", "a data block and P", lose(five, 2, 5), 2, five)
    mended("lost-data-q", "a data block and Q", lose(five, 2, 6), 2, five)
    mended("lost-p-q", "P and Q", lose(five, 5, 6), 2, five)
    mended("lost-every", "two in each stripe", lose(wide, 7, 8, 31, 32), 4, wide)
    mended("burst", "a burst over the border of data and parity", lose(wide, 39, 40, 41, 42), 4, wide)
    mended("cut", "all parity cut off", five[:5 * BLOCK], 2, five)
    mended("cut-inside", "cut inside the block before the last", five[:5 * BLOCK + 99], 2, five)
    mended("cut-one", "one block of three is left", short[:BLOCK], 2, short)
    mended("grown", "100 bytes of garbage behind it", five + b"\xaa" * 100, None, five)
    mended("grown-block", "a whole block of zeros behind it", five + bytes(BLOCK), None, five)
    mended("swapped", "two blocks swapped", swap(five, 1, 3), 2, five)

    def refused(file, what, data, expect="CORRUPT", name=NAME):
        add(file, what, data, expect, None, name=name)

    bad_parity = payloads_of(five)
    bad_parity[6] = flip(bad_parity[6], 77)
    stated = header(300, 4) + noise(300)
    refused("bad-lost3", "three of one stripe", lose(five, 0, 3, 5))
    refused("bad-lost3-wide", "three of one of two stripes", lose(wide, 1, 3, 43))
    refused("bad-cut", "more than parity cut off", five[:4 * BLOCK])
    refused("bad-name", "good, but under another name", five, name="admin/0000000008.0")
    refused("bad-header-name", "header has another name than the checksums",
            protect(header(9, 3, name=b"admin/0000000008.0") + noise(9), 3))
    refused("bad-swapped", "four blocks rotated", swap(swap(swap(five, 0, 1), 1, 2), 2, 3))
    refused("bad-empty", "no bytes", b"")
    refused("bad-two", "cut to two blocks, and the first damaged: nothing tells how many there were", flip(short, 200)[:2 * BLOCK])
    refused("bad-parity", "checksums right, Q does not agree", with_sums(bad_parity, NAME.encode()))
    refused("bad-magic", "wrong magic, all else right", make(noise(9), magic=b"hozen\r\n\x1b"))
    refused("bad-type0", "type 0", make(noise(9), kind=0))
    refused("bad-suite0", "suite 0", make(noise(9), suite=0))
    refused("bad-version0", "version 0", make(noise(9), version=0))
    refused("bad-zero", "the byte that must be zero is 1", make(noise(9), zero=1))
    refused("bad-blocks", "header states 4 blocks, there are 3", protect(stated, 3))
    refused("bad-length", "body longer than the data blocks", protect(header(PAYLOAD - HEADER + 1, 3), 3))
    refused("bad-length-max", "body length 2^64 - 1", protect(header(2**64 - 1, 3), 3))
    refused("bad-pack", "a pack whose body does not take all", make(noise(9), 16, kind=5))
    refused("bad-padding", "padding that is not zero", protect(header(9, 3) + noise(9) + bytes(3000) + b"\1", 3))
    refused("bad-name-len0", "no name", make(noise(9), name_len=0))
    refused("bad-name-len81", "a name of 81 bytes",
            protect(header(9, 3, name=b"y" * 81) + noise(9), 3, b"y" * 81), name="y" * 81)
    refused("bad-name-nul", "a NUL in the name", protect(header(9, 3, name=b"admin/0\x000", name_len=9) + noise(9), 3, b"admin/0"),
            name="admin/0")
    refused("bad-name-rest", "bytes behind the name", make(noise(9), name_len=len(NAME) - 1))
    refused("new-version", "container version 2, all else as in 1", make(noise(9), version=2), "TOONEW")
    refused("new-version-all", "container version 2, nothing else known", header(9, 3, version=2) + noise(3 * BLOCK), "TOONEW")
    refused("new-type", "object type 12", make(noise(9), kind=12), "TOONEW")
    return out


# --- text


def as_text(what, data):
    lines, plain, at = ["# " + what], "", 0

    def flush():
        nonlocal plain
        for i in range(0, len(plain), 100):
            lines.append(plain[i:i + 100])
        plain = ""

    while at < len(data):
        run = at
        while run < len(data) and data[run] == data[at]:
            run += 1
        if run - at >= 16:
            flush()
            lines.append("%02x*%d" % (data[at], run - at))
        else:
            plain += data[at:run].hex()
        at = run
    flush()
    return "\n".join(lines) + "\n"


def entry(case):
    file, what, data, name, expect, bad, whole = case
    e = {"file": file + ".txt", "what": what, "name": name, "expect": expect}
    if whole is not None:
        stream = b"".join(payloads_of(whole)[:data_blocks(len(whole) // BLOCK)])
        e.update(type=stream[8], suite=stream[10], blocks=len(whole) // BLOCK, length=int.from_bytes(stream[16:24], "little"),
                 repo=REPO.hex(), stream_crc64="%016x" % crc64(stream), object_crc64="%016x" % crc64(whole))
        e["repaired"] = whole != data
        if bad is not None:
            e["bad_blocks"] = bad
    return e


def files():
    all_cases = cases()
    out = {c[0] + ".txt": as_text(c[1], c[2]) for c in all_cases}
    out["index.json"] = json.dumps([entry(c) for c in all_cases], indent=1) + "\n"
    return out


def main():
    wrong = 0
    for name, text in files().items():
        path = os.path.join(FOLDER, name)
        if "--write" in sys.argv[1:]:
            os.makedirs(FOLDER, exist_ok=True)
            with open(path, "w", encoding="ascii") as f:
                f.write(text)
            continue
        with open(path, encoding="ascii") as f:
            if f.read() != text:
                print("differs: " + name)
                wrong = 1
    return wrong


if __name__ == "__main__":
    sys.exit(main())
