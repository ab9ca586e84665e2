"""What strangers do to a gateway, all at once. Each attack is bounded in connections and in rate, keeps to names of its own, and stores no more the
longer it goes on: what grows then is the gateway's fault. What the gateway does to a stranger is its right; nothing of it is judged here."""
import gzip
import os
import random
import socket
import struct
import threading
import time

from gateway import USER, connect, head, request, zstd_bomb

JOB = "/metrics/job/stranger"
LONG = "x" * 30_000


class Attack:
    """Calls `once(port, end)` in so many threads until the end, with a pause between the calls."""

    def __init__(self, name, threads, pause, once):
        self.name, self.threads, self.pause, self.once = name, threads, pause, once

    def start(self, port, end):
        def run():
            while not end.is_set():
                try:
                    self.once(port, end)
                except (OSError, ValueError):
                    pass
                end.wait(self.pause * random.uniform(0.5, 1.5))

        started = [threading.Thread(target=run, daemon=True) for _ in range(self.threads)]
        for thread in started:
            thread.start()
        return started


def reset(connection):
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def send(data, read=True, timeout=20):
    def once(port, end):
        with connect(port, timeout) as connection:
            connection.sendall(data)
            while read and not end.is_set() and connection.recv(1 << 16):
                pass

    return once


def trickle(port, end):
    """Quick at first, then a byte a second: four megabytes of body memory each."""
    with connect(port) as connection:
        connection.sendall(head("PUT", JOB, USER, ("Content-Length", 8 << 20)))
        for _ in range(64):
            connection.sendall(b"#" * 65_535 + b"\n")
        while not end.wait(1):
            connection.sendall(b"#")


def cut(port, end):
    connection = connect(port)
    connection.sendall(head("PUT", JOB, USER, ("Content-Length", 1_000_000)) + b"#" * 300_000)
    end.wait(random.uniform(0, 3))
    reset(connection)


def never_read(path, *headers):
    def once(port, end):
        with connect(port, receive=2048) as connection:
            connection.sendall(head("GET", path, USER, *headers))
            end.wait(20)

    return once


def hold(count):
    """Idle connections; those that are ended come again."""

    def once(port, end):
        held = []
        while not end.wait(0.02):
            if len(held) < count:
                held.append(connect(port))
            else:
                held[0].setblocking(False)
                try:
                    if not held[0].recv(100):
                        held.pop(0).close()
                        continue
                except BlockingIOError:
                    held[0].setblocking(True)
                    held.append(held.pop(0))
                except OSError:
                    held.pop(0).close()
        for connection in held:
            connection.close()

    return once


def numbered(make, numbers):
    """A request whose number goes round."""
    lock, count = threading.Lock(), [0]

    def once(port, end):
        with lock:
            count[0] = (count[0] + 1) % numbers
            number = count[0]
        send(make(number), read=False)(port, end)

    return once


def http2_resets(port, end):
    frame = lambda kind, flags, stream, payload: struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload
    get = b"\x82\x86\x04\x08/metrics\x41\x01h"
    with connect(port, 5) as connection:
        connection.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(4, 0, 0, b""))
        for stream in range(1, 201, 2):
            connection.sendall(frame(1, 5, stream, get) + frame(3, 0, stream, struct.pack(">I", 8)))
        end.wait(0.5)


BAD_HEADS = [
    b"GET //x?\x01 HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET /%00 HTTP/1.1\r\nHost: x\r\n\r\n",
    b"PUT /metrics/job/stranger HTTP/1.1\r\nHost: x\r\nContent-Length: +4\r\n\r\na 1\n",
    b"PUT /metrics/job/stranger HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
    b"PUT /metrics/job/stranger HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: foo\r\n\r\n",
    b"PUT /metrics/job/stranger HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    b"GET /metrics HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    b"GET /metrics HTTP/1.1\r\nHost: x\r\nX: \x07\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"y" * 100_000 + b"\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00",
    b"not HTTP at all\r\n\r\n",
    request("POST", "/-/quit", b"", USER, ("Sec-Fetch-Site", "cross-site"), ("Origin", "http://elsewhere")),
    request("PUT", "/api/v1/admin/wipe", b"", USER, ("Origin", "null")),
]


def all_attacks():
    newlines = gzip.compress(b"\n" * 50_000_000, 1)
    many = b"".join(b'm%d{i="%d"} 1\n' % (i % 10, i) for i in range(200))
    guess = lambda n: ("Authorization", "Basic dTpndWVzcw%d=" % (n % 10))
    return [
        Attack("bodies that trickle", 16, 1, trickle),
        Attack("bodies that are cut", 8, 0.5, cut),
        Attack("long keys times series", 1, 1, numbered(lambda n: request("PUT", f"{JOB}{n}{LONG}", many, USER), 5)),
        Attack("deletes of what is not there", 2, 0.2, numbered(lambda n: request("DELETE", f"/metrics/job/{n}{LONG}", b"", USER), 20_000)),
        Attack("sets of label names", 2, 0.2, numbered(lambda n: request("PUT", f"{JOB}/l{n}/x", b"", USER), 1000)),
        Attack("page readers that never read", 8, 0.5, never_read("/")),
        Attack("API readers that never read", 8, 0.5, never_read("/api/v1/metrics")),
        Attack("scrapers that never read", 30, 0.5, never_read("/metrics", ("X-Forwarded-For", "10.0.0.1"))),
        Attack("idle connections", 1, 1, hold(int(os.environ.get("IDLE", "600")))),
        Attack("gzip bombs", 2, 1, send(request("PUT", JOB, newlines, USER, ("Content-Encoding", "gzip")))),
        Attack("zstd bombs", 1, 1, send(request("PUT", JOB, zstd_bomb(250 << 20), USER, ("Content-Encoding", "zstd")))),
        Attack("guesses of passwords", 2, 0.5, numbered(lambda n: request("PUT", JOB, b"a 1\n", guess(n)), 10)),
        Attack("bad requests", 2, 0.1, lambda port, end: send(random.choice(BAD_HEADS), read=False)(port, end)),
        Attack("bad bodies", 1, 0.1, lambda port, end: send(request("PUT", JOB, random.choice([b"a b\n", b"{}", b"\x00" * 1000]), USER), read=False)(port, end)),
        Attack("HTTP/2 resets", 1, 0.5, http2_resets),
    ]


def attack(port, on, over):
    """A process of its own: attacks while `on` is set, until `over` is. It gives way to the others, since what it costs this machine to attack is not what
    the gateway is to be judged by."""
    os.nice(10)
    attacks = all_attacks()
    while not over.is_set():
        if not on.wait(0.2):
            continue
        end = threading.Event()
        started = [thread for one in attacks for thread in one.start(port, end)]
        while on.is_set() and not over.is_set():
            time.sleep(0.1)
        end.set()
        for thread in started:
            thread.join(30)
