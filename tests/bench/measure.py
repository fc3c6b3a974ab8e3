# SPDX-License-Identifier: BSD-2-Clause
"""Running a command, or a pipe of commands, and what it took: wall time, CPU and memory by the kernel's account of each
process when it was reaped. Memory of a pipe is the sum of the peaks of its members, which is at most a little too much."""
import dataclasses
import os
import subprocess
import sys
import tempfile

SPAWN = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'spawn.py')


@dataclasses.dataclass
class Taken:
    seconds: float
    cpu: float
    rss: int  # bytes


class Failed(Exception):
    pass


def run(stages, env=None, cwd=None, out=None):
    """stages: lists of arguments, each reading what the one before wrote. out: a path for the output of the last."""
    words = [w for i, stage in enumerate(stages) for w in (['|'] if i else []) + stage]
    ours, theirs = os.pipe()
    try:
        with open(out or os.devnull, 'wb') as sink, tempfile.TemporaryFile() as errors:
            subprocess.run([sys.executable, '-I', '-S', SPAWN, str(theirs), *words], stdin=subprocess.DEVNULL, stdout=sink,
                           stderr=errors, env={**os.environ, **(env or {})}, cwd=cwd, pass_fds=(theirs,), check=True)
            seconds, cpu, rss, *codes = os.read(ours, 4096).split()
            if any(int(c) for c in codes):
                errors.seek(0)
                text = errors.read()[-2000:].decode(errors='replace')
                raise Failed(f'{" ".join(words)}: exit {b" ".join(codes).decode()}\n{text}')
    finally:
        os.close(ours)
        os.close(theirs)
    return Taken(float(seconds), float(cpu), int(rss))


def warm_memory(folder, size):
    """A virtual machine may have given free memory back to its host, and getting it again takes several times what the
    programs do with it: whoever comes first would pay for all. So as much as a phase may need is taken and freed before it."""
    path = os.path.join(folder, 'memory')
    block = memoryview(bytes(1 << 20))
    with open(path, 'wb', buffering=0) as f:
        for _ in range(size >> 20):
            f.write(block)
    os.unlink(path)


def machine():
    """Cores and kind of processor, as the documents name a machine."""
    model = 'unknown processor'
    with open('/proc/cpuinfo', encoding='utf-8') as f:
        for line in f:
            if line.startswith(('model name', 'Model')):
                model = line.split(':', 1)[1].strip()
                break
    return f'{os.cpu_count()} cores, {model}, Linux {os.uname().release.split("-")[0]}'


def size_of(path):
    """Bytes of all regular files at or below path."""
    if os.path.isfile(path):
        return os.path.getsize(path)
    return sum(os.lstat(os.path.join(d, n)).st_size for d, _, names in os.walk(path) for n in names)
