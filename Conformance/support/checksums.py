"""The checksums of S3, bit by bit from their definitions: slow, sure, and not the code under test."""

import base64
import hashlib
import zlib


def _table(polynomial: int) -> list[int]:
    table = []
    for value in range(256):
        for _ in range(8):
            value = value >> 1 ^ (polynomial if value & 1 else 0)
        table.append(value)
    return table


_CRC32C = _table(0x82F63B78)
_CRC64NVME = _table(0x9A6C9329AC4BC9B5)


def _reflected(data: bytes, table: list[int], width: int) -> bytes:
    ones = (1 << width) - 1
    value = ones
    for byte in data:
        value = value >> 8 ^ table[(value ^ byte) & 0xFF]
    return (value ^ ones).to_bytes(width // 8, "big")


ALGORITHMS = {
    "CRC32": lambda data: zlib.crc32(data).to_bytes(4, "big"),
    "CRC32C": lambda data: _reflected(data, _CRC32C, 32),
    "CRC64NVME": lambda data: _reflected(data, _CRC64NVME, 64),
    "SHA1": lambda data: hashlib.sha1(data).digest(),
    "SHA256": lambda data: hashlib.sha256(data).digest(),
}


def checksum(algorithm: str, data: bytes) -> str:
    """As it stands in a header: base64 of the big-endian bytes."""
    return base64.b64encode(ALGORITHMS[algorithm](data)).decode()


def composite(algorithm: str, parts: list[bytes]) -> str:
    """The checksum of the parts' checksums, as a COMPOSITE multipart object has it."""
    joined = b"".join(ALGORITHMS[algorithm](part) for part in parts)
    return f"{checksum(algorithm, joined)}-{len(parts)}"


def etag(data: bytes) -> str:
    return f'"{hashlib.md5(data).hexdigest()}"'


def multipart_etag(parts: list[bytes]) -> str:
    joined = b"".join(hashlib.md5(part).digest() for part in parts)
    return f'"{hashlib.md5(joined).hexdigest()}-{len(parts)}"'


assert _reflected(b"123456789", _CRC32C, 32).hex() == "e3069283"
assert _reflected(b"123456789", _CRC64NVME, 64).hex() == "ae8b14860a799888"
