#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""scan.py DIR [--no-xattrs]: prints what stands below DIR, as tests/vectors/reader/listing.py says."""
import os
import stat
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "vectors"))
from reader import listing, tree  # noqa: E402


def pieces(path):
    with open(path, "rb") as f:
        while True:
            data = f.read(1 << 20)
            if not data:
                return
            yield data


def attributes(path):
    """Those of users: others depend on the system."""
    names = [n for n in os.listxattr(path, follow_symlinks=False) if n.startswith("user.")]
    return sorted((os.fsencode(n), os.getxattr(path, n, follow_symlinks=False)) for n in names)


def walk(top):
    for folder, folders, files in os.walk(top):
        for name in folders + files:
            path = os.path.join(folder, name)
            yield os.path.relpath(path, top), path, os.lstat(path)


def main():
    top, with_xattrs = os.fsencode(sys.argv[1]), "--no-xattrs" not in sys.argv[2:]
    entries = sorted(walk(top))
    first = {}
    for shown, _, st in entries:
        first.setdefault((st.st_dev, st.st_ino), shown)
    for shown, path, st in entries:
        regular = stat.S_ISREG(st.st_mode)
        digest = listing.content_hash(st.st_size, [(0, st.st_size)] if st.st_size else [], pieces(path)) if regular else None
        several = st.st_nlink > 1 and not stat.S_ISDIR(st.st_mode)
        xattrs = attributes(path) if with_xattrs and (regular or stat.S_ISDIR(st.st_mode)) else []
        target = os.readlink(path) if stat.S_ISLNK(st.st_mode) else None
        print(listing.line(tree.TYPES[stat.S_IFMT(st.st_mode)], st.st_mode, st.st_size, divmod(st.st_mtime_ns, 10**9), digest,
                           first[st.st_dev, st.st_ino] if several else None, xattrs, shown, target))


if __name__ == "__main__":
    main()
