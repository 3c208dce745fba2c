"""From the start of the process to its first successful signed call, and what it then holds of memory at rest."""

import time

from suite.report import Row, Section, times
from suite.tools import median, ministack, moto, say, scratch, skylab

REST_SECONDS = 1.0


def measure(rounds: int, seconds: float) -> Section:
    with scratch() as folder:
        servers = [skylab(folder), ministack(folder), moto(folder)]
        took = {server.name: [] for server in servers}
        resident = {server.name: [] for server in servers}
        for number in range(rounds):
            for server in servers:
                began = time.perf_counter()
                try:
                    server.spawn().wait()
                    took[server.name].append((time.perf_counter() - began) * 1000)
                    time.sleep(REST_SECONDS)  # Memory at rest is what is measured.
                    resident[server.name].append(server.resident_bytes() / 1024**2)
                finally:
                    server.stop()
            say(f"start-up, round {number + 1} of {rounds}")
    section = Section(
        "Start-up and idle memory",
        "Process start to the first `ListBuckets` answered 200 (signed; state directory kept from an earlier start), "
        "and resident memory of all its processes a second later.")
    own_ms, own_mib = median(took["Skylab"]), median(resident["Skylab"])
    for peer in ("MiniStack", "moto_server"):
        ms, mib = median(took[peer]), median(resident[peer])
        section.rows += [
            Row(f"start to first signed call, {peer}", f"{own_ms:.0f} ms", f"{ms:.0f} ms", times(ms / own_ms), "under 50 ms"),
            Row(f"idle memory, {peer}", f"{own_mib:.0f} MiB", f"{mib:.0f} MiB", times(mib / own_mib), "under 30 MiB")]
    return section
