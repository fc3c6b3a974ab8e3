#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Runs the programs in turn over each corpus, several rounds, and prints medians. Started by run.sh."""
import argparse
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

HERE = os.path.dirname(os.path.abspath(__file__))
PHASES = (('backup', 'first backup'), ('unchanged', 'nothing changed'), ('check', 'check all data'), ('restore', 'restore'))
# What is wanted: seconds, or 'pipe' for no more than the pipe takes; a repository's size as a part of the pipe's file, for
# every machine has other files.
GOALS = {
    'small': {'backup': 'pipe', 'unchanged': 0.15, 'restore': 'pipe', 'check': 0.6, 'repo_to_pipe': 115 / 148.1, 'rss_mb': 100},
    'big': {'backup': 'pipe', 'restore': 1.5, 'repo_to_pipe': 300 / 344.9, 'rss_mb': 100},
    'many': {'backup': 'pipe', 'unchanged': 0.5, 'restore': 4, 'rss_mb': 100},
    'random': {'backup': 2.5, 'restore': 2.0, 'rss_mb': 100},
}


def say(text):
    print(text, file=sys.stderr, flush=True)


def arguments():
    p = argparse.ArgumentParser(prog='run.sh', description='hozen and other programs side by side')
    p.add_argument('--rounds', type=int, default=3)
    p.add_argument('--corpora', default=','.join(corpora.NAMES), help='default: all (%(default)s)')
    p.add_argument('--scale', type=float, default=100, metavar='PERCENT', help='of the size of the corpora; default 100')
    p.add_argument('--only', metavar='PROGRAMS', help='those whose names begin so, such as hozen,pipe')
    p.add_argument('--restic', default=os.environ.get('RESTIC', 'restic'), metavar='PATH')
    p.add_argument('--borg', default=os.environ.get('BORG', 'borg'), metavar='PATH')
    p.add_argument('--source-dir', default=os.environ.get('TMPDIR', '/var/tmp'), metavar='DIR', help='where corpora are made')
    p.add_argument('--store-dir', default='/dev/shm', metavar='DIR', help='where repositories and restored files are put')
    p.add_argument('--keep', metavar='DIR', help='keep the corpora in DIR, or take those that are there')
    p.add_argument('--json', metavar='FILE', help='write every figure of every round')
    args = p.parse_args()
    args.corpora = args.corpora.split(',')
    if unknown := set(args.corpora) - set(corpora.NAMES):
        p.error('no such corpus: ' + ', '.join(sorted(unknown)))
    if args.rounds < 1 or not 0 < args.scale <= 1000:
        p.error('--rounds is at least 1, --scale above 0')
    return args


def compare(source, target):
    """'same', or how many differences there are."""
    out = subprocess.run([sys.executable, os.path.join(HERE, '../integration/compare_trees.py'), '--no-root', source, target],
                         capture_output=True, text=True, check=False)
    if out.returncode == 0:
        return 'same'
    if out.returncode == 1 and 'entries compared' in out.stdout:
        return out.stdout.strip().split(', ')[-1]
    return 'cannot be compared: ' + out.stderr.strip()[-200:]


def one(program, source, warm, store):
    """All phases of one program; what it wrote is gone afterwards."""
    place = tempfile.mkdtemp(prefix='hozen-bench.', dir=store)

    def timed(phase, *what):
        measure.warm_memory(place, warm)
        return phase(*what)
    try:
        program.prepare(place)
        got = {'backup': timed(program.backup, source), 'repo': measure.size_of(program.repo)}
        got['unchanged'] = timed(program.unchanged, source)
        got['check'] = timed(program.check)
        got['restore'] = timed(program.restore, f'{place}/restored')
        got['compared'] = compare(source, f'{place}/restored/{source.lstrip("/")}')
        return got
    finally:
        shutil.rmtree(place)


def rounds(chosen, source, warm, args):
    results = {p.name: [] for p in chosen}
    for n in range(args.rounds):
        # Nobody always goes first.
        for p in chosen[n % len(chosen):] + chosen[:n % len(chosen)]:
            say(f'  round {n + 1}: {p.name}')
            results[p.name].append(one(p, source, warm, args.store_dir))
    return results


def median(runs, phase, what='seconds'):
    values = [getattr(r[phase], what) for r in runs if r[phase]]
    return statistics.median(values) if values else None


def print_phase(corpus, phase, title, results, args):
    pipe = median(results['pipe'], phase) if 'pipe' in results else None
    goal = GOALS[corpus].get(phase)
    if goal == 'pipe':
        goal = pipe
    elif args.scale != 100:
        goal = None
    print(f'  {title + (f" (goal {goal:.2f} s)" if goal else ""):<34}{"s":>8}{"min":>8}{"max":>8}{"/pipe":>8}{"/goal":>8}{"CPU s":>8}{"MB":>7}')
    for name, runs in results.items():
        s = median(runs, phase)
        if s is None:
            continue
        every = [r[phase].seconds for r in runs]
        print(f'    {name:<32}{s:8.2f}{min(every):8.2f}{max(every):8.2f}{f"{s / pipe:.2f}" if pipe else "-":>8}'
              f'{f"{s / goal:.2f}" if goal else "-":>8}{median(runs, phase, "cpu"):8.2f}{median(runs, phase, "rss") / 1e6:7.0f}')


def print_corpus(corpus, files, size, results, args):
    print(f'\n{corpus}: {files:,} files, {size / 1e6:.1f} MB')
    for phase, title in PHASES:
        print_phase(corpus, phase, title, results, args)
    goals = GOALS[corpus] if args.scale == 100 else {}
    pipe = statistics.median(r['repo'] for r in results['pipe']) if 'pipe' in results else None
    wanted = [f'repository {goals["repo_to_pipe"]:.2f} of the pipe'] if 'repo_to_pipe' in goals and pipe else []
    wanted = ', '.join(wanted + ([f'peak {goals["rss_mb"]} MB'] if goals else []))
    print(f'  {"sizes" + (f" (goal: {wanted})" if wanted else ""):<50}{"repo MB":>10}{"/pipe":>8}{"peak MB":>9}  restored, compared')
    for name, runs in results.items():
        repo = statistics.median(r['repo'] for r in runs)
        peak = max(r[p].rss for r in runs for p, _ in PHASES if r[p]) / 1e6
        print(f'    {name:<46}{repo / 1e6:10.1f}{f"{repo / pipe:.2f}" if pipe else "-":>8}{peak:9.0f}  '
              f'{", ".join(sorted({r["compared"] for r in runs}))}', flush=True)


def as_json(runs):
    return [{k: vars(v) if isinstance(v, measure.Taken) else v for k, v in r.items()} for r in runs]


def make_all(args, made):
    """Those that are not there yet. When the last was made."""
    made_at = -3
    for corpus in args.corpora:
        source = os.path.join(args.keep or made, corpus)
        if not os.path.isdir(source):
            say(f'{corpus}: making it')
            corpora.make(corpus, source, args.scale / 100)
            made_at = time.monotonic()
    return made_at


def main():
    args = arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    chosen = programs.available(args.restic, args.borg, say)
    if args.only:
        chosen = [p for p in chosen if p.name.startswith(tuple(args.only.split(',')))]
        if not chosen:
            sys.exit('bench: no program is left')
    made = None if args.keep else tempfile.mkdtemp(prefix='hozen-bench.', dir=args.source_dir)
    record = {'machine': measure.machine(), 'programs': {p.name: p.version for p in chosen}, 'rounds': args.rounds,
              'scale_percent': args.scale, 'corpora': {}}
    print(record['machine'])
    for p in chosen:
        print(f'  {p.name:<12} {p.version}')
    same = True
    try:
        made_at = make_all(args, made)
        for corpus in args.corpora:
            source = os.path.realpath(os.path.join(args.keep or made, corpus))
            files, size = corpora.warm(source)
            # What is only just there counts as still changing.
            time.sleep(max(0, made_at + 3 - time.monotonic()))
            # Content, an inode and the rest of a page for each file, and the program.
            results = rounds(chosen, source, size + size // 4 + files * 6144 + (128 << 20), args)
            print_corpus(corpus, files, size, results, args)
            record['corpora'][corpus] = {'files': files, 'bytes': size, 'runs': {n: as_json(r) for n, r in results.items()}}
            same = same and all(r['compared'] == 'same' for r in results.get('hozen', []))
            if made:
                shutil.rmtree(source)
    except measure.Failed as e:
        sys.exit(f'bench: {e}')
    finally:
        if made:
            shutil.rmtree(made)
    if args.json:
        with open(args.json, 'w', encoding='utf-8') as f:
            json.dump(record, f, indent=1)
    if not same:
        sys.exit('bench: what hozen restored is not the same')


if __name__ == '__main__':
    main()
