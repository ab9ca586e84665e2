#!/usr/bin/env python3
"""costs.py PROGRAM...: what single attacks cost, in memory and time, one line each and one column for each program (before and after a change, say)."""
import gzip
import resource
import socket
import sys
import threading
import time

from attacks import reset
from gateway import Gateway, answer, ask, connect, head, request, zstd_bomb


def metric(gateway, name):
    text = ask(gateway.port, "GET", "/metrics")[1].decode()
    return next((float(line.split()[-1]) for line in text.splitlines() if line.startswith(name + " ")), float("nan"))


def seconds(port, method, path, body=None, *headers, timeout=40):
    """How long an answer took, and which it was."""
    started = time.monotonic()
    try:
        status = ask(port, method, path, body, *headers, timeout=timeout)[0]
    except (OSError, ValueError) as e:
        status = type(e).__name__
    return f"{status} after {time.monotonic() - started:.2f} s"


def trickle(gateway):
    """C8: eight senders of 8 MiB that trickle from then on; a chunked push of four bytes"""
    held = [connect(gateway.port) for _ in range(8)]
    for connection in held:
        connection.sendall(head("PUT", "/metrics/job/a", ("Content-Length", 8 << 20)) + b"#" * ((8 << 20) - 40_000))
    over = threading.Event()

    def drip():
        while not over.wait(0.5):
            for connection in held:
                try:
                    connection.send(b"#")
                except OSError:
                    pass

    threading.Thread(target=drip, daemon=True).start()
    time.sleep(6)
    started = time.monotonic()
    with connect(gateway.port) as honest:
        honest.sendall(head("PUT", "/metrics/job/h", ("Transfer-Encoding", "chunked")) + b"4\r\na 1\n\r\n0\r\n\r\n")
        status = answer(honest)[0]
    over.set()
    return f"{status} after {time.monotonic() - started:.2f} s"


def cut(gateway):
    """C9: two hundred bodies that are reset as their time ends; body bytes still held"""
    bomb = request("PUT", "/metrics/job/b", gzip.compress(b"\n" * 30_000_000, 1), ("Content-Encoding", "gzip"), ("Connection", "close"))
    busy = [connect(gateway.port) for _ in range(6)]
    for connection in busy:
        connection.sendall(bomb)
    for _ in range(4):
        cut_off = []
        for _ in range(50):
            connection = connect(gateway.port)
            connection.sendall(head("PUT", "/metrics/job/x", ("Content-Length", 1_000_000)) + b"#" * 200_000)
            cut_off.append(connection)
        time.sleep(1.8)
        for connection in cut_off:
            time.sleep(0.02)
            reset(connection)
    time.sleep(6)
    return f"{metric(gateway, 'pushgateway_engine_inflight_bytes') / 1024:.0f} KiB"


def long_key(gateway):
    """C10: 10,000 series in 90 KB under a path of 32 KB"""
    return seconds(gateway.port, "PUT", "/metrics/job/" + "x" * 32_000, b"".join(b'm{i="%d"} 1\n' % i for i in range(10_000)), timeout=120)


def deletes(gateway):
    """C10: 5,000 deletes of groups that are not there, of 32 KB each"""
    started = time.monotonic()
    with connect(gateway.port) as connection:
        for i in range(5_000):
            connection.sendall(request("DELETE", f"/metrics/job/{i}" + "x" * 32_000))
            answer(connection)
    return f"{time.monotonic() - started:.2f} s"


def page(gateway):
    """C10: the page over 10 MiB of labels"""
    ask(gateway.port, "PUT", "/metrics/job/a", b"".join(b'm{i="%d",l="%s"} 1\n' % (i, b"&" * 65_000) for i in range(160)))
    return seconds(gateway.port, "GET", "/")


def descriptors(gateway):
    """C11: 300 idle connections where 256 files may be open; CPU in 5 s, a probe afterwards"""
    held = []
    for _ in range(300):
        try:
            held.append(connect(gateway.port, timeout=2))
        except OSError:
            break
    time.sleep(1)
    if gateway.process.poll() is not None:
        return f"it has ended with {gateway.process.returncode}"
    before = gateway.cpu()
    time.sleep(5)
    used = gateway.cpu() - before
    for connection in held:
        connection.close()
    time.sleep(1)
    return f"{used:.1f} s, {seconds(gateway.port, 'GET', '/-/healthy')}"


def zstd(gateway):
    """C12: a zstd body of 7.6 KB for 250 MB"""
    return seconds(gateway.port, "PUT", "/metrics/job/z", zstd_bomb(250 << 20), ("Content-Encoding", "zstd"), timeout=120)


def probes(gateway):
    """C12: the longest of the probes beside sixteen gzip bombs of 100 MB"""
    bomb = request("PUT", "/metrics/job/b", gzip.compress(b"\n" * 100_000_000, 1), ("Content-Encoding", "gzip"), ("Connection", "close"))
    held = [connect(gateway.port) for _ in range(16)]
    for connection in held:
        connection.sendall(bomb)
    longest, started = 0, time.monotonic()
    while time.monotonic() - started < 10:
        one = time.monotonic()
        try:
            ask(gateway.port, "GET", "/-/healthy", timeout=30)
        except OSError:
            return "a probe was broken"
        longest = max(longest, time.monotonic() - one)
        time.sleep(0.1)
    return f"{longest:.2f} s"


def seats(gateway):
    """C13: fifty idle connections of one client at a limit of fifty; a probe"""
    held = [connect(gateway.port) for _ in range(50)]
    time.sleep(1)
    return seconds(gateway.port, "GET", "/-/healthy") if held else ""


def readers(gateway):
    """C13: eight readers of the page that never read; the page for another"""
    ask(gateway.port, "PUT", "/metrics/job/a", b"".join(b'm{i="%d",l="%s"} 1\n' % (i, b"&" * 60_000) for i in range(100)))
    held = [connect(gateway.port, receive=2048) for _ in range(8)]
    for connection in held:
        connection.sendall(request("GET", "/"))
    time.sleep(3)
    return seconds(gateway.port, "GET", "/")


CASES = [(trickle, ["--limit.inflight-bytes=64MiB", "--limit.body-bytes=8MiB", "--limit.body-timeout=5s"]), (cut, ["--limit.body-timeout=2s"]), (long_key, []), (deletes, []),
         (page, []), (descriptors, []), (zstd, []), (probes, []), (seats, ["--limit.connections=50"]), (readers, [])]


def cost(case, flags, program):
    few_files = (lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (256, 256))) if case is descriptors else None
    gateway = Gateway(program, *flags, before=few_files)
    try:
        ask(gateway.port, "PUT", "/metrics/job/warm", b"a 1\n")
        before = gateway.rss()
        try:
            took = case(gateway)
        except (OSError, ValueError, socket.timeout) as e:
            took = repr(e)
        return f"{took}, {gateway.most() - before:+.0f} MiB"
    finally:
        gateway.process.kill()
        gateway.process.wait()


if __name__ == "__main__":
    for case, flags in CASES:
        print(f"{case.__doc__:<90}" + "".join(f"{cost(case, flags, program):<34}" for program in sys.argv[1:]), flush=True)
