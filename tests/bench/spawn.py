# SPDX-License-Identifier: BSD-2-Clause
"""spawn.py FD COMMAND [ARG]... [| COMMAND [ARG]...]...: runs the commands as a pipe and writes to FD "seconds cpu rss" and
the exit codes. Small on purpose: the kernel counts the memory of the process that forked into the peak of the new one, so
this is the least that can be measured (about 8 MB a command)."""
import os
import sys
import time


def stages_of(words):
    stages = [[]]
    for word in words:
        if word == '|':
            stages.append([])
        else:
            stages[-1].append(word)
    return stages


def start(argv, source, sink):
    pid = os.fork()
    if pid == 0:
        try:
            os.dup2(source, 0)
            os.dup2(sink, 1)
            os.execvp(argv[0], argv)
        finally:
            os._exit(127)
    return pid


def main():
    stages = stages_of(sys.argv[2:])
    began = time.monotonic()
    source, pids = 0, []
    for i, argv in enumerate(stages):
        out = os.pipe() if i + 1 < len(stages) else (0, 1)
        pids.append(start(argv, source, out[1]))
        if source:
            os.close(source)
        if out[1] != 1:
            os.close(out[1])
        source = out[0]
    codes, cpu, rss = [], 0.0, 0
    for pid in pids:
        _, status, used = os.wait4(pid, 0)
        codes.append(os.waitstatus_to_exitcode(status))
        cpu += used.ru_utime + used.ru_stime
        rss += used.ru_maxrss * 1024
    taken = time.monotonic() - began
    os.write(int(sys.argv[1]), f'{taken} {cpu} {rss} {" ".join(map(str, codes))}'.encode())


main()
