#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""source.py DIR STEP: makes what the compatibility repositories hold. Step 1 into a missing folder, step 2 changes it.

Small when it is stored, though every form of an entry is in it that takes no rights: lists of chunks, extents and entries that
are nodes of their own, holes, links, a FIFO, attributes, names that are no text."""
import os
import socket
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "vectors"))
from make_object import crc64  # noqa: E402

DAY = 86400 * 10**9
TIME = 1600000000123456789
BIG = 17 * (8 << 20) + 12345


def write(path, data, mode=0o644):
    with open(path, "wb") as f:
        f.write(data)
    os.chmod(path, mode)


def sparse(path, size, step, length):
    with open(path, "wb") as f:
        for at in range(step, size - length, step):
            f.seek(at)
            f.write(b"%08d" % at * (length // 8))
        f.truncate(size)


def repeated(path, size):
    """Without a cut: 17 chunks of 8 MiB, the same but for the last one."""
    with open(path, "wb") as f:
        block = b"sixteen bytes..\n" * (1 << 16)
        for at in range(0, size, len(block)):
            f.write(block[:size - at])


def long_names(folder):
    """Entries without content, so long that the list of them is cut behind the one whose name ends a node."""
    os.mkdir(folder)
    names = [b"%03d-" % i + b"n" * 240 for i in range(60)]
    last = next(b"100-%d" % i for i in range(1 << 20) if crc64(b"100-%d" % i) & 0x1FF == 0x1FF)
    for name in names + [last, b"after", b"the", b"cut"]:
        write(os.path.join(os.fsencode(folder), name), b"")


def make():
    write("empty", b"")
    write("small", b"a small file\n")
    write("private", bytes(range(256)) * 20, 0o400)
    write("same", b"a small file\n", 0o755)
    repeated("big", BIG)
    sparse("holes", 1 << 20, 1 << 18, 4096)
    sparse("many-holes", 40 << 16, 1 << 16, 4096)
    sparse("one-hole", 1 << 16, 1 << 20, 4096)
    os.mkdir("folder")
    os.mkdir("folder/empty")
    os.mkdir("folder/sticky")
    os.chmod("folder/sticky", 0o1777)
    write("folder/linked", b"one inode, two names\n")
    os.link("folder/linked", "linked too")
    os.symlink("../small", "folder/link")
    os.symlink(b"\xff nowhere", "dangling")
    os.mkfifo("fifo", 0o640)
    with socket.socket(socket.AF_UNIX) as s:
        s.bind("socket")
    write("attributes", b"x\n")
    os.setxattr("attributes", "user.empty", b"")
    os.setxattr("attributes", "user.text", b"value\0with zero")
    os.setxattr("folder", "user.of a folder", b"1")
    write(b"\xff\xfe not utf-8\n", b"name\n")
    write("\u00fcml\u00e4ut", b"name\n")
    write("n" * 255, b"name\n")
    write("before 1970", b"old\n")
    long_names("long names")


def change():
    write("small", b"a changed file\n")
    write("new", b"new in the second snapshot\n")
    os.unlink("empty")
    os.rename("folder/empty", "folder/renamed")


def set_times():
    """Contents first, folders from the inside out."""
    for folder, _, files in os.walk("."):
        for name in files:
            path = os.path.join(folder, name)
            at = -DAY * 3653 - 1 if name == "before 1970" else TIME + len(name) * DAY
            os.utime(path, ns=(at, at), follow_symlinks=False)
    for folder, _, _ in os.walk(".", topdown=False):
        os.utime(folder, ns=(TIME, TIME))


def main():
    folder, step = sys.argv[1:]
    os.umask(0o022)
    if step == "1":
        os.mkdir(folder)
    os.chdir(folder)
    make() if step == "1" else change()
    set_times()


if __name__ == "__main__":
    main()
