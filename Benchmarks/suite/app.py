"""The lab's app: labapp beside the same app in Flask under gunicorn."""

import os
from pathlib import Path

from suite.report import Row, Section, times
from suite.tools import LUA, PEERS_BIN, REGION, ROOT, Load, Server, free_port, make_bucket, median, plain_get_script, say, scratch, skylab, wrk

CONNECTIONS = 16


def measure(rounds: int, seconds: float) -> Section:
    with scratch() as folder:
        store = skylab(folder)
        apps: list[Server] = []
        found: dict[tuple[str, str], list[Load]] = {}
        report = plain_get_script(folder)
        try:
            store.spawn().wait()
            make_bucket(store, "app-bucket")
            variables = {
                "S3_BUCKET": "app-bucket", "AWS_REGION": REGION, "AWS_ENDPOINT_URL": f"http://127.0.0.1:{store.port}",
                "AWS_ACCESS_KEY_ID": store.credentials.access_key, "AWS_SECRET_ACCESS_KEY": store.credentials.secret_key,
                "HOST": "127.0.0.1", "LOG_LEVEL": "warning"}
            port = free_port()
            binary = Path(os.environ.get("LABAPP", ROOT / ".build/release/labapp"))
            apps.append(Server("labapp", [binary], port, folder / "labapp.log", PORT=str(port), **variables))
            port = free_port()
            command = [PEERS_BIN / "gunicorn", "-w", "2", "--threads", "4", "-b", f"127.0.0.1:{port}", "app:app"]
            apps.append(Server("Flask", command, port, folder / "flask.log", cwd=ROOT / "Benchmarks/flask_app", **variables))
            for app in apps:
                app.spawn().wait("/healthz", signed=False)
            for number in range(rounds):
                for app in apps:
                    found.setdefault((app.name, "/healthz"), []).append(
                        wrk(app, report, seconds, CONNECTIONS, target="/healthz"))
                for app in apps:
                    found.setdefault((app.name, "/hash"), []).append(wrk(app, LUA / "hash.lua", seconds, CONNECTIONS))
                say(f"app, round {number + 1} of {rounds}")
        finally:
            for server in [*apps, store]:
                server.stop()
    section = Section(
        "The lab's app",
        "`wrk`, 16 connections; `/hash` is POSTed 32 random letters for 50,000 rounds of SHA-256. Beside it: the same app in "
        "Flask under gunicorn with 2 workers of 4 threads.")
    for path, mark in (("/hash", "at least 3 x"), ("/healthz", "at least 10 x")):
        own, other = (median(load.per_second for load in found[name, path]) for name in ("labapp", "Flask"))
        section.rows.append(Row(f"{path} requests/s", f"{own:,.0f}", f"{other:,.0f}", times(own / other), mark))
        own, other = (median(load.p99_ms for load in found[name, path]) for name in ("labapp", "Flask"))
        section.rows.append(Row(f"{path} p99", f"{own:.2f} ms", f"{other:.2f} ms", times(other / own)))
    return section
