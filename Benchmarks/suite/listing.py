"""1,000 of N keys: the same time at any N, at any position, and with a delimiter."""

import signal
import subprocess
import time
from pathlib import Path
from urllib.parse import quote

from suite.report import Row, Section, times
from suite.tools import LUA, Server, make_bucket, median, say, scratch, skylab
from support.sigv4 import now, stamp

CALLS = 25
FILL_SECONDS = 900


def fill(server: Server, folder: Path, bucket: str, keys: int) -> float:
    """Each key once, by wrk; an open server takes its made-up signatures."""
    began, stem = time.perf_counter(), folder / f"through-{bucket}-"
    command = ["wrk", "-t2", "-c32", f"-d{FILL_SECONDS}s", "--timeout", "30s", "-s", str(LUA / "fill.lua"),
               f"http://127.0.0.1:{server.port}/", "--", bucket, str(keys), "2", stamp(now()), str(stem)]
    load = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while len(list(folder.glob(f"{stem.name}*"))) < 2:
        if load.poll() is not None:
            raise RuntimeError(f"wrk ended before {bucket} was full")
        time.sleep(0.05)
    load.send_signal(signal.SIGINT)
    load.wait()
    return time.perf_counter() - began


def targets(bucket: str, keys: int) -> dict[str, str]:
    each = keys // 1000

    def after(index: int) -> str:
        return quote(f"p{index // each:04}/{index:07}", safe="")

    # The end is where 1,000 keys are left, the middle halfway.
    return {
        "start": f"/{bucket}?list-type=2",
        "middle": f"/{bucket}?list-type=2&start-after={after(keys // 2)}",
        "end": f"/{bucket}?list-type=2&start-after={after(keys - 1001)}",
        "delimiter": f"/{bucket}?delimiter=%2F&list-type=2",
        "versions": f"/{bucket}?versions&key-marker={after(keys // 2)}",
    }


def measure(rounds: int, seconds: float, sizes: tuple[int, ...] = (10_000, 100_000, 1_000_000)) -> Section:
    found: dict[tuple[int, str], list[float]] = {}
    with scratch() as folder:
        server = skylab(folder, "--open")
        try:
            server.spawn().wait()
            for size in sizes:
                make_bucket(server, f"list-{size}")
                took = fill(server, folder, f"list-{size}", size)
                say(f"listing: {size:,} objects put in {took:.0f} s, {size / took:,.0f}/s")
            wire = server.wire
            with wire.connect() as connection:
                for number in range(CALLS):
                    for size in sizes:
                        for place, target in targets(f"list-{size}", size).items():
                            headers = wire.signed_headers("GET", target)
                            began = time.perf_counter()
                            answer = connection.request("GET", target, headers)
                            took = (time.perf_counter() - began) * 1000
                            entries = sum(answer.body.count(tag) for tag in (b"<Contents>", b"<CommonPrefixes>", b"<Version>"))
                            if answer.status != 200 or entries != 1000:
                                raise RuntimeError(f"{place} of {size}: {answer.status}, {entries} entries")
                            if number:
                                found.setdefault((size, place), []).append(took)
            say(f"listing, {CALLS} calls each")
        finally:
            server.stop()
    section = Section(
        "Listing 1,000 of N keys",
        "One connection, ListObjectsV2 (`versions`: ListObjectVersions). `delimiter`: 1,000 common prefixes that hold all N "
        "keys between them. The ratio is the smallest bucket's time over the largest's.")
    small, large = sizes[0], sizes[-1]
    for place in targets("x", small):
        values = {size: median(found[size, place]) for size in sizes}
        section.rows.append(Row(
            f"{place}, {large:,} keys beside {small:,}", f"{values[large]:.2f} ms", f"{values[small]:.2f} ms",
            times(values[small] / values[large]), "at least 0.5 x"))
    return section
