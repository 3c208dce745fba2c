"""HTTP as bytes on a socket: nothing is normalised, completed or retried."""

import http.client
import socket
from dataclasses import dataclass

from support.server import Credentials
from support.sigv4 import Signer, sha256

TIMEOUT_SECONDS = 20


@dataclass(frozen=True)
class Response:
    status: int
    headers: http.client.HTTPMessage
    body: bytes


class Connection:
    """One TCP connection, kept for as many requests as a test sends on it."""

    def __init__(self, host: str, port: int):
        self.socket = socket.create_connection((host, port), timeout=TIMEOUT_SECONDS)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self) -> None:
        self.socket.close()

    def send(self, *parts: bytes) -> None:
        for part in parts:
            self.socket.sendall(part)

    def receive(self, method: str = "GET") -> Response:
        answer = http.client.HTTPResponse(self.socket, method=method)
        answer.begin()
        return Response(answer.status, answer.headers, answer.read())

    def ended(self) -> bool:
        """Whether the server has closed or reset the connection; waits for it up to the time-out."""
        try:
            return self.socket.recv(1) == b""
        except ConnectionError:
            return True

    def request(self, method: str, target: str, headers: dict[str, str], body: bytes = b"") -> Response:
        self.send(head(method, target, headers), body)
        return self.receive(method)


def head(method: str, target: str, headers: dict[str, str]) -> bytes:
    lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("utf-8", "surrogateescape")


class Wire:
    """Signed and unsigned raw requests to one endpoint."""

    def __init__(self, host: str, port: int, credentials: Credentials, region: str):
        self.host = host
        self.port = port
        self.authority = f"{host}:{port}"
        self.signer = Signer(credentials, region)

    def connect(self) -> Connection:
        return Connection(self.host, self.port)

    def signed_headers(self, method, target, headers=None, body=b"", payload_hash=None, signer=None, unsigned=()):
        given = {"host": self.authority, **{k.lower(): v for k, v in (headers or {}).items()}}
        if (body or method in ("PUT", "POST")) and "transfer-encoding" not in given:
            given.setdefault("content-length", str(len(body)))
        return (signer or self.signer).headers(method, target, given, payload_hash or sha256(body), unsigned)

    def send(self, method, target, headers=None, body=b"", payload_hash=None, signer=None, unsigned=()) -> Response:
        """A signed request on a connection of its own."""
        signed = self.signed_headers(method, target, headers, body, payload_hash, signer, unsigned)
        return self.send_as_is(method, target, signed, body)

    def send_as_is(self, method, target, headers=None, body=b"") -> Response:
        """An unsigned request on a connection of its own; `host` is filled in."""
        with self.connect() as connection:
            return connection.request(method, target, {"host": self.authority, **(headers or {})}, body)
