"""kill -9 at any moment: what was acknowledged is there, what is there is whole, nothing is leaked.

Workers write, overwrite, delete, copy and complete uploads on keys of their own, and note what was acknowledged; at a
random moment the server is killed; then it is started again on the same directory and everything is read back. Every body
begins with the digest of its rest, so that any body at all can be told whole.
"""

import hashlib
import random
import threading
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError

from conftest import REGION, client
from support.errors import refused
from support.wire import Wire, head

pytestmark = [pytest.mark.skylab_only, pytest.mark.timeout(240)]

ROUNDS = 6
WORKERS = 8
KEYS = 6
MIB = 1024 * 1024
SEED = 20_260_101


def make_body(chance: random.Random) -> bytes:
    size = chance.choice([0, 100, 4000, 4096, 20_000, 65_536, 300_000, 2 * MIB])
    rest = chance.randbytes(size)
    return hashlib.sha256(rest).digest() + rest


def whole(body: bytes) -> bool:
    return len(body) >= 32 and hashlib.sha256(body[32:]).digest() == body[:32]


@dataclass
class Key:
    """What a worker knows of one key: acknowledged versions, and what may or may not have happened."""

    versions: dict[str, bytes] = field(default_factory=dict)
    markers: set[str] = field(default_factory=set)
    removing: set[str] = field(default_factory=set)
    newest: str | None = None
    in_flight: bool = False


class Worker(threading.Thread):
    def __init__(self, number: int, s3, bucket: str, plain: str, chance: random.Random):
        super().__init__(daemon=True)
        self.s3, self.bucket, self.plain, self.chance = s3, bucket, plain, chance
        self.keys = {f"w{number}/{n}": Key() for n in range(KEYS)}
        self.plain_key = f"w{number}"
        self.plain_acknowledged: bytes | None = None
        self.plain_attempts: list[bytes] = []
        self.uploads: dict[str, tuple[str, bytes]] = {}
        self.done = 0
        self.failure: Exception | None = None

    def run(self):
        actions = [self.put] * 6 + [self.delete] * 2 + [self.remove] * 2 + [self.copy, self.multipart, self.multipart] + [self.plain_put] * 3
        try:
            while True:
                self.chance.choice(actions)(*self.chance.choice(list(self.keys.items())))
                self.done += 1
        except (HTTPClientError, BotoCoreError):
            pass  # The server is gone, as it should be.
        except Exception as failure:  # Told by the test.
            self.failure = failure

    def written(self, key: Key, version: str, body: bytes):
        key.versions[version], key.newest, key.in_flight = body, version, False

    def put(self, name, key):
        body = make_body(self.chance)
        key.in_flight = True
        self.written(key, self.s3.put_object(Bucket=self.bucket, Key=name, Body=body)["VersionId"], body)

    def delete(self, name, key):
        key.in_flight = True
        version = self.s3.delete_object(Bucket=self.bucket, Key=name)["VersionId"]
        key.markers.add(version)
        key.newest, key.in_flight = version, False

    def remove(self, name, key):
        candidates = [v for v in key.versions if v != key.newest]
        if not candidates:
            return
        version = self.chance.choice(candidates)
        key.removing.add(version)
        self.s3.delete_object(Bucket=self.bucket, Key=name, VersionId=version)
        del key.versions[version]

    def copy(self, name, key):
        candidates = [pair for pair in key.versions.items() if pair[0] != key.newest]
        if not candidates:
            return
        version, body = self.chance.choice(candidates)
        source = {"Bucket": self.bucket, "Key": name, "VersionId": version}
        key.in_flight = True
        self.written(key, self.s3.copy_object(Bucket=self.bucket, Key=name, CopySource=source)["VersionId"], body)

    def multipart(self, name, key):
        body = make_body(self.chance)
        if self.chance.random() < 0.3:
            body = b"\0" * 32 + self.chance.randbytes(5 * MIB) + body
            body = hashlib.sha256(body[32:]).digest() + body[32:]
        parts = [body[:5 * MIB], body[5 * MIB:]] if len(body) > 5 * MIB else [body]
        names = {"Bucket": self.bucket, "Key": name}
        names["UploadId"] = self.s3.create_multipart_upload(**names)["UploadId"]
        tags = []
        for number, part in enumerate(parts, 1):
            tag = self.s3.upload_part(**names, PartNumber=number, Body=part)["ETag"]
            tags.append({"PartNumber": number, "ETag": tag})
        if self.chance.random() < 0.3:
            self.uploads[names["UploadId"]] = (name, tags, body)
            return
        key.in_flight = True
        version = self.s3.complete_multipart_upload(**names, MultipartUpload={"Parts": tags})["VersionId"]
        self.written(key, version, body)

    def plain_put(self, *_):
        body = make_body(self.chance)
        self.plain_attempts.append(body)
        self.s3.put_object(Bucket=self.plain, Key=self.plain_key, Body=body)
        self.plain_acknowledged, self.plain_attempts = body, []


def listed(s3, bucket):
    """Key -> [(version id, whether a marker, whether latest)], newest first."""
    found: dict[str, list] = {}
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
        for kind in ("Versions", "DeleteMarkers"):
            for entry in page.get(kind, []):
                found.setdefault(entry["Key"], []).append((entry["VersionId"], kind == "DeleteMarkers", entry["IsLatest"]))
    return found


def check_versions(s3, worker, there):
    for name, key in worker.keys.items():
        entries = there.get(name, [])
        ids = {version for version, _, _ in entries}
        lost = (set(key.versions) | key.markers) - ids - key.removing
        assert not lost, f"{name}: acknowledged and lost: {lost}"
        assert [latest for _, _, latest in entries].count(True) == (1 if entries else 0)
        for version, is_marker, _ in entries:
            if is_marker:
                continue
            body = s3.get_object(Bucket=worker.bucket, Key=name, VersionId=version)["Body"].read()
            assert whole(body), f"{name} {version} is damaged"
            if version in key.versions:
                assert body == key.versions[version]
        if key.newest and not key.in_flight:
            assert [version for version, _, latest in entries if latest] == [key.newest]
        # What happened without our hearing of it is known from here on.
        for version, is_marker, latest in entries:
            if is_marker:
                key.markers.add(version)
            elif version not in key.versions:
                key.versions[version] = s3.get_object(Bucket=worker.bucket, Key=name, VersionId=version)["Body"].read()
            if latest:
                key.newest = version
        key.versions = {version: body for version, body in key.versions.items() if version in ids}
        key.removing.clear()
        key.in_flight = False


def check_plain(s3, worker):
    try:
        body = s3.get_object(Bucket=worker.plain, Key=worker.plain_key)["Body"].read()
    except s3.exceptions.NoSuchKey:
        body = None
    allowed = [worker.plain_acknowledged, *worker.plain_attempts]
    assert body in allowed, f"{worker.plain_key} is neither what was acknowledged nor what was under way"
    worker.plain_acknowledged, worker.plain_attempts = body, []


def check_uploads(s3, worker):
    """An upload that was open, with all its parts acknowledged, can be completed after the crash."""
    for upload, (name, tags, body) in worker.uploads.items():
        answer = s3.complete_multipart_upload(
            Bucket=worker.bucket, Key=name, UploadId=upload, MultipartUpload={"Parts": tags})
        key = worker.keys[name]
        key.versions[answer["VersionId"]] = body
        key.newest = [v for v, _, latest in listed(s3, worker.bucket)[name] if latest][0]
    worker.uploads.clear()


def blob_bytes(state: Path) -> int:
    return sum(file.stat().st_size for file in (state / "objects" / "blobs").rglob("*") if file.is_file())


def test_kill_9_under_load(make_skylab, tmp_path):
    state, chance = tmp_path / "state", random.Random(SEED)
    server = make_skylab(state=state)
    credentials = server.credentials()
    s3 = client("s3", server.endpoint, credentials, max_pool_connections=WORKERS + 2)
    for name in ("versioned", "plain"):
        s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_bucket_versioning(Bucket="versioned", VersioningConfiguration={"Status": "Enabled"})
    known: list[Worker] = []
    for _ in range(ROUNDS):
        workers = [Worker(n, s3, "versioned", "plain", random.Random(chance.random())) for n in range(WORKERS)]
        for old, new in zip(known, workers):
            new.keys, new.plain_acknowledged = old.keys, old.plain_acknowledged
        for worker in workers:
            worker.start()
        workers[0].join(timeout=chance.uniform(0.1, 1.5))  # The random moment.
        server.kill()
        for worker in workers:
            worker.join()
            assert worker.failure is None, worker.failure
        server = make_skylab(state=state, port=server.port)
        there = listed(s3, "versioned")
        for worker in workers:
            check_versions(s3, worker, there)
            check_plain(s3, worker)
            check_uploads(s3, worker)
        known = workers
    assert sum(worker.done for worker in known) > 0

    # All is removed; what a crash may have leaked is swept at the next start.
    for upload in s3.list_multipart_uploads(Bucket="versioned").get("Uploads", []):
        s3.abort_multipart_upload(Bucket="versioned", Key=upload["Key"], UploadId=upload["UploadId"])
    for bucket in ("versioned", "plain"):
        for name, entries in listed(s3, bucket).items():
            s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": name, "VersionId": v} for v, _, _ in entries]})
        s3.delete_bucket(Bucket=bucket)
    server.stop()
    server = make_skylab(state=state, port=server.port)
    server.stop()
    assert blob_bytes(state) == 0


def test_upload_cut_by_kill_9_leaves_nothing(make_skylab, tmp_path):
    state = tmp_path / "state"
    server = make_skylab(state=state)
    credentials = server.credentials()
    s3 = client("s3", server.endpoint, credentials)
    s3.create_bucket(Bucket="cut", CreateBucketConfiguration={"LocationConstraint": REGION})
    wire = Wire("127.0.0.1", server.port, credentials, REGION)
    headers = wire.signed_headers("PUT", "/cut/k", {"content-length": str(64 * MIB)}, payload_hash="UNSIGNED-PAYLOAD")
    with wire.connect() as connection:
        connection.send(head("PUT", "/cut/k", headers), b"x" * (32 * MIB))
        server.kill()
    server = make_skylab(state=state, port=server.port)
    assert s3.list_objects_v2(Bucket="cut")["KeyCount"] == 0
    server.stop()
    assert blob_bytes(state) == 0


def test_damaged_blob_is_told_and_the_rest_stays_readable(make_skylab, tmp_path):
    state = tmp_path / "state"
    server = make_skylab(state=state)
    s3 = client("s3", server.endpoint, server.credentials())
    s3.create_bucket(Bucket="damaged", CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_object(Bucket="damaged", Key="large", Body=b"x" * (4 * MIB))
    s3.put_object(Bucket="damaged", Key="other", Body=b"y" * (4 * MIB))
    server.stop()
    blobs = sorted((f for f in (state / "objects" / "blobs").rglob("*") if f.is_file()), key=lambda f: f.stat().st_mtime_ns)
    assert len(blobs) == 2
    blobs[0].unlink()
    make_skylab(state=state, port=server.port)
    with refused("InternalError", 500):
        s3.get_object(Bucket="damaged", Key="large")
    assert s3.get_object(Bucket="damaged", Key="other")["ContentLength"] == 4 * MIB
    assert s3.list_objects_v2(Bucket="damaged")["KeyCount"] == 2


def test_many_starts_and_kills_without_load(make_skylab, tmp_path):
    state = tmp_path / "state"
    server = make_skylab(state=state)
    account = server.health()["account"]
    for _ in range(4):
        server.kill()
        server = make_skylab(state=state, port=server.port)
        assert server.health()["account"] == account


def test_error_names_stay_aws_while_it_goes_down(make_skylab):
    """A client sees a whole answer or a broken connection, never half an answer taken for a whole one."""
    server = make_skylab()
    s3 = client("s3", server.endpoint, server.credentials())
    s3.create_bucket(Bucket="half", CreateBucketConfiguration={"LocationConstraint": REGION})
    body = random.Random(1).randbytes(8 * MIB)
    s3.put_object(Bucket="half", Key="k", Body=body)
    stream = s3.get_object(Bucket="half", Key="k")["Body"]
    first = stream.read(1000)
    server.kill()
    try:
        rest = stream.read()
    except (HTTPClientError, BotoCoreError, ClientError):
        return
    assert first + rest == body
