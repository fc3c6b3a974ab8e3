#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Variants of a repository of tests/compat, most of which must be refused; all are signed and encrypted with its keys, so that
nothing but what a case names is wrong.

make_failing.py REPOSITORY               makes each in memory and reads it with reader/; exit 1 when one ends otherwise
                                         than objects/index.json says
make_failing.py REPOSITORY --write       writes objects/index.json from the cases
make_failing.py REPOSITORY --out DIR     also writes DIR/<case>/repo and DIR/<case>/reader.key

objects/index.json: of each case its name, what it is, what whoever opens the repository and checks everything must say (OK,
DAMAGE when something had to be mended, or the name of an error), how many snapshots there are then; and, where the library
does otherwise still, in what it differs.
"""
import argparse
import functools
import json
import os
import shutil
import sys
import tempfile

sys.dont_write_bytecode = True
import failing_objects  # noqa: E402
import failing_admin  # noqa: E402
import failing_packs  # noqa: E402
import make_object  # noqa: E402
from forge import Forge  # noqa: E402
from reader import container, keys, pack  # noqa: E402
from reader.codec import Refused  # noqa: E402
from reader.repository import Repository  # noqa: E402

INDEX = os.path.join(os.path.dirname(os.path.abspath(__file__)), "objects", "index.json")


def remember_what_is_slow():
    """The cases differ in few objects."""
    container.decode_v1 = functools.lru_cache(maxsize=None)(container.decode_v1)
    pack.decompress = functools.lru_cache(maxsize=None)(pack.decompress)
    make_object.crc64 = container.crc64 = functools.lru_cache(maxsize=None)(container.crc64)


def write(forge, folder):
    for name, data in forge.files.items():
        path = os.path.join(folder, "repo", name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as f:
            f.write(data)
    with open(os.open(os.path.join(folder, "reader.key"), os.O_WRONLY | os.O_CREAT, 0o600), "wb") as f:
        f.write(forge.key)


def verdict(folder):
    try:
        repo = Repository(os.path.join(folder, "repo"), keys.key_file(os.path.join(folder, "reader.key")))
        for commit, body in repo.snapshots:
            for path, entry in repo.walk(commit, body):
                if entry.type == 0o100000:
                    repo.content(commit, entry, path)
    except Refused as refused:
        return refused.code, refused.what, 0
    return "DAMAGE" if repo.damage else "OK", "; ".join(repo.damage), len(repo.snapshots)


def index():
    return [entry for entry, _ in failing_objects.CASES]


def run(entry, forge, folder, verbose):
    """False when it ends otherwise than the entry says."""
    os.mkdir(folder)
    write(forge, folder)
    got, why, snapshots = verdict(folder)
    good = got == entry["expect"] and snapshots == entry.get("snapshots", 0)
    if not good or verbose:
        print("%s: %s, %d snapshots%s: %s" % (entry["name"], got, snapshots, "" if good else ": that is wrong", why))
    return good


def main():
    p = argparse.ArgumentParser()
    p.add_argument("repository")
    p.add_argument("--write", action="store_true")
    p.add_argument("--out")
    p.add_argument("--verbose", action="store_true")
    options = p.parse_args()
    assert failing_admin and failing_packs  # importing them added their cases
    if options.write:
        with open(INDEX, "w", encoding="ascii") as f:
            json.dump(index(), f, indent=1)
            f.write("\n")
    with open(INDEX, encoding="ascii") as f:
        wrong = json.load(f) != index()
    if wrong:
        print("objects/index.json is not that of the cases")
    remember_what_is_slow()
    base = Forge(options.repository)
    out = options.out or tempfile.mkdtemp()
    os.makedirs(out, exist_ok=True)
    for entry, make in failing_objects.CASES:
        forge, folder = base.fresh(), os.path.join(out, entry["name"])
        make(forge)
        wrong = not run(entry, forge, folder, options.verbose) or wrong
        if not options.out:
            shutil.rmtree(folder)
    if not options.out:
        os.rmdir(out)
    return int(wrong)


if __name__ == "__main__":
    sys.exit(main())
