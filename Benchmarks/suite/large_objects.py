"""64 MiB objects beside what the disk and loopback allow: a bare socket that writes and syncs, or sends a file."""

import hashlib
import multiprocessing
import os
import socket
import time

from suite.report import Row, Section, times
from suite.tools import Connection, make_bucket, median, say, scratch, skylab
from support.wire import head

MIB = 1024 * 1024
SIZE = 64 * MIB
PIECE = os.urandom(MIB)


def measure(rounds: int, seconds: float) -> Section:
    with scratch() as folder:
        server = skylab(folder)
        bare = Bare(folder)
        found: dict[str, list[float]] = {"put": [], "get": [], "bare put": [], "bare get": []}
        try:
            server.spawn().wait()
            make_bucket(server, "large")
            put(server, 0), get(server, 0), bare.put(), bare.get()
            for number in range(rounds * 2):
                found["put"].append(put(server, number))
                found["bare put"].append(bare.put())
                found["get"].append(get(server, number))
                found["bare get"].append(bare.get())
            say(f"large objects, {rounds * 2} rounds")
        finally:
            server.stop()
            bare.stop()
    section = Section(
        "64 MiB objects",
        "One connection. Beside it: the same bytes over loopback to a bare socket that writes them to a file and syncs it "
        "before it answers, and from a bare socket that sends them with `sendfile`. Skylab also hashes what it stores.")
    digested = median(md5() for _ in range(rounds))
    section.rows.append(Row(
        "PUT, beside the MD5 of the same bytes, which is its ETag", f"{SIZE / MIB / median(found['put']):,.0f} MiB/s",
        f"{SIZE / MIB / digested:,.0f} MiB/s", times(digested / median(found["put"])), ""))
    for name, mark in (("put", "at least 0.77 x"), ("get", "at least 0.77 x")):
        own, limit = median(found[name]), median(found[f"bare {name}"])
        rate = SIZE / MIB
        section.rows.append(Row(
            f"{name.upper()}", f"{rate / own:,.0f} MiB/s", f"{rate / limit:,.0f} MiB/s", times(limit / own), mark))
    return section


def md5() -> float:
    """One core's time for what no answer can be without."""
    began = time.perf_counter()
    digest = hashlib.md5()
    for _ in range(SIZE // MIB):
        digest.update(PIECE)
    digest.hexdigest()
    return time.perf_counter() - began


def put(server, number: int) -> float:
    wire, target = server.wire, f"/large/k{number % 4}"
    headers = wire.signed_headers("PUT", target, {"content-length": str(SIZE)}, payload_hash="UNSIGNED-PAYLOAD")
    with wire.connect() as connection:
        began = time.perf_counter()
        connection.send(head("PUT", target, headers))
        for _ in range(SIZE // MIB):
            connection.socket.sendall(PIECE)
        answer = connection.receive("PUT")
        if answer.status != 200:
            raise RuntimeError(f"PUT: {answer.status} {answer.body[:300]!r}")
        return time.perf_counter() - began


def get(server, number: int) -> float:
    wire, target = server.wire, f"/large/k{number % 4}"
    with wire.connect() as connection:
        began = time.perf_counter()
        connection.send(head("GET", target, wire.signed_headers("GET", target)))
        drain(connection.socket, header=True)
        return time.perf_counter() - began


def drain(source: socket.socket, header: bool) -> None:
    buffer, received = bytearray(4 * MIB), 0
    if header:
        block = b""
        while b"\r\n\r\n" not in block:
            block += source.recv(65_536)
        received = len(block.split(b"\r\n\r\n", 1)[1])
    while received < SIZE:
        count = source.recv_into(buffer)
        if count == 0:
            raise RuntimeError(f"ended after {received} bytes")
        received += count


class Bare:
    """The limit: another process that does nothing but move the bytes."""

    def __init__(self, folder):
        listener = socket.create_server(("127.0.0.1", 0))
        self.port = listener.getsockname()[1]
        self.process = multiprocessing.Process(target=serve, args=(listener, str(folder / "bare")), daemon=True)
        self.process.start()
        listener.close()

    def put(self) -> float:
        connection = Connection("127.0.0.1", self.port)
        began = time.perf_counter()
        connection.send(b"P")
        for _ in range(SIZE // MIB):
            connection.socket.sendall(PIECE)
        connection.socket.recv(1)
        took = time.perf_counter() - began
        connection.close()
        return took

    def get(self) -> float:
        connection = Connection("127.0.0.1", self.port)
        began = time.perf_counter()
        connection.send(b"G")
        drain(connection.socket, header=False)
        took = time.perf_counter() - began
        connection.close()
        return took

    def stop(self) -> None:
        self.process.terminate()
        self.process.join()


def serve(listener: socket.socket, stem: str) -> None:
    number, buffer = 0, memoryview(bytearray(MIB))
    while True:
        client, _ = listener.accept()
        with client:
            if client.recv(1) == b"P":
                number += 1
                with open(f"{stem}{number % 4}.new", "wb", buffering=0) as file:
                    received = 0
                    while received < SIZE:
                        count = client.recv_into(buffer)
                        file.write(buffer[:count])
                        received += count
                    os.fdatasync(file.fileno())
                os.replace(f"{stem}{number % 4}.new", f"{stem}{number % 4}")
                client.sendall(b"k")
            else:
                with open(f"{stem}{number % 4}", "rb") as file:
                    client.sendfile(file)
