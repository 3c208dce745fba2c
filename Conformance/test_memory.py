"""Bodies stream: the server's memory does not grow with them.

The peak is the kernel's own (VmHWM), reset before each measurement. SKYLAB_LARGE=1 sends 5 GiB in place of 2 GiB.
"""

import hashlib
import os
import sys
from pathlib import Path

import pytest

from conftest import client
from support.wire import head

pytestmark = [
    pytest.mark.skylab_only,
    pytest.mark.timeout(300),
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc"),
]

MIB = 1024 * 1024
GIB = 1024 * MIB
GROWTH = 48 * MIB
PIECE = os.urandom(MIB)


@pytest.fixture
def growth(skylab, s3, bucket):
    """How far the server's memory rose above where it stood, once warm, since the fixture was made."""
    s3.put_object(Bucket=bucket, Key="warm", Body=b"x" * (2 * MIB))
    s3.get_object(Bucket=bucket, Key="warm")["Body"].read()
    process = Path(f"/proc/{skylab.process.pid}")
    (process / "clear_refs").write_text("5")
    before = skylab.resident_bytes()

    def peak():
        for line in (process / "status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024 - before
    return peak


def send_pieces(connection, count):
    for _ in range(count):
        connection.socket.sendall(PIECE)


def test_single_put_and_get_of_one_gibibyte(wire, bucket, growth):
    target = f"/{bucket}/large"
    headers = wire.signed_headers("PUT", target, {"content-length": str(GIB)}, payload_hash="UNSIGNED-PAYLOAD")
    with wire.connect() as connection:
        connection.socket.settimeout(120)
        connection.send(head("PUT", target, headers))
        send_pieces(connection, GIB // MIB)
        answer = connection.receive("PUT")
    assert answer.status == 200, answer.body
    digest = hashlib.md5()
    for _ in range(GIB // MIB):
        digest.update(PIECE)
    assert answer.headers["ETag"] == f'"{digest.hexdigest()}"'
    assert growth() < GROWTH, f"{growth() // MIB} MiB while writing"

    with wire.connect() as connection:
        connection.send(head("GET", target, wire.signed_headers("GET", target)))
        received, buffer = 0, bytearray(4 * MIB)
        block = b""
        while b"\r\n\r\n" not in block:
            block += connection.socket.recv(65_536)
        received += len(block.split(b"\r\n\r\n", 1)[1])
        while received < GIB:
            count = connection.socket.recv_into(buffer)
            assert count > 0, "the answer ended early"
            received += count
    assert received == GIB
    assert growth() < GROWTH, f"{growth() // MIB} MiB while reading"


def test_multipart_upload(s3, wire, bucket, growth):
    part_size, total = 64 * MIB, (5 if os.environ.get("SKYLAB_LARGE") else 2) * GIB
    names = {"Bucket": bucket, "Key": "large"}
    names["UploadId"] = s3.create_multipart_upload(**names)["UploadId"]
    tags = []
    with wire.connect() as connection:
        connection.socket.settimeout(120)
        for number in range(1, total // part_size + 1):
            target = f"/{bucket}/large?partNumber={number}&uploadId={names['UploadId']}"
            headers = wire.signed_headers(
                "PUT", target, {"content-length": str(part_size)}, payload_hash="UNSIGNED-PAYLOAD")
            connection.send(head("PUT", target, headers))
            send_pieces(connection, part_size // MIB)
            answer = connection.receive("PUT")
            assert answer.status == 200, answer.body
            tags.append({"PartNumber": number, "ETag": answer.headers["ETag"]})
    s3.complete_multipart_upload(**names, MultipartUpload={"Parts": tags})
    assert s3.head_object(Bucket=bucket, Key="large")["ContentLength"] == total
    last = s3.get_object(Bucket=bucket, Key="large", Range=f"bytes=-{MIB}")["Body"].read()
    assert last == PIECE
    assert growth() < GROWTH, f"{growth() // MIB} MiB"


def test_readers_that_do_not_read(skylab, wire, s3, bucket, growth):
    """A client that stops reading holds up itself, not the server's memory."""
    s3.put_object(Bucket=bucket, Key="k", Body=b"x" * (32 * MIB))
    target = f"/{bucket}/k"
    held = []
    try:
        for _ in range(40):
            connection = wire.connect()
            held.append(connection)
            connection.send(head("GET", target, wire.signed_headers("GET", target)))
            assert connection.socket.recv(1000).startswith(b"HTTP/1.1 200")
        assert wire.send("HEAD", target).status == 200
        assert growth() < 2 * GROWTH, f"{growth() // MIB} MiB"
    finally:
        for connection in held:
            connection.close()


def test_large_copy(s3, bucket, growth):
    for number in range(4):
        s3.put_object(Bucket=bucket, Key=f"part{number}", Body=b"x" * (16 * MIB))
    for number in range(20):
        s3.copy_object(Bucket=bucket, Key=f"copy{number}", CopySource=f"{bucket}/part{number % 4}")
    assert growth() < GROWTH, f"{growth() // MIB} MiB"


def test_many_listings(skylab_endpoint, credentials, s3, bucket, growth):
    for number in range(300):
        s3.put_object(Bucket=bucket, Key=f"{'x' * 500}{number:04}", Body=b"")
    quick = client("s3", skylab_endpoint, credentials)
    for _ in range(100):
        assert quick.list_objects_v2(Bucket=bucket, Prefix="x")["KeyCount"] == 300
    assert growth() < GROWTH, f"{growth() // MIB} MiB"
