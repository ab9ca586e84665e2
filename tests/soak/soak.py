#!/usr/bin/env python3
"""soak.py PROGRAM [MINUTES]: the program under all attacks at once, with honest pushers and a Prometheus beside.

Phases with and without attack alternate, and the one is measured by the other in the same run: a machine that is slow or busy is so in both. The last lines
say PASS or FAIL of each promise; the exit code is 0 when all hold."""
import gzip
import json
import multiprocessing
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
import urllib.request

from attacks import attack
from gateway import USER, USERS, Gateway, answer, ask, connect, free_port, head, request

FLAGS = ["--web.enable-lifecycle", "--web.enable-admin-api", "--limit.connections=500", "--limit.inflight-bytes=64MiB", "--limit.body-bytes=8MiB",
         "--limit.decoded-bytes=32MiB", "--limit.held-bytes=64MiB", "--limit.scrapes=40"]
MOST_RSS = 900          # MiB: what the limits above add up to, and an empty program
MOST_GROWTH = 64        # MiB over the last three quarters of the run, by a line through all samples
LOG_WINDOW, LOG_LINES, LOG_BYTES = 30, 10, 40 << 10    # seconds; a second, averaged over the window
STEADY = 8
SERIES = 50
PAUSE = 0.05


def body(name, value):
    return "".join([f"# TYPE {name} gauge\n", *(f'{name}{{i="{i}"}} {value}\n' for i in range(SERIES))]).encode()


def push(connection, group, content, way):
    """Plain, compressed or in chunks, as clients do."""
    if way == 2:
        connection.sendall(head("PUT", group, USER, ("Transfer-Encoding", "chunked")) + b"%x\r\n%s\r\n0\r\n\r\n" % (len(content), content))
    elif way == 1:
        connection.sendall(request("PUT", group, gzip.compress(content), USER, ("Content-Encoding", "gzip")))
    else:
        connection.sendall(request("PUT", group, content, USER))
    return answer(connection)


def honest(port, on, over, results):
    """A process of its own: pushes to groups that stay, over one connection, and to a new one now and then, over one of its own."""
    times, refused, last, count = {False: [], True: []}, [], {}, 0
    connection = None
    while not over.is_set():
        count += 1
        new = count % 10 == 0
        number, way = count % STEADY, count // STEADY % 3
        group = f"/metrics/job/honest/new/{count // 10 % 200}" if new else f"/metrics/job/honest/steady/{number}"
        attacked, started = on.is_set(), time.monotonic()
        try:
            if new:
                with connect(port) as own:
                    status, text = push(own, group, body("honest_new", count), way)
            else:
                connection = connection or connect(port)
                status, text = push(connection, group, body("honest_steady", count), way)
        except (OSError, ValueError, IndexError) as e:
            status, text, connection = 0, repr(e).encode(), None
        times[attacked or on.is_set()].append((time.monotonic() - started, new, way))
        if status == 200:
            last[group] = count
        else:
            refused.append(f"{'new' if new else 'steady'} group, {['plain', 'gzip', 'chunked'][way]}{', attacked' if attacked else ''}: {status} {text[:100]}")
        time.sleep(PAUSE)
    results.put((times, refused, last))


class Watch(threading.Thread):
    """Memory and log, each second."""

    def __init__(self, gateway, over):
        super().__init__(daemon=True)
        self.gateway, self.over, self.rss, self.log = gateway, over, [], []

    def run(self):
        lines = size = 0
        with open(self.gateway.log.name, "rb") as log:
            while not self.over.wait(1):
                new = log.read()
                lines, size = lines + new.count(b"\n"), size + len(new)
                self.rss.append(self.gateway.rss())
                self.log.append((lines, size))

    def growth(self):
        """What a line through the last three quarters rises by."""
        y = self.rss[len(self.rss) // 4:]
        middle, mean = (len(y) - 1) / 2, sum(y) / len(y)
        slope = sum((i - middle) * (v - mean) for i, v in enumerate(y)) / max(1, sum((i - middle) ** 2 for i in range(len(y))))
        return slope * len(y)

    def most_log(self):
        windows = [(b[0] - a[0], b[1] - a[1]) for a, b in zip(self.log, self.log[LOG_WINDOW:] or self.log[-1:])]
        return max(w[0] for w in windows) / LOG_WINDOW, max(w[1] for w in windows) / LOG_WINDOW


class Prometheus:
    def __init__(self, gateway, directory):
        self.port = free_port()
        config = os.path.join(directory, "prometheus.yml")
        with open(config, "w") as file:
            file.write("global: {scrape_interval: 2s, scrape_timeout: 2s}\nscrape_configs:\n- {job_name: gateway, honor_labels: true, "
                       f"basic_auth: {{username: u, password: secret}}, static_configs: [{{targets: ['127.0.0.1:{gateway.port}']}}]}}\n")
        self.log = open(os.path.join(directory, "prometheus.log"), "w")
        self.process = subprocess.Popen(["prometheus", f"--config.file={config}", f"--storage.tsdb.path={directory}/tsdb", f"--web.listen-address=127.0.0.1:{self.port}"],
                                        stdout=self.log, stderr=self.log)

    def stop(self):
        self.process.terminate()
        self.process.wait()

    def query(self, expression):
        url = f"http://127.0.0.1:{self.port}/api/v1/query?query=" + urllib.parse.quote(expression)
        with urllib.request.urlopen(url, timeout=30) as answered:
            return json.load(answered)["data"]["result"]

    def number(self, expression):
        found = self.query(expression)
        return float(found[0]["value"][1]) if found else 0


def p99(seconds):
    return sorted(seconds)[len(seconds) * 99 // 100] * 1000 if seconds else float("nan")


def shown(text):
    """The values of the honest pushers' groups: group path to value."""
    found = {}
    for line in text.splitlines():
        if line.startswith("honest_") and 'i="0"' in line:
            labels = dict(pair.split("=", 1) for pair in line[line.index("{") + 1:line.index("}")].replace('"', "").split(","))
            kind = "new" if line.startswith("honest_new") else "steady"
            found[f"/metrics/job/honest/{kind}/{labels[kind]}"] = int(float(line.rsplit(" ", 1)[1]))
    return found


def run(gateway, minutes):
    """Phases with and without attack. What the honest pushers have seen, and who watched."""
    on, over, results = multiprocessing.Event(), multiprocessing.Event(), multiprocessing.Queue()
    processes = [multiprocessing.Process(target=honest, args=(gateway.port, on, over, results), daemon=True),
                 multiprocessing.Process(target=attack, args=(gateway.port, on, over), daemon=True)]
    for process in processes:
        process.start()
    watch = Watch(gateway, over)
    watch.start()
    phase = min(60, minutes * 60 / 4)
    started = time.monotonic()
    while time.monotonic() - started < minutes * 60 and gateway.process.poll() is None:
        time.sleep(phase)
        (on.clear if on.is_set() else on.set)()
        print(f"{(time.monotonic() - started) / 60:5.1f} min  {'attack' if on.is_set() else 'calm'}  rss {gateway.rss():.0f} MiB", flush=True)
    over.set()
    seen = results.get(timeout=120)
    for process in processes:
        process.join(60)
    time.sleep(5)
    return watch, seen


class Promises:
    def __init__(self):
        self.broken = 0

    def check(self, what, kept, figures):
        print(f"{'PASS' if kept else 'FAIL'}  {what}: {figures}", flush=True)
        self.broken += not kept


def judge(promises, gateway, prometheus, watch, times, refused, last):
    check = promises.check
    check("the program goes on", gateway.process.poll() is None, f"exit code {gateway.process.poll()}")
    calm, attacked = (p99([t[0] for t in times[b]]) for b in (False, True))
    check("p99 of honest pushes under attack is at most 5 times that without", attacked <= 5 * calm,
          f"{attacked:.1f} ms of {len(times[True])} against {calm:.1f} ms of {len(times[False])}")
    for new in (False, True):
        for way, name in enumerate(["plain", "gzip", "chunked"]):
            part = [p99([t[0] for t in times[b] if t[1:] == (new, way)]) for b in (False, True)]
            print(f"      {'new' if new else 'steady'} group, {name}: {part[1]:.1f} ms against {part[0]:.1f} ms")
    check("no honest push was refused", not refused, f"{len(refused)} of {sum(map(len, times.values()))} {refused[:3]}")
    check("memory is bounded", max(watch.rss) < MOST_RSS, f"at most {max(watch.rss):.0f} MiB")
    check("memory is flat", watch.growth() < MOST_GROWTH, f"{watch.growth():+.0f} MiB over {len(watch.rss) * 3 // 4} s")
    lines, size = watch.most_log()
    check("the log keeps to its bound", lines <= LOG_LINES and size <= LOG_BYTES, f"at most {lines:.1f} lines and {size / 1024:.1f} KiB a second")
    check("no stack trace was logged", "   at " not in gateway.log_text(), "")
    scrapes, failed = prometheus.number("count_over_time(up[2h])"), prometheus.number("count_over_time((up == 0)[2h:1s])")
    check("each scrape worked", scrapes > 0 and failed == 0, f"{failed:.0f} of {scrapes:.0f} failed")
    lost = missing(gateway, last)
    check("nothing is lost: each group shows what was pushed last", not lost, f"{len(lost)} of {len(last)} {lost[:3]}")
    known = {s["metric"]["steady"]: int(float(s["value"][1])) for s in prometheus.query('honest_steady{i="0"}')}
    check("Prometheus has the same", known == {group.rsplit("/", 1)[1]: n for group, n in last.items() if "/steady/" in group}, f"{len(known)} groups")


def missing(gateway, last):
    try:
        found = shown(ask(gateway.port, "GET", "/metrics", None, USER)[1].decode())
    except OSError as e:
        return [repr(e)]
    return [f"{group}: {found.get(group)} instead of {number}" for group, number in last.items() if found.get(group) != number]


def main(program, minutes):
    directory = tempfile.mkdtemp(prefix="soak-")
    with open(f"{directory}/web.yml", "w") as file:
        file.write(USERS)
    flags = [*FLAGS, f"--web.config.file={directory}/web.yml", f"--persistence.file={directory}/state"]
    gateway = Gateway(program, *flags)
    prometheus = Prometheus(gateway, directory)
    promises = Promises()
    try:
        watch, seen = run(gateway, minutes)
        judge(promises, gateway, prometheus, watch, *seen)
        code = gateway.stop()
        promises.check("it stops cleanly", code == 0, f"exit code {code}")
        again = Gateway(program, *flags)
        lost = missing(again, seen[2])
        promises.check("after a restart all is there", not lost, f"{len(lost)} are not {lost[:3]}")
        again.stop()
    finally:
        prometheus.stop()
        gateway.stop()
    if promises.broken:
        shutil.copy(gateway.log.name, f"{directory}/gateway.log")
        print(f"logs are in {directory}")
    else:
        shutil.rmtree(directory)
    return 1 if promises.broken else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], float(sys.argv[2]) if len(sys.argv) > 2 else 60))
