"""The program under test in a process of its own, and plain HTTP/1.1 towards it. The standard library is all that is needed."""
import base64
import os
import re
import signal
import socket
import subprocess
import tempfile
import time

USER = ("Authorization", "Basic " + base64.b64encode(b"u:secret").decode())
USERS = "basic_auth_users:\n  u: $2b$08$abcdefghijklmnopqrstuuKxCcvB7KZ7.BpDoK0bh6qM7Dl1/xiJa\n"  # cost 8, of "secret"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Gateway:
    def __init__(self, program, *flags, before=None, patience=60):
        self.port = free_port()
        self.log = tempfile.NamedTemporaryFile(prefix="gateway-", suffix=".log")
        self.process = subprocess.Popen([program, f"--web.listen-address=127.0.0.1:{self.port}", *flags], stdout=self.log, stderr=self.log, preexec_fn=before)
        for _ in range(10 * patience):
            try:
                if ask(self.port, "GET", "/-/ready", None, USER, timeout=1)[0] == 200:
                    return
            except OSError:
                if self.process.poll() is not None:
                    break
            time.sleep(0.1)
        raise SystemExit(f"{program} does not start:\n{self.log_text()[-2000:]}")

    def log_text(self):
        with open(self.log.name, errors="replace") as log:
            return log.read()

    def status(self, field):
        """A figure of /proc in MiB; 0 when the process is gone."""
        try:
            with open(f"/proc/{self.process.pid}/status") as status:
                return int(re.search(field + r":\s+(\d+)", status.read()).group(1)) / 1024
        except (OSError, AttributeError):
            return 0

    def rss(self):
        return self.status("VmRSS")

    def most(self):
        return self.status("VmHWM")

    def cpu(self):
        with open(f"/proc/{self.process.pid}/stat") as stat:
            fields = stat.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def stop(self):
        """Asks it to stop; its exit code, or -9 when it had to be killed."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(40)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        return self.process.returncode


def connect(port, timeout=60, receive=None):
    connection = socket.socket()
    if receive:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive)
    connection.settimeout(timeout)
    connection.connect(("127.0.0.1", port))
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def head(method, path, *headers):
    return "".join([f"{method} {path} HTTP/1.1\r\nHost: gateway\r\n", *(f"{n}: {v}\r\n" for n, v in headers), "\r\n"]).encode()


def request(method, path, body=None, *headers):
    length = [] if body is None else [("Content-Length", len(body))]
    return head(method, path, *length, *headers) + (body or b"")


def answer(connection):
    """One answer that has a length or is chunked: its status and its body."""
    stream = connection.makefile("rb")
    first = stream.readline()
    if not first:
        raise ConnectionError("closed without an answer")
    length, chunked = None, False
    while (line := stream.readline()) not in (b"\r\n", b""):
        name, value = line.decode("latin-1").split(":", 1)
        if name.lower() == "content-length":
            length = int(value)
        chunked = chunked or (name.lower() == "transfer-encoding" and value.strip() == "chunked")
    body = b""
    if chunked:
        while size := int(stream.readline(), 16):
            body += stream.read(size)
            stream.readline()
        stream.readline()
    elif length is not None:
        body = stream.read(length)
    return int(first.split()[1]), body


def ask(port, method, path, body=None, *headers, timeout=60):
    with connect(port, timeout) as connection:
        connection.sendall(request(method, path, body, *headers))
        return answer(connection)


def zstd_bomb(size):
    """A frame of blocks that each repeat one byte, written by hand: four bytes for 128 KiB."""
    blocks = max(1, size >> 17)
    block = lambda last: ((1 << 17) << 3 | 1 << 1 | last).to_bytes(3, "little") + b"\n"
    return bytes.fromhex("28b52ffd") + b"\x00" + b"\x38" + block(0) * (blocks - 1) + block(1)
