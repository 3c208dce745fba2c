"""4 KiB objects over 32 connections: PUT (each durable before it is answered) and GET."""

from suite.report import Row, Section, times
from suite.tools import LUA, Load, make_bucket, median, ministack, moto, presigned, say, scratch, seaweedfs, skylab, wrk

SIZE = 4096
CONNECTIONS = 32
OBJECTS = 10_000
SLOW_OBJECTS = 1_000


def measure(rounds: int, seconds: float) -> Section:
    with scratch() as folder:
        quick = [skylab(folder), seaweedfs(folder)]
        slow = [ministack(folder), moto(folder)]
        found: dict[tuple[str, str], list[Load]] = {}
        try:
            for server in quick + slow:
                server.spawn().wait()
                make_bucket(server, "small")
                count = OBJECTS if server in quick else SLOW_OBJECTS
                keys = [f"/small/d{number % 100:02}/{number:06}" for number in range(count)]
                for method in ("PUT", "GET"):
                    presigned(server, method, keys, folder / f"{server.name}-{method}.txt")
                # Each object is there before any is read.
                wrk(server, LUA / "requests.lua", seconds, CONNECTIONS, folder / f"{server.name}-PUT.txt", SIZE, 2)
                fill(server, keys)
            for number in range(rounds):
                for method in ("PUT", "GET"):
                    for server in quick + (slow if number < 2 else []):
                        span = seconds if server in quick else min(seconds, 2)
                        load = wrk(server, LUA / "requests.lua", span, CONNECTIONS, folder / f"{server.name}-{method}.txt", SIZE, 2)
                        found.setdefault((server.name, method), []).append(load)
                say(f"small objects, round {number + 1} of {rounds}")
        finally:
            for server in quick + slow:
                server.stop()
    section = Section(
        "4 KiB objects, 32 connections",
        "`wrk` with presigned URLs (every signature is verified), 10,000 keys. Skylab answers a PUT once it is on disk; "
        "SeaweedFS, as it comes, does not sync; MiniStack and moto keep objects in memory.")
    for method in ("PUT", "GET"):
        own = [load.per_second for load in found["Skylab", method]], [load.p99_ms for load in found["Skylab", method]]
        for peer in ("SeaweedFS", "MiniStack", "moto_server"):
            rate = median(load.per_second for load in found[peer, method])
            p99 = median(load.p99_ms for load in found[peer, method])
            section.rows += [
                Row(f"{method} operations/s, {peer}", f"{median(own[0]):,.0f}", f"{rate:,.0f}", times(median(own[0]) / rate),
                    "at least 1 x" if peer == "SeaweedFS" else "many times"),
                Row(f"{method} p99, {peer}", f"{median(own[1]):.2f} ms", f"{p99:.2f} ms", times(p99 / median(own[1])))]
    return section


def fill(server, keys: list[str]) -> None:
    """Puts whatever the load has not reached."""
    for key in keys:
        if server.wire.send("HEAD", key).status != 200:
            server.wire.send("PUT", key, {}, b"x" * SIZE)
