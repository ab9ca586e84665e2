#!/usr/bin/env python3
"""memory.py [--groups=1000000] [--only=WORD] PROGRAM...: what is resident before a peak, at it, and while the program is idle after it; a
line for each peak and program (before and after a change, say). The exit code is 0 if 30 s after each peak the last program has at most
60 MiB more than when it was empty."""
import argparse
import os
import shutil
import sys
import tempfile
import threading
import time

from gateway import Gateway, ask, connect, request

LOOKS = (5, 10, 20, 30)
MOST_ABOVE_EMPTY = 60
AT_ONCE = 256
CONNECTIONS = 4


def pipelined(port, requests):
    """Sends requests over one connection, so many ahead of their answers; all must succeed."""
    with connect(port) as connection:
        for at in range(0, len(requests), AT_ONCE):
            some = requests[at:at + AT_ONCE]
            connection.sendall(b"".join(some))
            answers = b""
            while (done := answers.count(b"HTTP/1.1 20")) < len(some) or not answers.endswith(b"\r\n\r\n"):
                more = connection.recv(1 << 16)
                answers += more
                if not more or answers.count(b"HTTP/1.1 ") > answers.count(b"HTTP/1.1 20") + 1:
                    raise SystemExit(f"{done} of {len(some)} requests were answered well: {answers[-300:]!r}")


def of_each(gateway, count, make):
    """One request for each number, over some connections at once."""
    def part(first, last):
        for at in range(first, last, 16 * AT_ONCE):
            pipelined(gateway.port, [make(i) for i in range(at, min(at + 16 * AT_ONCE, last))])

    threads = [threading.Thread(target=part, args=(count * c // CONNECTIONS, count * (c + 1) // CONNECTIONS)) for c in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def push_small(gateway, count, *headers):
    of_each(gateway, count, lambda i: request("PUT", f"/metrics/job/j/instance/{i:08}", b"x 1\ny 2\n", *headers))
    scrape(gateway)


def scrape(gateway):
    ask(gateway.port, "GET", "/metrics")
    ask(gateway.port, "GET", "/metrics", None, ("Accept-Encoding", "gzip"))


def large_body(megabytes, name):
    lines = megabytes * 1_000_000 // (len(name) + 35)
    return b"".join(b'%s{n="%07d",path="/api/v1/%d"} %d\n' % (name, i, i % 5000, i) for i in range(lines))


def deletes(gateway, groups):
    """{groups} small groups, deleted one by one"""
    push_small(gateway, groups)
    yield
    of_each(gateway, groups, lambda i: request("DELETE", f"/metrics/job/j/instance/{i:08}"))


def wipe(gateway, groups):
    """{groups} small groups, wiped"""
    push_small(gateway, groups)
    yield
    ask(gateway.port, "PUT", "/api/v1/admin/wipe")


def expiry(gateway, groups):
    """{groups} small groups that expire"""
    started = time.monotonic()
    after = 20 + groups // 20_000
    push_small(gateway, groups, ("Exposition-Expire-After", f"{after}s"))
    yield
    time.sleep(max(0, started + after + 5 - time.monotonic()))
    while (left := ask(gateway.port, "GET", "/metrics")[1].count(b"push_time_seconds{")) > 0:
        print(f"    {left} groups have not expired yet", file=sys.stderr)
        time.sleep(1)


def medium(gateway, groups):
    """400 groups of 1 MB, pushed twice, deleted"""
    for value in (b"a", b"b"):
        body = large_body(1, value)
        for i in range(400):
            ask(gateway.port, "PUT", f"/metrics/job/j/instance/{i}", body)
    scrape(gateway)
    yield
    for i in range(400):
        ask(gateway.port, "DELETE", f"/metrics/job/j/instance/{i}")


def large(gateway, groups):
    """three pushes of 50 MB, replaced by a small one"""
    body = large_body(50, b"m")
    for _ in range(3):
        ask(gateway.port, "PUT", "/metrics/job/j", body, timeout=300)
    scrape(gateway)
    yield
    ask(gateway.port, "PUT", "/metrics/job/j", b"x 1\n")


def show(program, peak, groups, kept):
    directory = tempfile.mkdtemp(prefix="memory-")
    flags = ["--web.enable-admin-api", "--limit.groups=0", "--push.expired-grace=0s"]
    flags += [f"--persistence.file={directory}/state"] if kept else []
    gateway = Gateway(program, *flags)
    try:
        ask(gateway.port, "PUT", "/metrics/job/warm", b"a 1\n")
        ask(gateway.port, "DELETE", "/metrics/job/warm")
        scrape(gateway)
        time.sleep(2)
        empty = gateway.rss()
        steps = peak(gateway, groups)
        next(steps)
        full = gateway.rss()
        next(steps, None)
        over, cpu, after = time.monotonic(), gateway.cpu(), []
        for look in LOOKS:
            time.sleep(max(0, over + look - time.monotonic()))
            after.append(gateway.rss())
        what = peak.__doc__.format(groups=f"{groups:,}") + (", persistence" if kept else "")
        print(f"{what:<62}{os.path.relpath(program)[-36:]:<37}empty {empty:4.0f}   full {full:5.0f}   most {gateway.most():5.0f}   "
              f"after {', '.join(f'{s} s' for s in LOOKS)}: {' '.join(f'{rss:5.0f}' for rss in after)}   "
              f"{after[-1] - empty:+.0f} MiB   {gateway.cpu() - cpu:.1f} s of CPU meanwhile", flush=True)
        return after[-1] - empty
    finally:
        gateway.process.kill()
        gateway.process.wait()
        shutil.rmtree(directory)


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--groups", type=int, default=1_000_000)
    arguments.add_argument("--only", default="", help="of the peaks those with this in their name")
    arguments.add_argument("--kept", choices=("yes", "no"), help="only with, or without, persistence")
    arguments.add_argument("program", nargs="+")
    asked = arguments.parse_args()
    worst = 0
    for peak in (deletes, wipe, expiry, medium, large):
        for kept in (False, True):
            if asked.only in peak.__name__ and asked.kept in (None, "yes" if kept else "no"):
                worst = max(worst, [show(program, peak, asked.groups, kept) for program in asked.program][-1])
    sys.exit(0 if worst <= MOST_ABOVE_EMPTY else 1)
