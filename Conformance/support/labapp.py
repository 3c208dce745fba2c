"""labapp as a process, and moto's server: an S3 that is not ours, for the client side's tests."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import requests

from support.server import ROOT, STOP_WITHIN_SECONDS, Credentials, free_port

READY_WITHIN_SECONDS = 30


def labapp_binary() -> Path:
    """The `labapp` under test: $LABAPP, else the release build, else the debug build."""
    candidates = [ROOT / ".build/release/labapp", ROOT / ".build/debug/labapp"]
    if chosen := os.environ.get("LABAPP"):
        candidates = [Path(chosen).resolve()]
    for candidate in candidates:
        if candidate.is_file():
            return candidate
    raise FileNotFoundError(f"no labapp at {', '.join(map(str, candidates))}: run `make build` first")


def clean_environment(**settings: str) -> dict[str, str]:
    """This process's environment without anything of AWS's or the app's own, and `settings`."""
    names = {"S3_BUCKET", "PORT", "HOST", "APP_NAME", "LOG_LEVEL", "MICRO_HASH_ROUNDS"}
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_") and name not in names}
    return kept | {"AWS_EC2_METADATA_DISABLED": "true", "HOME": "/nonexistent"} | settings


def run_labapp(**settings: str) -> subprocess.CompletedProcess:
    """Runs the app to the end that it is expected to come to by itself."""
    return subprocess.run(
        [labapp_binary()], capture_output=True, text=True, timeout=READY_WITHIN_SECONDS, stdin=subprocess.DEVNULL,
        env=clean_environment(**settings))


class Labapp:
    """One process of the app, on a port that it was given by the system."""

    def __init__(self, log: Path, environment: dict[str, str]):
        self.log = log
        # Port 0: the app says in its log what it got, so that no two processes ever want the same one.
        with log.open("wb") as output:
            self.process = subprocess.Popen(
                [labapp_binary()], env={"HOST": "127.0.0.1", "PORT": "0", **environment}, stdin=subprocess.DEVNULL,
                stdout=output, stderr=output)
        self.port = self._port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.session = requests.Session()

    def _port(self) -> int:
        deadline = time.monotonic() + READY_WITHIN_SECONDS
        while True:
            if found := re.search(r"listening.* port=(\d+)", self.log.read_text()):
                return int(found[1])
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.process.kill()
                raise RuntimeError(f"labapp did not start:\n{self.log.read_text()[-4000:]}")
            time.sleep(0.005)  # The log is a file: there is nothing to wait on but its growth.

    def request(self, method: str, path: str, **options) -> requests.Response:
        return self.session.request(method, self.url + path, timeout=60, **options)

    def get(self, path: str, **options) -> requests.Response:
        return self.request("GET", path, **options)

    def post(self, path: str, **options) -> requests.Response:
        return self.request("POST", path, **options)

    def delete(self, path: str, **options) -> requests.Response:
        return self.request("DELETE", path, **options)

    def stop(self) -> int:
        """SIGTERM; the exit code."""
        self.session.close()
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(STOP_WITHIN_SECONDS + 10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise


class Moto:
    """moto_server, alone on a port."""

    credentials = Credentials("testing", "testing")

    def __init__(self, log: Path):
        self.port = free_port()
        self.endpoint = f"http://127.0.0.1:{self.port}"
        command = Path(sys.executable).with_name("moto_server")
        with log.open("wb") as output:
            self.process = subprocess.Popen(
                [command, "-H", "127.0.0.1", "-p", str(self.port)], stdin=subprocess.DEVNULL, stdout=output,
                stderr=output, env=clean_environment(HOME=os.environ.get("HOME", "/")))
        deadline = time.monotonic() + READY_WITHIN_SECONDS
        while True:
            try:
                requests.get(f"{self.endpoint}/moto-api/", timeout=5)
                return
            except requests.ConnectionError:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    self.process.kill()
                    raise RuntimeError(f"moto_server did not start:\n{log.read_text()[-4000:]}") from None
                time.sleep(0.05)  # A foreign server gives no other sign of being up.

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(STOP_WITHIN_SECONDS)
