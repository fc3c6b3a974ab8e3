# SPDX-License-Identifier: BSD-2-Clause
"""The corpora: taken from this system (small, big) or generated from a fixed seed (many, random). Deterministic on one
machine; what was really taken is counted, and printed by the caller."""
import hashlib
import os
import random
import stat
import subprocess

SMALL = (22750, 521_000_000)
BIG = (1348, 1002_000_000)
MANY = (200_000, 385_000_000)
RANDOM = ((2, 500_000_000), (10, 100_000_000), (20, 10_000_000))
PER_FOLDER = 200
NAMES = ('small', 'big', 'many', 'random')


def _order(path):
    return hashlib.blake2b(path, digest_size=8).digest()


def _files_below(tops, least):
    """(folder, [(path, size)]) for every folder; only regular files of at least `least` bytes, and symlinks when 0."""
    for top in tops:
        for folder, dirs, names in os.walk(os.fsencode(top)):
            dirs.sort()
            found = []
            for name in names:
                path = os.path.join(folder, name)
                try:
                    st = os.lstat(path)
                except OSError:
                    continue
                if stat.S_ISREG(st.st_mode) and st.st_size >= least:
                    found.append((path, st.st_size, 1))
                elif stat.S_ISLNK(st.st_mode) and least == 0:
                    found.append((path, 0, 0))
            if found:
                yield folder, found


def _balanced(groups, want_files, want_bytes):
    """Takes groups in a scattered order, larger files or smaller ones as the mean so far asks for, until there are enough."""
    groups = sorted(groups, key=lambda g: _order(g[0]))
    mean = want_bytes / want_files
    heavy = [g for g in groups if sum(f[1] for f in g[1]) >= mean * sum(f[2] for f in g[1])]
    light = [g for g in groups if sum(f[1] for f in g[1]) < mean * sum(f[2] for f in g[1])]
    files = size = 0
    while (files < want_files or size < want_bytes) and (heavy or light):
        short = size < mean * files
        group = (heavy if (short and heavy) or not light else light).pop()
        members = group[1]
        if files + sum(f[2] for f in members) > want_files * 1.01 or size + sum(f[1] for f in members) > want_bytes * 1.01:
            continue
        files += sum(f[2] for f in members)
        size += sum(f[1] for f in members)
        yield from (f[0] for f in members)


def _take(into, paths):
    """Copies paths below into with everything that tar keeps."""
    os.makedirs(into)
    names = b'\0'.join(p.lstrip(b'/') for p in paths)
    out = subprocess.Popen(['tar', '--format=posix', '--xattrs', '-C', '/', '--null', '-T', '-', '-cf', '-'],
                           stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    back = subprocess.Popen(['tar', '--xattrs', '-C', into, '-xpf', '-'], stdin=out.stdout)
    out.stdout.close()
    out.stdin.write(names)
    out.stdin.close()
    if out.wait() or back.wait():
        raise SystemExit('the corpus could not be copied')


def make_small(into, scale):
    groups = _files_below(('/usr/share', '/usr/include'), 0)
    _take(into, list(_balanced(groups, SMALL[0] * scale, SMALL[1] * scale)))


def make_big(into, scale):
    groups = [(f[0], [f]) for _, found in _files_below(('/usr/bin', '/usr/lib'), 65536) for f in found]
    _take(into, list(_balanced(groups, BIG[0] * scale, BIG[1] * scale)))


def _words(rng, n):
    """Text of a limited vocabulary, some of it numbers: it compresses about as much as configuration and source do."""
    words = [bytes(rng.choices(b'abcdefghijklmnopqrstuvwxyz_', k=rng.randint(2, 11))) for _ in range(4000)]
    text = bytearray()
    while len(text) < n:
        text += rng.choice(words) if rng.random() < 0.8 else b'%x' % rng.getrandbits(32)
        text += rng.choice((b' ', b' ', b' ', b'\n\t', b' = ', b';\n'))
    return bytes(text)


def generate_files(into, count, size, seed=1):
    """count files of about size bytes, no two alike, PER_FOLDER in a folder."""
    rng = random.Random(seed)
    text = _words(rng, 4 << 20)
    for i in range(count):
        if i % PER_FOLDER == 0:
            folder = os.path.join(into, '%05d' % (i // PER_FOLDER))
            os.makedirs(folder)
        at = rng.randrange(len(text) - size)
        fd = os.open('%s/f%03d' % (folder, i % PER_FOLDER), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
        os.write(fd, b'%d\n' % i + text[at:at + size])
        os.close(fd)


def make_many(into, scale):
    generate_files(into, max(1, round(MANY[0] * scale)), MANY[1] // MANY[0] - 6)


def make_random(into, scale):
    os.makedirs(into)
    rng = random.Random(2)
    for group, (count, size) in enumerate(RANDOM):
        for i in range(count):
            with open(f'{into}/{group}-{i:02}', 'wb') as f:
                left = round(size * scale)
                while left > 0:
                    left -= f.write(rng.randbytes(min(left, 1 << 20)))


def make_random_files(into, megabytes):
    """Content that does not shrink: a fifth of it in files of 20 KB, the rest in files of up to 20 MB."""
    os.makedirs(into)
    rng = random.Random(3)
    left = megabytes * 1000000
    for i in range(left // 5 // 20000):
        if i % PER_FOLDER == 0:
            folder = os.path.join(into, '%05d' % (i // PER_FOLDER))
            os.makedirs(folder)
        with open('%s/f%03d' % (folder, i % PER_FOLDER), 'wb') as f:
            left -= f.write(rng.randbytes(20000))
    while left > 0:
        with open(f'{into}/large-{left}', 'wb') as f:
            left -= f.write(rng.randbytes(min(left, rng.randint(1000000, 20000000))))


def make(name, into, scale):
    {'small': make_small, 'big': make_big, 'many': make_many, 'random': make_random}[name](into, scale)


def warm(top):
    """Reads everything once, so that it is in the page cache; gives how many files and bytes there are."""
    files = size = 0
    buffer = bytearray(1 << 20)
    for folder, _, names in os.walk(top):
        for name in names:
            path = os.path.join(folder, name)
            if os.path.islink(path):
                continue
            files += 1
            with open(path, 'rb', buffering=0) as f:
                while n := f.readinto(buffer):
                    size += n
    return files, size
