# SPDX-License-Identifier: BSD-2-Clause
"""docs/format/container.md: blocks, parity, header."""
import hashlib

from make_object import BLOCK, HEADER, PAYLOAD, crc64, data_blocks, gf_mul, gf_table, le, parity_of, xor_all

from .codec import Refused, need

MAGIC = b"hozen\r\n\x1a"
REPO, ADMIN, KEYS, SESSION, PACK, RUN, COMMIT, MARK, SIDECAR, AUDIT, KEYFILE = range(1, 12)
N_MIN, N_MAX = 3, 262144


def suite_hash(suite, data):
    need(suite in (1, 2), "suite %d is not known" % suite, "TOONEW")
    return hashlib.blake2b(data, digest_size=32).digest() if suite == 1 else hashlib.sha256(data).digest()


class Object:
    """A verified object. stream: the payload stream; damage: what was wrong with it though it could be mended."""

    def __init__(self, name, stream, sums, damage):
        self.name, self.stream, self.sums, self.damage = name, stream, sums, damage
        self.type, self.suite, self.repo = stream[8], stream[10], stream[24:40]
        self.length = int.from_bytes(stream[16:24], "little")
        self.body = stream[HEADER:HEADER + self.length]

    def hash(self):
        return suite_hash(self.suite, self.sums if self.type == PACK else self.stream[:HEADER + self.length])


def checksum(name, i, n, payload):
    return le(crc64(name + b"\0" + le(i, 4) + le(n, 4) + payload), 8)


def verifies(name, i, n, block):
    return len(block) == BLOCK and checksum(name, i, n, block[:PAYLOAD]) == block[PAYLOAD:]


def block_count(data, name):
    n = int.from_bytes(data[12:16], "little")
    if len(data) >= BLOCK and N_MIN <= n <= N_MAX and verifies(name, 0, n, data[:BLOCK]):
        return n
    return -(-len(data) // BLOCK)


def inverse(a):
    return next(b for b in range(1, 256) if gf_mul(a, b) == 1)


def times(a, payload):
    return payload.translate(gf_table(a))


def mend_stripe(payloads, good, members, p, q):
    """members: the data blocks of one stripe in order of position; p, q: its parity blocks."""
    power = [1]
    while len(power) < len(members):
        power.append(gf_mul(power[-1], 2))
    lost = [k for k, m in enumerate(members) if not good[m]]
    need(len(lost) + (not good[p]) + (not good[q]) <= 2, "damaged beyond repair")
    known = [k for k in range(len(members)) if k not in lost]
    # What the lost ones add to P and to Q.
    p_rest = xor_all([payloads[p]] + [payloads[members[k]] for k in known])
    q_rest = xor_all([payloads[q]] + [times(power[k], payloads[members[k]]) for k in known])
    if len(lost) == 2:
        a, b = lost
        scaled = xor_all([times(power[b], p_rest), q_rest])
        payloads[members[a]] = times(inverse(power[a] ^ power[b]), scaled)
        payloads[members[b]] = xor_all([p_rest, payloads[members[a]]])
    elif lost and good[p]:
        payloads[members[lost[0]]] = p_rest
    elif lost:
        payloads[members[lost[0]]] = times(inverse(power[lost[0]]), q_rest)


def check_header(stream, n, name, data):
    need(stream[:8] == MAGIC, "wrong magic")
    version, kind, length = stream[9], stream[8], int.from_bytes(stream[16:24], "little")
    need(version <= 1, "container version %d" % version, "TOONEW")
    need(version == 1 and kind and stream[10] and not stream[11], "wrong header")
    need(kind <= KEYFILE, "type %d is not known" % kind, "TOONEW")
    need(int.from_bytes(stream[12:16], "little") == n, "wrong number of blocks")
    need(length <= data * PAYLOAD - HEADER, "wrong length")
    need(kind != PACK or length == data * PAYLOAD - HEADER, "a pack takes all")
    need(1 <= stream[40] <= 80 and stream[41:HEADER] == name.ljust(87, b"\0") and len(name) == stream[40], "wrong name")
    need(b"\0" not in name, "a zero byte in the name")
    need(not any(stream[HEADER + length:]), "bytes behind the body")


def decode(data, name):
    """The object that stands in data under the (primary) name."""
    name = name.encode() if isinstance(name, str) else name
    try:
        return decode_v1(data, name)
    except Refused:
        if data[:8] == MAGIC and len(data) > 9 and data[9] > 1:
            raise Refused("TOONEW", "container version %d" % data[9]) from None
        raise


def decode_v1(data, name):
    n = block_count(data, name)
    need(N_MIN <= n <= N_MAX, "%d blocks" % n)
    d = data_blocks(n)
    s = (n - d) // 2
    need(-(-len(data) // BLOCK) >= d, "too few blocks")
    damage = ["wrong length"] if len(data) != n * BLOCK else []
    data = data[:n * BLOCK].ljust(n * BLOCK, b"\0")
    blocks = [data[i:i + BLOCK] for i in range(0, n * BLOCK, BLOCK)]
    good = [verifies(name, i, n, b) for i, b in enumerate(blocks)]
    payloads = [b[:PAYLOAD] for b in blocks]
    for i in range(s):
        mend_stripe(payloads, good, list(range(i, d, s)), d + (i - d) % s, d + s + (i - d - s) % s)
    parity = parity_of(payloads[:d], n)
    for i in range(d, n):
        need(not good[i] or payloads[i] == parity[i - d], "parity does not agree")
    payloads[d:] = parity
    if not all(good):
        damage.append("%d bad blocks" % good.count(False))
    stream = b"".join(payloads[:d])
    check_header(stream, n, name, d)
    sums = b"".join(b[PAYLOAD:] if good[i] else checksum(name, i, n, payloads[i]) for i, b in enumerate(blocks))
    return Object(name.decode(), stream, sums, damage)
