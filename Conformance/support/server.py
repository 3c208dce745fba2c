"""Skylab as a process: found, started, waited for, killed."""

import json
import os
import shlex
import signal
import socket
import subprocess
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
READY_WITHIN_SECONDS = 20
STOP_WITHIN_SECONDS = 20


@dataclass(frozen=True)
class Credentials:
    access_key: str
    secret_key: str
    session_token: str | None = None


def binary() -> Path:
    """The `skylab` under test: $SKYLAB, else the release build, else the debug build."""
    candidates = [ROOT / ".build/release/skylab", ROOT / ".build/debug/skylab"]
    if chosen := os.environ.get("SKYLAB"):
        candidates = [Path(chosen).resolve()]
    for candidate in candidates:
        if candidate.is_file():
            return candidate
    raise FileNotFoundError(f"no skylab at {', '.join(map(str, candidates))}: run `make build` first")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def cli(*arguments: str, timeout: float = 30, env: dict | None = None) -> subprocess.CompletedProcess:
    """Runs `skylab` to its end, whatever its exit code."""
    return subprocess.run(
        [binary(), *arguments], capture_output=True, text=True, timeout=timeout, stdin=subprocess.DEVNULL, env=env)


def eventually(check, seconds: float = 5) -> bool:
    """Whether `check()` comes true in time; for what the server does on its own behalf, such as writing its log."""
    deadline = time.monotonic() + seconds
    while not check():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)  # Nothing tells when a log line is on disk.
    return True


def parse_exports(text: str) -> dict[str, str]:
    """The variables that `skylab env` tells a shell to export."""
    variables = {}
    for line in text.splitlines():
        words = shlex.split(line, comments=True)
        for word in words[1:] if words[:1] == ["export"] else words:
            name, separator, value = word.partition("=")
            if separator:
                variables[name] = value
    return variables


class Skylab:
    """One server process. `state` None means ephemeral."""

    def __init__(self, log: Path, state: Path | None = None, port: int | None = None, arguments: tuple[str, ...] = ()):
        self.log = log
        self.state = state
        self.port = port or free_port()
        self.arguments = arguments
        self.process: subprocess.Popen | None = None

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> "Skylab":
        where = ["--state", str(self.state)] if self.state else ["--ephemeral"]
        command = [binary(), "up", "--port", str(self.port), "--json", *where, *self.arguments]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self._wait_until_healthy()
        return self

    def health(self) -> dict:
        with urllib.request.urlopen(f"{self.endpoint}/_skylab/health", timeout=5) as answer:
            return json.load(answer)

    def environment(self) -> dict[str, str]:
        """What `skylab env` exports for this server."""
        where = ["--state", str(self.state)] if self.state else []
        ran = cli("env", "--port", str(self.port), *where)
        assert ran.returncode == 0, ran.stderr
        return parse_exports(ran.stdout)

    def credentials(self) -> Credentials:
        variables = self.environment()
        return Credentials(variables["AWS_ACCESS_KEY_ID"], variables["AWS_SECRET_ACCESS_KEY"])

    def resident_bytes(self) -> int:
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
        raise RuntimeError("no VmRSS")

    def kill(self) -> None:
        """kill -9, and the end awaited."""
        self.process.kill()
        self.process.wait(STOP_WITHIN_SECONDS)

    def stop(self) -> int:
        """SIGTERM; the exit code."""
        if self.process is None:
            return 0
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(STOP_WITHIN_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise

    def _wait_until_healthy(self) -> None:
        deadline = time.monotonic() + READY_WITHIN_SECONDS
        while True:
            if self.process.poll() is not None:
                raise RuntimeError(f"skylab ended with {self.process.returncode}:\n{self.log.read_text()[-4000:]}")
            try:
                self.health()
                return
            except OSError:
                if time.monotonic() > deadline:
                    self.process.kill()
                    raise RuntimeError(f"skylab not healthy in time:\n{self.log.read_text()[-4000:]}") from None
                time.sleep(0.005)  # Polling the port is the only sign that every build of the server gives.
