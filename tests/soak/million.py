#!/usr/bin/env python3
"""million.py [GROUPS[,GROUPS...]] PROGRAM...: starts, scrapes and a mass expiry with so many groups (1,000,000), one line each and one column for each program."""
import shutil
import signal
import sys
import tempfile
import threading
import time

from gateway import Gateway, ask, connect, request

SENDERS, TOGETHER, ROUNDS, NAME_SETS = 4, 500, 9, 10_000
FLAGS = ["--limit.groups=0", "--limit.grouping-name-sets=0"]


def path(i):
    return f"/metrics/job/j/instance/{i}"


def send(port, requests):
    """Many at once on one connection: only so does the client not take longer than the server."""
    with connect(port, timeout=300) as connection:
        def batch(some):
            connection.sendall(b"".join(some))
            got = b""
            while got.count(b"\r\n\r\n") < len(some):
                part = connection.recv(1 << 20)
                if not part:
                    raise ConnectionError(got[-300:])
                got += part
            if got.count(b"HTTP/1.1 20") != len(some):
                raise ValueError(got[:300])

        some = []
        for one in requests:
            some.append(one)
            if len(some) == TOGETHER:
                batch(some)
                some = []
        if some:
            batch(some)


def send_all(port, count, make):
    failures = []

    def sender(first):
        try:
            send(port, (make(i) for i in range(first, count, SENDERS)))
        except (OSError, ValueError) as e:
            failures.append(e)

    threads = [threading.Thread(target=sender, args=(first,)) for first in range(SENDERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise SystemExit(f"not all were taken: {failures[0]}")


def settle(gateway):
    """Waits until all is on disk: so a start after a kill has what one after a stop has."""
    ask(gateway.port, "PUT", "/metrics/job/last", b"x 1\n", timeout=300)
    before = -1.0
    while (now := gateway.cpu()) - before > 0.05:
        before = now
        time.sleep(2)


def opening(gateway):
    """How long a scrape takes to its first byte, in milliseconds; endless if it is cut off before. The rest of it is not waited for."""
    with connect(gateway.port, timeout=300) as connection:
        started = time.monotonic()
        connection.sendall(request("GET", "/metrics"))
        try:
            came = connection.recv(1)
        except ConnectionError:
            came = b""
        return (time.monotonic() - started) * 1000 if came else float("inf")


def middle(figures):
    return sorted(figures)[len(figures) // 2]


def openings(gateway, change=None):
    figures, used = [], gateway.cpu()
    for i in range(ROUNDS):
        if change is not None:
            ask(gateway.port, change, "/metrics/job/j/instance/new" + str(i), b"x 1\n" if change == "PUT" else None)
        figures.append(opening(gateway))
        time.sleep(0.2)
    used = (gateway.cpu() - used) * 1000 / ROUNDS
    return f"{middle(figures):.0f} ms, {min(figures):.0f} at least, {used:.0f} of processor"


def started(program, flags):
    began = time.monotonic()
    gateway = Gateway(program, *flags, patience=300)
    return gateway, f"{time.monotonic() - began:.1f} s, {gateway.cpu():.1f} s of processor, {gateway.rss():.0f} MiB"


def end(gateway, how):
    gateway.process.send_signal(how)
    gateway.process.wait()


def starts(program, flags, count, make):
    gateway, _ = started(program, flags)
    try:
        began = time.monotonic()
        send_all(gateway.port, count, make)
        yield "pushed", f"{count / (time.monotonic() - began):.0f} a second, {gateway.rss():.0f} MiB"
        settle(gateway)
        end(gateway, signal.SIGKILL)
        gateway, took = started(program, flags)
        yield "start after a kill", took
        end(gateway, signal.SIGTERM)
        gateway, took = started(program, flags)
        yield "start after a stop", took
        opening(gateway)
        yield "a scrape's first byte", openings(gateway)
        yield "after one creation", openings(gateway, "PUT")
        yield "after one deletion", openings(gateway, "DELETE")
    finally:
        gateway.process.kill()
        gateway.process.wait()


def expiry(program, count):
    """All are due within a few milliseconds."""
    gateway, _ = started(program, FLAGS)
    try:
        due = time.monotonic() + 5 + count / 10_000

        def make(i):
            return request("PUT", path(i), b"x 1\n", ("Exposition-Expire-After", f"{max(1, int((due - time.monotonic()) * 1000))}ms"))

        send_all(gateway.port, count, make)
        if time.monotonic() > due - 2:
            yield "first byte as all expire", "the pushes took too long"
            return
        before = middle([opening(gateway) for _ in range(5)])
        time.sleep(max(0, due - time.monotonic() + 0.01))
        during, began = [opening(gateway)], time.monotonic()
        while time.monotonic() - began < 10:
            time.sleep(0.3)
            during.append(opening(gateway))
        yield "first byte as all expire", f"{during[0]:.0f} ms, worst {max(during):.0f}, {before:.0f} before"
    finally:
        gateway.process.kill()
        gateway.process.wait()


def figures(program, count):
    directory = tempfile.mkdtemp(prefix="million-")
    try:
        yield from starts(program, [f"--persistence.file={directory}/groups", *FLAGS], count, lambda i: request("PUT", path(i), b"x 1\n"))
        yield from expiry(program, count)
    finally:
        shutil.rmtree(directory)


def name_sets(program):
    directory = tempfile.mkdtemp(prefix="million-")
    try:
        flags = [f"--persistence.file={directory}/groups", *FLAGS]
        for what, took in starts(program, flags, NAME_SETS, lambda i: request("PUT", f"/metrics/job/j/l{i}/v", b"x 1\n")):
            if what.startswith("start"):
                yield what, took
    finally:
        shutil.rmtree(directory)


def table(title, programs, make):
    print(title, flush=True)
    for lines in zip(*(make(program) for program in programs)):
        print(f"  {lines[0][0]:<28}" + "".join(f"{line[1]:<48}" for line in lines), flush=True)


if __name__ == "__main__":
    programs = sys.argv[1:]
    counts = [int(count) for count in programs.pop(0).split(",")] if programs and programs[0][0].isdigit() else [1_000_000]
    for count in counts:
        table(f"{count:,} groups", programs, lambda program: figures(program, count))
    table(f"{NAME_SETS:,} groups of as many name sets", programs, name_sets)
