#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""on_terminal.py CODE [PROMPT=ANSWER]... -- COMMAND...

Runs COMMAND on a new terminal, answers its prompts in order, prints what it showed, and fails unless it ends with CODE
(negative: killed by that signal) with echo switched on. ^C, ^Q and ^D in an answer type interrupt, quit and end of file; ^TERM sends SIGTERM.
"""
import fcntl
import os
import pty
import select
import signal
import sys
import termios
import time


def answer(fd, pid, text):
    if text == "^TERM":
        os.kill(pid, signal.SIGTERM)
        return
    keys = text.replace("^C", "\x03").replace("^Q", "\x1c").replace("^D", "\x04")
    os.write(fd, keys.encode() + (b"" if keys != text else b"\n"))


def main():
    split = sys.argv.index("--")
    want, prompts = int(sys.argv[1]), [p.split("=", 1) for p in sys.argv[2:split]]
    master, slave = pty.openpty()
    pid = os.fork()
    if pid == 0:
        os.close(master)
        become(slave)
        os.execvp(sys.argv[split + 1], sys.argv[split + 1 :])
    shown = watch(master, slave, pid, prompts)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    sys.stdout.buffer.write(shown)
    if status != want:
        sys.exit(f"\nexit {status} instead of {want}")
    if prompts:
        sys.exit(f"\nnever asked: {prompts[0][0]}")


def become(slave):
    # A shell's background job has these ignored, which programs inherit.
    for number in (signal.SIGINT, signal.SIGQUIT):
        signal.signal(number, signal.SIG_DFL)
    os.setsid()
    fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
    for fd in range(3):
        os.dup2(slave, fd)


def watch(master, slave, pid, prompts):
    # Our copy of the slave keeps the terminal alive to look at its settings; so the end is the child's end, not a hangup.
    shown, start, deadline = b"", 0, time.monotonic() + 120
    while True:
        if prompts and (at := shown.find(prompts[0][0].encode(), start)) >= 0:
            start = at + len(prompts[0][0])
            time.sleep(0.1)  # echo goes off before the prompt is shown; this is for the read to begin
            answer(master, pid, prompts.pop(0)[1])
        ready = select.select([master], [], [], 0.1)[0]
        if ready:
            shown += os.read(master, 65536)
        elif os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT):
            break
        if time.monotonic() > deadline:
            os.kill(pid, signal.SIGKILL)
            sys.exit("no end in sight; it showed: " + shown.decode(errors="replace"))
    if not termios.tcgetattr(slave)[3] & termios.ECHO:
        sys.exit("echo was left off")
    return shown


if __name__ == "__main__":
    main()
