#!/usr/bin/env python3
"""onepush.py [--only=WORD] PROGRAM...: the peak of what is resident in one push, the first to its group and then two more that replace it,
for bodies of many kinds, with persistence and without; a line for each and program. The exit code is 0 if no peak of the last program is
more above the empty program than three times the body and six times what is stored of it, by pushgateway_engine_stored_bytes; for a push
that replaces another so much more as that has stored and pushgateway_engine_shape_cache_bytes says."""
import argparse
import gzip
import os
import shutil
import struct
import sys
import tempfile
import time

from gateway import Gateway, ask

# Code, threads, and what the collector lets lie before it looks at all.
CONSTANT = 32
MIB = 1 << 20
PUSHES = 3
PROTOBUF = "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited"


def text(series, families=1):
    per_family = series // families
    return "".join(f'http_requests_{f:04}_total{{code="{200 + i % 7}",n="{i:07}",path="/api/v1/{i % 5000}"}} {i}\n'
                   for f in range(families) for i in range(per_family)).encode()


def varint(number):
    more = bytearray()
    while number >= 128:
        more.append(number & 127 | 128)
        number >>= 7
    return bytes(more) + bytes([number])


def field(number, content):
    return varint(number << 3 | 2) + varint(len(content)) + content


def protobuf(series, families=1):
    def metric(i):
        labels = ((b"code", b"%d" % (200 + i % 7)), (b"n", b"%07d" % i), (b"path", b"/api/v1/%d" % (i % 5000)))
        pairs = b"".join(field(1, field(1, name) + field(2, value)) for name, value in labels)
        return field(4, pairs + field(3, b"\t" + struct.pack("<d", i)))

    def family(f):
        return field(1, b"http_requests_%04d_total" % f) + b"\x18\x00" + b"".join(map(metric, range(series // families)))

    return b"".join(varint(len(one)) + one for one in map(family, range(families)))


def histograms(count):
    def one(i):
        labels = f'n="{i:07}",path="/api/v1/{i % 5000}"'
        buckets = "".join(f'lat_bucket{{{labels},le="{k}"}} {i + k}\n' for k in range(1, 11))
        return buckets + f'lat_bucket{{{labels},le="+Inf"}} {i + 10}\nlat_sum{{{labels}}} {i}.5\nlat_count{{{labels}}} {i + 10}\n'

    return ("# TYPE lat histogram\n" + "".join(map(one, range(count)))).encode()


def shapes():
    """What a push is called, its body, how that is packed, and its headers."""
    plain = text(800_000)
    yield "800,000 series of one family", plain, None, ()
    yield "the same, packed", plain, gzip.compress(plain, 1), (("Content-Encoding", "gzip"),)
    openmetrics = (("Content-Type", "application/openmetrics-text; version=1.0.0"),)
    yield "the same, OpenMetrics", b"# TYPE http_requests_0000 counter\n" + plain + b"# EOF\n", None, openmetrics
    yield "800,000 series of 1,000 families", text(800_000, 1000), None, ()
    yield "800,000 series, protobuf", protobuf(800_000), None, (("Content-Type", PROTOBUF),)
    yield "800,000 series of 1,000 families, protobuf", protobuf(800_000, 1000), None, (("Content-Type", PROTOBUF),)
    yield "66,000 histograms", histograms(66_000), None, ()
    yield "1,000,000 short lines", b"".join(b'a{b="%d"} 1\n' % i for i in range(1_000_000)), None, ()
    yield "100,000 names", b"".join(b"m%d 1\n" % i for i in range(100_000)), None, ()
    yield "label values of 1 KB", b"".join(b'a{b="%07d%s"} 1\n' % (i, b"v" * 1000) for i in range(60_000)), None, ()
    yield "label values of 60 KB", b"".join(b'a{b="%07d%s"} 1\n' % (i, b"v" * 60_000) for i in range(1000)), None, ()
    yield "15 MB", text(220_000), None, ()
    yield "4 MB", text(56_000), None, ()
    yield "1 MB", text(14_000), None, ()
    yield "15,000,000 lines, refused", b"a 1\n" * 15_000_000, None, ()


def figure(gateway, name):
    page = ask(gateway.port, "GET", "/self")[1]
    return next(float(line.split()[1]) for line in page.splitlines() if line.startswith(name + b" ")) / MIB


def forget_peak(gateway):
    with open(f"/proc/{gateway.process.pid}/clear_refs", "w") as file:
        file.write("5")


def show(program, what, body, packed, headers, kept):
    directory = tempfile.mkdtemp(prefix="onepush-")
    limit = [] if "refused" in what else ["--limit.series-per-push=0"]
    flags = ["--web.self-metrics-path=/self", *limit, *([f"--persistence.file={directory}/state"] if kept else [])]
    gateway = Gateway(program, *flags)
    try:
        ask(gateway.port, "PUT", "/metrics/job/warm", b"a 1\n")
        ask(gateway.port, "GET", "/metrics")
        ask(gateway.port, "DELETE", "/metrics/job/warm")
        time.sleep(2)
        empty, before, worst, line = gateway.rss(), 0, 0, ""
        for _ in range(PUSHES):
            forget_peak(gateway)
            status = ask(gateway.port, "PUT", "/metrics/job/big", packed or body, *headers, timeout=300)[0]
            if status != (413 if "refused" in what else 200):
                raise SystemExit(f"{what}: {status}")

            # The copy on disk is written a second later.
            time.sleep(4 if kept else 0.5)
            stored, shape = (figure(gateway, f"pushgateway_engine_{name}_bytes".encode()) for name in ("stored", "shape_cache"))
            bound = 3 * len(body) / MIB + 6 * stored + before + shape + CONSTANT
            over = gateway.most() - empty
            line += f"   {over:4.0f} of {bound:4.0f}"
            worst = max(worst, over / bound)
            before = stored
        what += ", persistence" if kept else ""
        print(f"{what:<58}{os.path.relpath(program)[-36:]:<37}body {len(body) / MIB:5.1f}   stored {before:5.1f}   "
              f"peaks above empty, MiB: {line}   "
              f"{'' if worst <= 1 else 'TOO MUCH'}", flush=True)
        return worst
    finally:
        gateway.process.kill()
        gateway.process.wait()
        shutil.rmtree(directory)


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--only", default="", help="of the bodies those with this in their name")
    arguments.add_argument("program", nargs="+")
    asked = arguments.parse_args()
    worst = 0
    for what, *push in shapes():
        for kept in (False, True):
            if asked.only in what:
                worst = max(worst, [show(program, what, *push, kept) for program in asked.program][-1])
    sys.exit(0 if worst <= 1 else 1)
