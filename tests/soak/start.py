#!/usr/bin/env python3
"""start.py [--starts 20] [--ready MS] [--idle MIB] PROGRAM...: from start to the first 200 on /-/ready, empty; its processor time; what is resident when idle.

The least of all starts counts: what else the machine does can only add to it. The exit code is 1 when a program takes more than --ready or --idle says."""
import argparse
import os
import signal
import statistics
import subprocess
import time

from gateway import ask, free_port


def processor_ms(pid):
    """Of all threads, those that have ended too: the clock of a process, as clock_getcpuclockid(3) numbers it."""
    return time.clock_gettime(~pid << 3 | 2) * 1000


def resident(pid):
    with open(f"/proc/{pid}/statm") as statm:
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


def start(program, idle):
    """One start: milliseconds until it is ready, those of the processor, and MiB some seconds later (None without idle)."""
    port = free_port()
    began = time.monotonic()
    process = subprocess.Popen([program, f"--web.listen-address=127.0.0.1:{port}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        while True:
            try:
                if ask(port, "GET", "/-/ready", timeout=5)[0] == 200:
                    break
            except OSError:
                if process.poll() is not None:
                    raise SystemExit(f"{program} ended with {process.returncode}")
                if time.monotonic() - began > 60:
                    raise SystemExit(f"{program} is not ready after a minute")
                time.sleep(0.0005)
        ready, used = (time.monotonic() - began) * 1000, processor_ms(process.pid)
        if idle:
            time.sleep(3)
        return ready, used, resident(process.pid) if idle else None
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--starts", type=int, default=20)
    parser.add_argument("--ready", type=float, default=float("inf"))
    parser.add_argument("--idle", type=float, default=float("inf"))
    parser.add_argument("program", nargs="+")
    arguments = parser.parse_args()
    failed = False
    for program in arguments.program:
        starts = [start(program, idle=i < 3) for i in range(arguments.starts)]
        ready, used = [one[0] for one in starts], [one[1] for one in starts]
        idle = [one[2] for one in starts if one[2] is not None]
        print(f"{program}: ready after {min(ready):.0f} ms ({statistics.median(ready):.0f} in the middle of {len(ready)}), "
              f"{min(used):.0f} ms of processor ({statistics.median(used):.0f}), idle {min(idle):.1f} MiB")
        if min(ready) > arguments.ready or min(idle) > arguments.idle:
            print(f"{program}: expected at most {arguments.ready:g} ms and {arguments.idle:g} MiB")
            failed = True
    raise SystemExit(failed)


if __name__ == "__main__":
    main()
