#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""make_tree.py make DIR SEED [--files N] [--large BYTES]; make_tree.py change DIR SEED

make fills DIR, which it makes, with a tree of folders, small files, links and odd names; --large adds one file of random
bytes. change edits, adds, removes and renames some of it. The same seed makes the same tree, times too."""
import argparse
import os
import random
import sys

EPOCH = 1_600_000_000


def put(path, data, r, mode=0o644):
    with open(path, "wb") as f:
        f.write(data)
    os.chmod(path, mode)
    stamp(path, r)


def stamp(path, r):
    t = (EPOCH + r.randrange(10**8)) * 10**9 + r.randrange(10**9)
    os.utime(path, ns=(t, t), follow_symlinks=False)


def content(r):
    kind = r.randrange(10)
    if kind == 0:
        return b""
    if kind < 6:
        return r.randbytes(r.randrange(1, 3000))
    if kind < 9:
        return b"%d lines of text\n" % r.randrange(10**6) * r.randrange(1, 2000)
    return r.randbytes(r.randrange(10**4, 3 * 10**5))


def make(root, r, n_files, large):
    folders = [root]
    os.makedirs(root)
    for i in range(max(1, n_files // 8)):
        folders.append(os.path.join(r.choice(folders[-20:]), "d%d" % i))
        os.mkdir(folders[-1])
    for i in range(n_files):
        name = os.path.join(r.choice(folders), "f%d" % i)
        put(name, content(r), r, r.choice([0o644, 0o600, 0o755, 0o640]))
        if i % 20 == 0:
            os.link(name, os.path.join(folders[0], "hard%d" % i))
        if i % 25 == 0:
            os.symlink("f%d" % i, os.path.join(r.choice(folders), "sym%d" % i))
    odd = os.path.join(os.fsencode(root), b"odd \xff\xfe name\n")
    put(odd, b"odd", r)
    os.mkfifo(os.path.join(root, "fifo"))
    with open(os.path.join(root, "sparse"), "wb") as f:
        f.seek(1 << 20)
        f.write(b"after a hole")
        f.truncate(3 << 20)
    if large:
        put(os.path.join(root, "large"), r.randbytes(large), r)
    for d in reversed(folders):
        stamp(d, r)


def change(root, r):
    files = sorted(os.path.join(d, f) for d, _, fs in os.walk(root) for f in fs
                   if os.path.isfile(os.path.join(d, f)) and not os.path.islink(os.path.join(d, f)))
    for f in r.sample(files, max(1, len(files) // 10)):
        what = r.randrange(5)
        if what == 0:
            os.unlink(f)
        elif what == 1:
            os.rename(f, f + ".moved")
        elif what == 2:
            os.chmod(f, 0o604)
        elif what == 3:
            with open(f, "ab") as out:
                out.write(r.randbytes(1000))
        else:
            put(f, content(r), r)
    for i in range(5):
        put(os.path.join(root, "new%d.%d" % (i, r.randrange(10**6))), content(r), r)


def main():
    p = argparse.ArgumentParser()
    p.add_argument("what", choices=["make", "change"])
    p.add_argument("dir")
    p.add_argument("seed", type=int)
    p.add_argument("--files", type=int, default=120)
    p.add_argument("--large", type=int, default=0)
    a = p.parse_args()
    r = random.Random(a.seed)
    if a.what == "make":
        make(a.dir, r, a.files, a.large)
    else:
        change(a.dir, r)


if __name__ == "__main__":
    sys.exit(main())
