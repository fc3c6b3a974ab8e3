#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""A second implementation of docs/format/chunker.md, standard library only.

make_chunker.py            recomputes chunker/cuts.json; exit 1 when it differs
make_chunker.py --write    writes it anew from the cases below

Tables and data are made from seeds, so that the file stays small: x = (x * 6364136223846793005 + 1442695040888963407) mod 2^64 from
x = seed on, of each x the byte x >> 56. A part of the data is [seed, bytes], or ["zero", bytes].
"""
import json
import os
import sys

PATH = os.path.join(os.path.dirname(os.path.abspath(__file__)), "chunker", "cuts.json")
MASK = (1 << 64) - 1
KIB = 1024
# min, normal, max, bits before normal, bits from normal on
PROFILES = {1: (512 * KIB, 1024 * KIB, 8192 * KIB, 22, 18), 2: (16 * KIB, 64 * KIB, 256 * KIB, 18, 14),
            3: (1024 * KIB, 1024 * KIB, 1024 * KIB, 22, 18)}

CASES = [
    ("small profile", 2, 1, [[2, 600 * KIB]]),
    ("another table, the same data", 2, 3, [[2, 600 * KIB]]),
    ("a run of zeros goes to the maximum", 2, 1, [["zero", 600 * KIB]]),
    ("zeros inside", 2, 1, [[4, 100 * KIB], ["zero", 300 * KIB], [5, 200 * KIB]]),
    ("shorter than the minimum", 2, 1, [[6, 1000]]),
    ("exactly the minimum", 2, 1, [[6, 16 * KIB]]),
    ("one byte", 2, 1, [[6, 1]]),
    ("default profile", 1, 7, [[8, 6000 * KIB]]),
    ("default profile, zeros", 1, 7, [["zero", 9000 * KIB]]),
    ("fixed profile", 3, 7, [[9, 2500 * KIB]]),
]


def noise(seed, length):
    x, out = seed, bytearray(length)
    for i in range(length):
        x = (x * 6364136223846793005 + 1442695040888963407) & MASK
        out[i] = x >> 56
    return bytes(out)


def hash_at(gear, data, length):
    """Sum over the 64 bytes before length: the byte j places before the last is weighed with 2^j."""
    return sum(gear[data[length - 1 - j]] << j for j in range(64)) & MASK


def first_cut(profile, gear, data):
    low, normal, high, hard, easy = PROFILES[profile]
    end = min(len(data), high)
    if end <= low:
        return end
    h = hash_at(gear, data, low)
    for length in range(low, end):
        if h >> (64 - (hard if length < normal else easy)) == 0:
            # The quick way above all other lengths; where it says cut, the definition must say so too.
            assert h == hash_at(gear, data, length)
            return length
        h = (2 * h + gear[data[length]]) & MASK
    return end


def compute(case):
    what, profile, seed, parts = case
    table = noise(seed, 2048)
    gear = [int.from_bytes(table[i:i + 8], "little") for i in range(0, 2048, 8)]
    data = b"".join(bytes(n) if s == "zero" else noise(s, n) for s, n in parts)
    cuts, at = [], 0
    while at < len(data):
        cuts.append(first_cut(profile, gear, data[at:at + PROFILES[profile][2]]))
        at += cuts[-1]
    return {"what": what, "profile": profile, "table_seed": seed, "data": parts, "cuts": cuts}


def main():
    text = "[\n" + ",\n".join(json.dumps(compute(c)) for c in CASES) + "\n]\n"
    if "--write" in sys.argv[1:]:
        os.makedirs(os.path.dirname(PATH), exist_ok=True)
        with open(PATH, "w", encoding="ascii") as f:
            f.write(text)
        return 0
    with open(PATH, encoding="ascii") as f:
        same = f.read() == text
    if not same:
        print("differs: cuts.json")
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())
