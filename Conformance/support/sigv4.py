"""Signature Version 4, written from AWS's description and not from any SDK, so that each part can be got wrong on purpose."""

import hashlib
import hmac
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from urllib.parse import quote, unquote

from support.server import Credentials

ALGORITHM = "AWS4-HMAC-SHA256"
EMPTY_SHA256 = hashlib.sha256(b"").hexdigest()
UNSIGNED_PAYLOAD = "UNSIGNED-PAYLOAD"
STREAMING = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
STREAMING_TRAILER = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"
STREAMING_UNSIGNED_TRAILER = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def encode(text: str) -> str:
    return quote(text, safe="-_.~")


def stamp(when: datetime) -> str:
    return when.strftime("%Y%m%dT%H%M%SZ")


def now() -> datetime:
    return datetime.now(timezone.utc)


def canonical_query(query: str) -> str:
    pairs = []
    for item in filter(None, query.split("&")):
        name, _, value = item.partition("=")
        pairs.append((encode(unquote(name)), encode(unquote(value))))
    return "&".join(f"{name}={value}" for name, value in sorted(pairs))


@dataclass(frozen=True)
class Signer:
    credentials: Credentials
    region: str = "ap-south-1"
    service: str = "s3"
    when: datetime | None = None

    def at(self, when: datetime) -> "Signer":
        return replace(self, when=when)

    @property
    def timestamp(self) -> str:
        return stamp(self.when or now())

    def scope(self, timestamp: str) -> str:
        return f"{timestamp[:8]}/{self.region}/{self.service}/aws4_request"

    def signing_key(self, timestamp: str) -> bytes:
        key = b"AWS4" + self.credentials.secret_key.encode()
        for part in (timestamp[:8], self.region, self.service, "aws4_request"):
            key = hmac.new(key, part.encode(), hashlib.sha256).digest()
        return key

    def signature(self, timestamp: str, text: str) -> str:
        return hmac.new(self.signing_key(timestamp), text.encode(), hashlib.sha256).hexdigest()

    def string_to_sign(self, timestamp, method, target, headers, signed, payload_hash) -> str:
        path, _, query = target.partition("?")
        lines = [method, path or "/", canonical_query(query)]
        lines += [f"{name}:{' '.join(headers[name].split())}" for name in signed]
        lines += ["", ";".join(signed), payload_hash]
        return "\n".join([ALGORITHM, timestamp, self.scope(timestamp), sha256("\n".join(lines).encode())])

    def headers(self, method, target, headers, payload_hash, unsigned=()) -> dict[str, str]:
        """`headers` (with `host`) completed by `x-amz-date`, `x-amz-content-sha256` and `authorization`.

        Signed are `host`, `content-type`, `content-md5` and all `x-amz-*`, but those named in `unsigned`.
        """
        headers = {name.lower(): value for name, value in headers.items()}
        timestamp = headers.setdefault("x-amz-date", self.timestamp)
        headers.setdefault("x-amz-content-sha256", payload_hash)
        if self.credentials.session_token:
            headers["x-amz-security-token"] = self.credentials.session_token
        worth = ("host", "content-type", "content-md5")
        signed = sorted(n for n in headers if (n in worth or n.startswith("x-amz-")) and n not in unsigned)
        text = self.string_to_sign(timestamp, method, target, headers, signed, payload_hash)
        headers["authorization"] = (
            f"{ALGORITHM} Credential={self.credentials.access_key}/{self.scope(timestamp)}, "
            f"SignedHeaders={';'.join(signed)}, Signature={self.signature(timestamp, text)}")
        return headers

    def presign(self, method, target, host, expires=300, headers=None, payload_hash=UNSIGNED_PAYLOAD) -> str:
        """`target` completed by the query form of the signature."""
        headers = {"host": host, **(headers or {})}
        timestamp = self.timestamp
        signed = sorted(headers)
        query = [
            ("X-Amz-Algorithm", ALGORITHM),
            ("X-Amz-Credential", f"{self.credentials.access_key}/{self.scope(timestamp)}"),
            ("X-Amz-Date", timestamp),
            ("X-Amz-Expires", str(expires)),
            ("X-Amz-SignedHeaders", ";".join(signed)),
        ]
        if self.credentials.session_token:
            query.append(("X-Amz-Security-Token", self.credentials.session_token))
        target += "&" if "?" in target else "?"
        target += "&".join(f"{name}={encode(value)}" for name, value in query)
        text = self.string_to_sign(timestamp, method, target, headers, signed, payload_hash)
        return f"{target}&X-Amz-Signature={self.signature(timestamp, text)}"

    def chunks(self, seed: str, timestamp: str, pieces: list[bytes], trailer: dict[str, str] | None = None):
        """An aws-chunked body with a signature per chunk, the last (empty) chunk and the signed trailer included.

        Yields the encoded pieces one by one, so that a test can alter, repeat or leave one out.
        """
        previous = seed
        for piece in [*pieces, b""]:
            text = "\n".join([
                "AWS4-HMAC-SHA256-PAYLOAD", timestamp, self.scope(timestamp), previous, EMPTY_SHA256, sha256(piece)])
            previous = self.signature(timestamp, text)
            head = f"{len(piece):x};chunk-signature={previous}\r\n".encode()
            yield head + (piece + b"\r\n" if piece or trailer is None else b"")
        if trailer is not None:
            lines = "".join(f"{name}:{value}\n" for name, value in trailer.items())
            text = "\n".join([
                "AWS4-HMAC-SHA256-TRAILER", timestamp, self.scope(timestamp), previous, sha256(lines.encode())])
            encoded = "".join(f"{name}:{value}\r\n" for name, value in trailer.items())
            yield f"{encoded}x-amz-trailer-signature:{self.signature(timestamp, text)}\r\n\r\n".encode()


def unsigned_chunks(pieces: list[bytes], trailer: dict[str, str]):
    """An aws-chunked body without signatures, ending in a trailer."""
    for piece in pieces:
        yield f"{len(piece):x}\r\n".encode() + piece + b"\r\n"
    yield b"0\r\n" + "".join(f"{name}:{value}\r\n" for name, value in trailer.items()).encode() + b"\r\n"


def signature_of(authorization: str) -> str:
    return authorization.rpartition("Signature=")[2]
