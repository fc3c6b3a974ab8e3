#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""One thing grows, the rest stays. Started by scale.sh."""
import argparse
import hashlib
import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

import corpora
import measure
import programs

# slow: megabytes (10^6) of files; bundles: KiB, 0 for all in one
COUNTS = {'workers': '1,2,4', 'files': '10000,100000,1000000', 'chunks': '10000,1000000,10000000', 'slow': '400',
          'bundles': '768,1536,4096,16384,0'}
LATENCY_MS, RATE_MB = 30, 50
BIN = os.environ['HOZEN_BIN']
GEN_RUNS = os.path.join(BIN, '../tests/bench/bench_gen_runs')
BUNDLES = os.path.join(BIN, '../tests/bench/bench_bundles')
SLOW_BACKUP = os.path.join(BIN, '../tests/bench/bench_slow_backup')


class Table:
    """Prints rows as they come, and keeps them for --json."""

    def __init__(self, *columns):
        self.columns, self.rows = columns, []
        print(''.join(f'{c:>{max(11, len(c) + 2)}}' for c in columns), flush=True)

    def add(self, *values):
        self.rows.append(dict(zip(self.columns, values)))
        cells = (f'{v:,}' if isinstance(v, int) else f'{v:.3f}' for v in values)
        print(''.join(f'{cell:>{max(11, len(c) + 2)}}' for c, cell in zip(self.columns, cells)), flush=True)


def medians(runs):
    return statistics.median(r.seconds for r in runs), max(r.rss for r in runs) / 1e6


def new_repository(place):
    hozen = programs.Hozen(os.path.join(BIN, 'hozen-backup'))
    os.makedirs(place)
    hozen.prepare(place)
    return hozen


def workers(args, store, source):
    """First backup and restore of generated files with so many threads."""
    corpora.generate_files(source, 20000, 20000)
    time.sleep(3)
    table = Table('workers', 'backup s', 'backup MB', 'restore s', 'restore MB')
    for count in args.counts:
        backups, restores = [], []
        for n in range(args.rounds):
            hozen = new_repository(f'{store}/{count}.{n}')
            extra = ['--workers', str(count)]
            backups.append(measure.run([[hozen.path, 'create', '-q', *extra, source]], hozen.env))
            restores.append(measure.run([[hozen.path, 'restore', 'latest', '-q', *extra, '--target', f'{store}/r']], hozen.reader))
            shutil.rmtree(f'{store}/r')
            shutil.rmtree(f'{store}/{count}.{n}')
        table.add(count, *medians(backups), *medians(restores))
    return table


def files(args, store, source):
    """Trees of very small files: all phases, of which the run in which nothing has changed is repeated."""
    table = Table('files', 'first s', 'first MB', 'unchanged s', 'unchanged MB', 'check s', 'check MB', 'restore s', 'restore MB')
    for count in args.counts:
        corpora.generate_files(source, count, 60)
        corpora.warm(source)
        time.sleep(3)
        hozen = new_repository(f'{store}/{count}')
        first = hozen.backup(source)
        again = [hozen.unchanged(source) for _ in range(args.rounds)]
        check = hozen.check()
        # A page of memory for each file, and an inode.
        measure.warm_memory(store, count * 6144)
        restore = hozen.restore(f'{store}/r')
        table.add(count, *medians([first]), *medians(again), *medians([check]), *medians([restore]))
        shutil.rmtree(f'{store}/r')
        shutil.rmtree(f'{store}/{count}')
        shutil.rmtree(source)
    return table


def chunks(args, store, source):
    """A small backup into, and a check of, a repository whose index is large."""
    if not os.path.exists(GEN_RUNS):
        sys.exit(f'{GEN_RUNS} is missing: build the target bench_gen_runs there')
    corpora.generate_files(source, 100, 1000)
    table = Table('chunks', 'index load s', 'index MB', 'miss us', 'hit us', 'create s', 'create MB', 'check s', 'check MB')
    for count in args.counts:
        place = f'{store}/{count}'
        hozen = new_repository(place)
        key = hozen.env['HOZEN_KEY_FILE']
        subprocess.run([GEN_RUNS, 'fill', hozen.repo, key, str(count)], check=True)
        # The session was not made by this host's own program: it must not look for it in its memory.
        shutil.rmtree(hozen.env['HOZEN_STATE_DIR'], ignore_errors=True)
        look = json.loads(subprocess.run([GEN_RUNS, 'look', hozen.repo, key, str(count)], check=True, capture_output=True).stdout)
        create = [hozen.backup(source) for _ in range(args.rounds)]
        check = [measure.run([[hozen.path, 'check', '-q']], hozen.reader) for _ in range(args.rounds)]
        table.add(count, look['load_seconds'], look['index_rss_bytes'] / 1e6, look['unknown_ns'] / 1e3, look['known_ns'] / 1e3,
                  *medians(create), *medians(check))
        shutil.rmtree(place)
    return table


def slow(args, store, source):
    """A first backup and a restore over a link: how much of what it can carry was used."""
    if not os.path.exists(SLOW_BACKUP):
        sys.exit(f'{SLOW_BACKUP} is missing: build the target bench_slow_backup there')
    print(f'{LATENCY_MS} ms a request, {RATE_MB} MB/s in each direction')
    table = Table('MB', 'stored MB', 'backup s', 'MB/s', 'of limit', 'peak MB', 'restore s', 'MB/s ', 'of limit ', 'peak MB ')
    for count in args.counts:
        corpora.make_random_files(source, count)
        corpora.warm(source)
        time.sleep(3)
        backups, restores = [], []
        for n in range(args.rounds):
            hozen = new_repository(f'{store}/{count}.{n}')
            far = {'HOZEN_REPO': f'slow://{LATENCY_MS}ms,{RATE_MB}M{hozen.repo}'}
            backups.append(measure.run([[SLOW_BACKUP, 'create', '-q', *args.options, source]], {**hozen.env, **far}))
            stored = measure.size_of(f'{hozen.repo}/packs') / 1e6
            restores.append(measure.run([[SLOW_BACKUP, 'restore', 'latest', '-q', *args.options, '--target', f'{store}/r']],
                                        {**hozen.reader, **far}))
            if subprocess.run(['diff', '-r', source, f'{store}/r/{source}'], check=False).returncode != 0:
                raise measure.Failed('what was restored differs')
            shutil.rmtree(f'{store}/r')
            shutil.rmtree(f'{store}/{count}.{n}')
        cells = [count, stored]
        for seconds, peak in (medians(backups), medians(restores)):
            cells += [seconds, stored / seconds, stored / RATE_MB / seconds, peak]
        table.add(*cells)
        shutil.rmtree(source)
    return table


def bundles(args, store, source):
    """What larger bundles and higher levels of zstd make of a corpus. A file that is there twice counts once."""
    if not os.path.exists(BUNDLES):
        sys.exit(f'{BUNDLES} is missing: build the target bench_bundles there')
    levels = (1, 2, 3, 5)
    table = Table('KiB', *(f'MB, level {n}' for n in levels), *(f's, {n}' for n in levels))
    corpora.make(args.corpus, source, 1)
    files = sorted(os.path.join(d, n) for d, _, names in os.walk(source) for n in names)
    first = {}
    for path in files:
        if not os.path.islink(path):
            with open(path, 'rb') as f:
                first.setdefault(hashlib.sha256(f.read()).digest(), path)
    listed = '\0'.join(first.values()) + '\0'
    for count in args.counts:
        runs = [json.loads(subprocess.run([BUNDLES, str(count), str(level)], input=listed.encode(), check=True,
                                          capture_output=True).stdout) for level in levels]
        table.add(count, *(r['stored'] / 1e6 for r in runs), *(r['seconds'] for r in runs))
    return table


def main():
    p = argparse.ArgumentParser(prog='scale.sh')
    p.add_argument('what', choices=COUNTS)
    p.add_argument('--counts', metavar='N,N,...', help=f'default: {COUNTS}')
    p.add_argument('--mb', metavar='N', help='slow: the same as --counts N')
    p.add_argument('--options', default='', metavar='"OPTION..."', help='slow: further ones for create and restore')
    p.add_argument('--corpus', choices=corpora.NAMES, default='small', help='bundles: which; default %(default)s')
    p.add_argument('--rounds', type=int, default=3)
    p.add_argument('--source-dir', default=os.environ.get('TMPDIR', '/var/tmp'), metavar='DIR')
    p.add_argument('--store-dir', default='/dev/shm', metavar='DIR')
    p.add_argument('--json', metavar='FILE')
    args = p.parse_args()
    args.counts = [int(n) for n in (args.counts or args.mb or COUNTS[args.what]).split(',')]
    args.options = args.options.split()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    print(measure.machine())
    store = tempfile.mkdtemp(prefix='hozen-bench.', dir=args.store_dir)
    made = tempfile.mkdtemp(prefix='hozen-bench.', dir=args.source_dir)
    try:
        table = globals()[args.what](args, store, f'{made}/source')
    except measure.Failed as e:
        sys.exit(f'bench: {e}')
    finally:
        shutil.rmtree(store, ignore_errors=True)
        shutil.rmtree(made, ignore_errors=True)
    if args.json:
        with open(args.json, 'w', encoding='utf-8') as f:
            json.dump({'machine': measure.machine(), 'what': args.what, 'rounds': args.rounds, 'rows': table.rows}, f, indent=1)


if __name__ == '__main__':
    main()
