# SPDX-License-Identifier: BSD-2-Clause
"""One line for an entry of a tree, whether it comes from a repository or (../../compat/scan.py) from a file system:

    type mode size seconds.nanoseconds sha256 hardlink xattrs path [-> target]

Owners are left out, for who restores without being root cannot set them. Bytes that do not print are %XX. sha256 is of the
content, holes being zeros; hardlink is the first path of the same inode in order of bytes, if there are several names."""
import hashlib
import urllib.parse

ZEROS = bytes(1 << 20)


def quote(data):
    return urllib.parse.quote_from_bytes(data, safe="/-_.,:+=@")


def hash_zeros(h, n):
    while n:
        h.update(ZEROS[:n])
        n -= min(n, len(ZEROS))


def content_hash(size, extents, pieces):
    """pieces: bytes in order, laid into the extents."""
    h, at, rest = hashlib.sha256(), 0, b""
    pieces = iter(pieces)
    for offset, length in extents:
        hash_zeros(h, offset - at)
        at = offset + length
        while length:
            rest = rest or next(pieces)
            h.update(rest[:length])
            taken = min(length, len(rest))
            rest, length = rest[taken:], length - taken
    hash_zeros(h, size - at)
    return h.hexdigest()


def line(kind, mode, size, mtime, digest, hardlink, xattrs, path, target):
    shown = ",".join("%s=%s" % (quote(k), quote(v)) for k, v in xattrs)
    out = "%s %04o %s %d.%09d %s %s %s %s" % (kind, mode & 0o7777, size if kind == "f" else "-", mtime[0], mtime[1],
                                              digest or "-", quote(hardlink) if hardlink else "-", shown or "-", quote(path))
    return out + (" -> " + quote(target) if target is not None else "")
