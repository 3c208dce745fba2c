"""What the measurements share: processes, load, medians."""

import os
import random
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "Conformance"))

from support.server import Credentials, Skylab, free_port  # noqa: E402
from support.sigv4 import Signer  # noqa: E402
from support.wire import Connection, Wire  # noqa: E402

LUA = ROOT / "Benchmarks" / "lua"
TESTS_BIN = ROOT / ".venv" / "bin"
PEERS_BIN = ROOT / ".venv" / "bench" / "bin"
REGION = "ap-south-1"
KEYS = Credentials("test", "test")
CONSTRAINT = f"<CreateBucketConfiguration><LocationConstraint>{REGION}</LocationConstraint></CreateBucketConfiguration>"

__all__ = ["Connection", "Credentials", "Signer", "Wire", "free_port"]


def say(text: str) -> None:
    print(f"bench: {text}", flush=True)


def median(values) -> float:
    return statistics.median(values)


def environment(**more: str) -> dict[str, str]:
    """This process's environment without what would point AWS clients elsewhere."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return clean | {"AWS_EC2_METADATA_DISABLED": "true"} | more


@contextmanager
def scratch():
    """A folder on the disk that is measured, not in memory; gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="bench-", dir=(ROOT / "build")))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class Server:
    """A server process in a group of its own, so that its workers end with it."""

    def __init__(self, name: str, command: list, port: int, log: Path, credentials: Credentials = KEYS, cwd: Path | None = None, **variables: str):
        self.name, self.command, self.port, self.log, self.credentials = name, command, port, log, credentials
        self.cwd, self.variables = cwd, variables
        self.process: subprocess.Popen | None = None

    @property
    def wire(self) -> Wire:
        return Wire("127.0.0.1", self.port, self.credentials, REGION)

    def spawn(self) -> "Server":
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [str(part) for part in self.command], stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.cwd,
                env=environment(**self.variables), start_new_session=True)
        return self

    def wait(self, target: str = "/", status: int = 200, seconds: float = 60, signed: bool = True) -> "Server":
        """Returns at the first answer with this status."""
        deadline = time.monotonic() + seconds
        while not self.answers(target, status, signed):
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{self.name} did not start:\n{self.log.read_text(errors='replace')[-2000:]}")
            time.sleep(0.001)
        return self

    def answers(self, target: str, status: int, signed: bool) -> bool:
        try:
            send = self.wire.send if signed else self.wire.send_as_is
            return send("GET", target).status == status
        except OSError:
            return False
        except Exception:  # An answer cut short while it starts.
            return False

    def resident_bytes(self) -> int:
        """Of the process and all below it."""
        own, total = self.process.pid, 0
        for status in Path("/proc").glob("[0-9]*/status"):
            try:
                text, session = status.read_text(), os.getsid(int(status.parent.name))
            except OSError:
                continue
            if session == own and (match := re.search(r"^VmRSS:\s+(\d+)", text, re.MULTILINE)):
                total += int(match[1]) * 1024
        return total

    def stop(self) -> None:
        if self.process is None:
            return
        for number in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(self.process.pid, number)
            except ProcessLookupError:
                break
            try:
                self.process.wait(10)
                break
            except subprocess.TimeoutExpired:
                continue
        self.process = None


def skylab_binary() -> Path:
    return Path(os.environ.get("SKYLAB", ROOT / ".build/release/skylab"))


def skylab(folder: Path, *arguments: str) -> Server:
    """A durable Skylab on a state directory of its own, whose keys are read once."""
    port, state = free_port(), folder / "skylab"
    log = folder / "skylab.log"
    if not state.exists():
        first = Skylab(log, state, port)
        os.environ.setdefault("SKYLAB", str(skylab_binary()))
        first.start()
        credentials = first.credentials()
        first.stop()
    else:
        raise RuntimeError("one Skylab per folder")
    command = [skylab_binary(), "up", "--port", port, "--state", state, "--json", *arguments]
    return Server("Skylab", command, port, log, credentials)


def paired_port() -> int:
    """A free port whose number plus 10,000 is free too: SeaweedFS listens there for its own calls."""
    for _ in range(1000):
        port = random.randrange(15_000, 22_000)
        try:
            with socket.create_server(("127.0.0.1", port)), socket.create_server(("127.0.0.1", port + 10_000)):
                return port
        except OSError:
            continue
    raise RuntimeError("no free pair of ports")


def seaweedfs(folder: Path) -> Server:
    """SeaweedFS with its S3 gateway, volumes on the same disk, signatures verified."""
    port, data = paired_port(), folder / "seaweedfs"
    data.mkdir()
    ports = [paired_port() for _ in range(3)]
    config = folder / "seaweedfs.json"
    config.write_text(
        '{"identities": [{"name": "bench", "credentials": [{"accessKey": "%s", "secretKey": "%s"}],'
        ' "actions": ["Admin", "Read", "Write", "List", "Tagging"]}]}' % (KEYS.access_key, KEYS.secret_key))
    command = [
        PEERS_BIN / "weed", "server", f"-dir={data}", "-ip=127.0.0.1", "-s3", f"-s3.port={port}", f"-s3.config={config}",
        f"-master.port={ports[0]}", f"-volume.port={ports[1]}", f"-filer.port={ports[2]}",
        "-volume.max=50", "-master.volumeSizeLimitMB=1024"]
    return Server("SeaweedFS", command, port, folder / "seaweedfs.log", cwd=folder)


def moto(folder: Path) -> Server:
    port = free_port()
    return Server("moto_server", [TESTS_BIN / "moto_server", "-p", port], port, folder / "moto.log")


def ministack(folder: Path) -> Server:
    port = free_port()
    return Server("MiniStack", [PEERS_BIN / "ministack"], port, folder / "ministack.log", cwd=folder,
                  GATEWAY_PORT=str(port), EDGE_PORT=str(port))


def make_bucket(server: Server, name: str) -> None:
    # SeaweedFS may refuse until its volumes are there.
    deadline = time.monotonic() + 30
    while (answer := server.wire.send("PUT", f"/{name}", {}, CONSTRAINT.encode())).status != 200:
        if time.monotonic() > deadline:
            raise RuntimeError(f"{server.name}: no bucket: {answer.status} {answer.body[:300]!r}")
        time.sleep(0.05)


@dataclass(frozen=True)
class Load:
    """What one run of wrk found."""

    per_second: float
    p50_ms: float
    p99_ms: float


def wrk(server: Server, script: Path, seconds: float, connections: int, *arguments, target: str = "/") -> Load:
    """A closed-loop load from two threads on loopback, bounded in time."""
    command = ["wrk", "-t2", f"-c{connections}", f"-d{max(1, round(seconds))}s", "--timeout", "10s", "-s", str(script),
               f"http://127.0.0.1:{server.port}{target}", "--", *map(str, arguments)]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 60)
    match = re.search(r"RESULT requests=(\d+) seconds=([\d.]+) p50_us=(\d+) p99_us=(\d+) refused=(\d+) broken=(\d+)", ran.stdout)
    if not match:
        raise RuntimeError(f"wrk: {ran.stdout[-500:]}{ran.stderr[-500:]}")
    requests, refused, broken = int(match[1]), int(match[5]), int(match[6])
    if refused + broken > requests / 1000:
        raise RuntimeError(f"{server.name}: {refused} refused and {broken} broken of {requests} requests")
    return Load(requests / float(match[2]), int(match[3]) / 1000, int(match[4]) / 1000)


def plain_get_script(folder: Path) -> Path:
    """A wrk script that only reports."""
    script = folder / "report.lua"
    text = (LUA / "hash.lua").read_text()
    script.write_text(text[text.index("function done"):])
    return script


def presigned(server: Server, method: str, keys: list[str], file: Path) -> Path:
    wire = server.wire
    lines = (f"{method} {wire.signer.presign(method, key, wire.authority, expires=86_400)}" for key in keys)
    file.write_text("\n".join(lines) + "\n")
    return file
