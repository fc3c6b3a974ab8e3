#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""perf over one command, as bench.py runs it. Started by profile.sh."""
import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile

import corpora
import measure
import programs


def report(data, keys):
    run = subprocess.run(['perf', 'report', '-q', '--stdio', '-i', data, '-s', keys], check=True, capture_output=True, text=True)
    return [line.rstrip() for line in run.stdout.splitlines() if line.strip()]


def main():
    p = argparse.ArgumentParser(prog='profile.sh')
    p.add_argument('corpus', choices=('small', 'big', 'many', 'random'))
    p.add_argument('phase', choices=('first', 'check', 'restore'))
    p.add_argument('--top', type=int, default=20, metavar='N', help='so many functions')
    p.add_argument('--scale', type=float, default=1, help='of the corpus; 1 is all of it')
    p.add_argument('--source-dir', default=os.environ.get('TMPDIR', '/var/tmp'), metavar='DIR')
    p.add_argument('--store-dir', default='/dev/shm', metavar='DIR')
    args = p.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    print(measure.machine(), flush=True)
    store = tempfile.mkdtemp(prefix='hozen-bench.', dir=args.store_dir)
    made = tempfile.mkdtemp(prefix='hozen-bench.', dir=args.source_dir)
    try:
        source, data = f'{made}/source', f'{made}/perf.data'
        corpora.make(args.corpus, source, args.scale)
        corpora.warm(source)
        hozen = programs.Hozen(os.path.join(os.environ['HOZEN_BIN'], 'hozen-backup'))
        os.makedirs(f'{store}/place')
        hozen.prepare(f'{store}/place')
        if args.phase != 'first':
            hozen.backup(source)
        words, env = {'first': (['create', '-q', source], hozen.env),
                      'check': (['check', '--read-data', '-q'], hozen.reader),
                      'restore': (['restore', 'latest', '-q', '--target', f'{store}/restored'], hozen.reader)}[args.phase]
        taken = measure.run([['perf', 'record', '-q', '-F', '1999', '-o', data, '--', hozen.path, *words]], env)
        print(f'{args.corpus}, {args.phase}: {taken.seconds:.2f} s, {taken.cpu:.2f} s of CPU time, perf with them', flush=True)
        by_dso, by_function = report(data, 'dso'), report(data, 'dso,sym')
        print('\n'.join(by_dso[:6]))
        # Libraries without symbols give addresses.
        print('\n'.join([line for line in by_function if '] 0x' not in line][:args.top]))
    except measure.Failed as e:
        sys.exit(f'bench: {e}')
    finally:
        shutil.rmtree(store, ignore_errors=True)
        shutil.rmtree(made, ignore_errors=True)


if __name__ == '__main__':
    main()
