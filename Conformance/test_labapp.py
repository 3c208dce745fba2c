"""The lab's app, endpoint by endpoint, over real HTTP: on Skylab, and on moto, which shows that its client is right
about S3 and not only about Skylab."""

import hashlib
import json
import os
import re
import signal
import socket
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from types import SimpleNamespace

import pytest
import requests

from conftest import REGION, client, unique_name
from support.fake_server import refusal, reply, serving
from support.labapp import Labapp, clean_environment, labapp_binary, run_labapp
from support.server import STOP_WITHIN_SECONDS, eventually, free_port

ROUNDS = 50


@pytest.fixture(scope="module", params=["skylab", "moto"])
def server(request):
    """An S3 with its keys, and a boto3 client to look at it with."""
    if request.param == "moto":
        moto = request.getfixturevalue("moto")
        found = SimpleNamespace(name="moto", endpoint=moto.endpoint, credentials=moto.credentials)
    else:
        found = SimpleNamespace(
            name="skylab", endpoint=request.getfixturevalue("skylab_endpoint"),
            credentials=request.getfixturevalue("credentials"))
    found.s3 = client("s3", found.endpoint, found.credentials)
    return found


def settings(server, bucket: str, **more: str) -> dict[str, str]:
    return clean_environment(
        S3_BUCKET=bucket, AWS_REGION=REGION, AWS_ENDPOINT_URL=server.endpoint,
        AWS_ACCESS_KEY_ID=server.credentials.access_key, AWS_SECRET_ACCESS_KEY=server.credentials.secret_key,
        MICRO_HASH_ROUNDS=str(ROUNDS), **more)


@contextmanager
def running(folder, environment):
    app = Labapp(folder / f"{unique_name('labapp')}.log", environment)
    try:
        yield app
    finally:
        app.stop()


def make_bucket(server, versioned: bool) -> str:
    name = unique_name("labapp")
    configuration = {"CreateBucketConfiguration": {"LocationConstraint": REGION}} if REGION != "us-east-1" else {}
    server.s3.create_bucket(Bucket=name, **configuration)
    if versioned:
        server.s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    return name


@pytest.fixture(scope="module")
def app(server, tmp_path_factory):
    """The app on a versioned bucket."""
    bucket = make_bucket(server, versioned=True)
    with running(tmp_path_factory.mktemp("labapp"), settings(server, bucket)) as app:
        app.bucket, app.s3 = bucket, server.s3
        yield app


@pytest.fixture(scope="module")
def plain(server, tmp_path_factory):
    """The app on a bucket that was never versioned."""
    bucket = make_bucket(server, versioned=False)
    with running(tmp_path_factory.mktemp("labapp"), settings(server, bucket)) as app:
        app.bucket = bucket
        yield app


@pytest.fixture
def key() -> str:
    return f"texts/{unique_name('t')}.txt"


def told(answer: requests.Response, status: int, code: str) -> dict:
    """The answer must be this error, in the app's form."""
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"] == "application/json"
    body = answer.json()
    assert list(body) == ["ok", "error", "code"] and body["ok"] is False and body["error"]
    assert body["code"] == code, body
    return body


def fine(answer: requests.Response) -> dict:
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert body["ok"] is True
    return body


def write(app, key: str, text: str, **more) -> dict:
    return fine(app.post("/text", json={"key": key, "text": text, **more}))


class TestAbout:
    def test_index(self, app):
        body = app.get("/").json()
        assert body["message"] and {"GET /healthz", "POST /text", "GET /info"} <= set(body["endpoints"])

    def test_health(self, app):
        body = fine(app.get("/healthz"))
        assert list(body) == ["ok", "service", "app", "bucket", "region", "time_utc", "pid"]
        assert (body["app"], body["bucket"], body["region"]) == ("ds252-flask", app.bucket, REGION)
        assert body["pid"] == app.process.pid
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", body["time_utc"])

    def test_info_tells_the_settings_and_no_secret(self, app, server):
        answer = app.get("/info")
        body = fine(answer)
        assert body["micro_hash_rounds"] == ROUNDS and body["endpoint_url"] == server.endpoint
        assert "secret" not in answer.text.lower()
        if server.name == "skylab":
            assert server.credentials.secret_key not in answer.text

    def test_head(self, app):
        answer = app.request("HEAD", "/healthz")
        assert answer.status_code == 200 and answer.content == b""

    @pytest.mark.parametrize("path", ["/nowhere", "/healthz/", "/textual", "/object", "//"])
    def test_unknown_path(self, app, path):
        told(requests.get(app.url + path, timeout=10), 404, "NotFound")

    @pytest.mark.parametrize("method, path, allowed", [
        ("POST", "/healthz", "GET, HEAD"), ("PUT", "/text", "GET, HEAD, POST"), ("POST", "/text/k", "GET, HEAD"),
        ("GET", "/object/k", "DELETE"), ("DELETE", "/hash", "GET, HEAD, POST"), ("PATCH", "/", "GET, HEAD")])
    def test_wrong_method(self, app, method, path, allowed):
        answer = app.request(method, path)
        told(answer, 405, "MethodNotAllowed")
        assert answer.headers["Allow"] == allowed


class TestWritingText:
    def test_answers_what_s3_keeps(self, app, key):
        body = write(app, key, "grüß dich", metadata={"Course": "DS252", "week": 3})
        assert list(body) == ["ok", "bucket", "key", "versionId", "version_id", "etag", "bytes"]
        assert body["bytes"] == len("grüß dich".encode()) and body["version_id"] == body["versionId"]
        kept = app.s3.get_object(Bucket=app.bucket, Key=key, VersionId=body["versionId"])
        assert kept["Body"].read().decode() == "grüß dich"
        assert kept["ContentType"] == "text/plain; charset=utf-8"
        assert kept["Metadata"] == {"course": "DS252", "week": "3"}
        assert kept["ETag"] == body["etag"]

    def test_each_call_makes_a_version(self, app, key):
        assert write(app, key, "one")["versionId"] != write(app, key, "two")["versionId"]

    def test_no_version_without_versioning(self, plain, key):
        assert write(plain, key, "one")["versionId"] is None

    def test_empty_text(self, app, key):
        assert write(app, key, "")["bytes"] == 0
        assert fine(app.get(f"/text/{key}"))["text"] == ""

    def test_form(self, app, key):
        fine(app.post("/text", data={"key": key, "text": "a form + 100%", "metadata": '{"a": "b"}'}))
        body = fine(app.get(f"/text/{key}"))
        assert body["text"] == "a form + 100%" and body["metadata"] == {"a": "b"}

    def test_multipart_form(self, app, key):
        fine(app.post("/text", files={"key": (None, key), "text": (None, "line one\r\nline two\r\n")}))
        assert fine(app.get(f"/text/{key}"))["text"] == "line one\r\nline two\r\n"

    def test_json_of_unstated_type(self, app, key):
        fine(app.post("/text", data=json.dumps({"key": key, "text": "t"})))

    @pytest.mark.parametrize("body, code", [
        ({"text": "t"}, "MissingField"), ({"key": "k"}, "MissingField"), ({"key": "", "text": "t"}, "MissingField"),
        ({"key": None, "text": "t"}, "MissingField"), ({"key": 5, "text": "t"}, "InvalidField"),
        ({"key": "k", "text": ["t"]}, "InvalidField"), ({"key": "k", "text": "t", "metadata": "m"}, "InvalidField"),
        ({"key": "k", "text": "t", "metadata": {"a": {}}}, "InvalidField"),
        ({"key": "k", "text": "t", "metadata": {"a": "b\r\nx: y"}}, "InvalidMetadata"),
        ({"key": "k", "text": "t", "metadata": {"a b": "c"}}, "InvalidMetadata"),
        ({"key": "k", "text": "t", "metadata": {"a": "ü"}}, "InvalidMetadata"),
        ({"key": "k" * 1025, "text": "t"}, "KeyTooLongError"), ([], "InvalidJSON"), ("t", "InvalidJSON")])
    def test_wrong_fields(self, app, body, code):
        told(app.post("/text", json=body), 400, code)

    @pytest.mark.parametrize("body", [b"", b"no json", b'{"key": "k"', b"\xff\xfe", b"[" * 100_000])
    def test_no_json(self, app, body):
        told(app.post("/text", data=body, headers={"Content-Type": "application/json"}), 400, "InvalidJSON")

    @pytest.mark.parametrize("body", [
        b"", b"--x", b"--x\r\n\r\n\r\n--y--", b"--x\r\nContent-Disposition: x\r\n\r\n--x--"])
    def test_no_multipart_form(self, app, body):
        headers = {"Content-Type": "multipart/form-data; boundary=x"}
        told(app.post("/text", data=body, headers=headers), 400, "InvalidForm")

    def test_metadata_that_s3_refuses(self, app, key, server):
        if server.name == "moto":
            pytest.skip("moto takes metadata of any length")
        answer = app.post("/text", json={"key": key, "text": "t", "metadata": {"a": "x" * 3000}})
        told(answer, 400, "MetadataTooLarge")

    def test_body_over_the_limit(self, app, key):
        told(app.post("/text", json={"key": key, "text": "x" * (1 << 20)}), 413, "PayloadTooLarge")
        told(app.get(f"/text/{key}"), 404, "NoSuchKey")

    def test_chunked_body_over_the_limit(self, app, key):
        chunks = (b"x" * 65536 for _ in range(32))
        told(app.post("/text", data=chunks), 413, "PayloadTooLarge")

    def test_large_body_within_the_limit(self, app, key):
        text = "y" * 1_000_000
        assert write(app, key, text)["bytes"] == 1_000_000
        assert fine(app.get(f"/text/{key}"))["text"] == text


class TestReadingText:
    def test_all_that_s3_tells(self, app, key):
        version = write(app, key, "hello", metadata={"a": "b"})["versionId"]
        body = fine(app.get(f"/text/{key}"))
        assert list(body) == [
            "ok", "bucket", "key", "versionId", "etag", "contentType", "contentLength", "lastModified", "metadata",
            "text"]
        assert (body["key"], body["versionId"], body["text"]) == (key, version, "hello")
        assert body["contentLength"] == 5 and body["contentType"] == "text/plain; charset=utf-8"
        assert body["metadata"] == {"a": "b"} and re.match(r"\d{4}-\d\d-\d\dT", body["lastModified"])

    def test_old_version(self, app, key):
        old = write(app, key, "old")["versionId"]
        write(app, key, "new")
        assert fine(app.get(f"/text/{key}", params={"versionId": old}))["text"] == "old"
        assert fine(app.get(f"/text/{key}"))["text"] == "new"
        assert fine(app.get(f"/text/{key}?versionId="))["text"] == "new"

    @pytest.mark.parametrize("name", [
        "with space", "a/b/c", "ünïcode-☃", "100%", "a+b", "q?x=1&y", "#hash", "quote'\"", "tilde~(x)", "a//b",
        "semi;=,"])
    def test_any_key(self, app, key, name):
        name = f"{key}/{name}"
        write(app, name, name)
        path = requests.utils.quote(name, safe="/")
        body = fine(app.get(f"/text/{path}"))
        assert body["key"] == name and body["text"] == name
        assert app.get("/text", params={"key": name}).text == name
        assert [item["key"] for item in fine(app.get("/list", params={"prefix": name}))["items"]] == [name]
        assert app.s3.get_object(Bucket=app.bucket, Key=name)["Body"].read().decode() == name

    def test_what_is_no_utf8(self, app, key):
        app.s3.put_object(Bucket=app.bucket, Key=key, Body=b"\xff\x00\xfe")
        body = fine(app.get(f"/text/{key}"))
        assert "text" not in body and body["note"]
        assert app.get("/text", params={"key": key}).content == b"\xff\x00\xfe"

    def test_what_is_too_large_to_show(self, app, key):
        content = b"z" * (9 << 20)
        app.s3.put_object(Bucket=app.bucket, Key=key, Body=content)
        body = fine(app.get(f"/text/{key}"))
        assert "text" not in body and body["note"] and body["contentLength"] == len(content)
        assert app.get("/text", params={"key": key}).content == content

    def test_raw(self, app, key):
        write(app, key, "täxt\n")
        answer = app.get("/text", params={"key": key})
        assert answer.content == "täxt\n".encode()
        assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
        head = app.request("HEAD", "/text", params={"key": key})
        assert head.status_code == 200 and head.headers["Content-Length"] == "6"

    def test_readers_that_go_away(self, app, key):
        """More than the client keeps connections: each that was given up is free again."""
        app.s3.put_object(Bucket=app.bucket, Key=key, Body=b"z" * (9 << 20))
        for _ in range(100):
            with socket.create_connection(("127.0.0.1", app.port), timeout=10) as connection:
                connection.sendall(f"GET /text?key={key} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
                assert connection.recv(1000).startswith(b"HTTP/1.1 200 ")
        assert len(app.get("/text", params={"key": key}).content) == 9 << 20

    def test_missing(self, app, key):
        told(app.get(f"/text/{key}"), 404, "NoSuchKey")
        told(app.get("/text", params={"key": key}), 404, "NoSuchKey")
        told(app.get("/text"), 400, "MissingField")
        told(app.get("/text/"), 400, "MissingField")

    @pytest.mark.parametrize("version", ["A" * 32, "null", "bogus", "a b/ü"])
    def test_missing_version(self, app, key, version):
        """S3 says 400 to what cannot be a version's id; for who asks the app it is a version that is not there."""
        write(app, key, "t")
        for answer in (app.get(f"/text/{key}", params={"versionId": version}),
                       app.get("/text", params={"key": key, "versionId": version})):
            assert answer.status_code == 404 and answer.json()["ok"] is False, answer.text
            assert answer.json()["code"] in ("NoSuchVersion", "InvalidArgument")

    def test_delete_marker(self, app, key, server):
        write(app, key, "t")
        marker = fine(app.delete(f"/object/{key}"))["versionId"]
        told(app.get(f"/text/{key}"), 404, "NoSuchKey")
        code = "NoSuchVersion" if server.name == "moto" else "MethodNotAllowed"
        told(app.get(f"/text/{key}", params={"versionId": marker}), 404, code)

    @pytest.mark.parametrize("path", ["/text/%ff", "/text/%zz", "/text/%", "/text?key=%ff", "/object/%f"])
    def test_broken_encoding(self, app, path):
        method = "DELETE" if path.startswith("/object") else "GET"
        answer = raw(app, method, path)
        assert answer.startswith(b"HTTP/1.1 400 ") and b'"ok":false' in answer


def raw(app, method: str, target: str) -> bytes:
    """The answer to a request whose target nobody normalised."""
    with socket.create_connection(("127.0.0.1", app.port), timeout=10) as connection:
        connection.sendall(f"{method} {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        answer = b""
        while chunk := connection.recv(65536):
            answer += chunk
    return answer


class TestListing:
    def test_items(self, app, key):
        write(app, f"{key}/b", "22")
        write(app, f"{key}/a", "1")
        body = fine(app.get("/list", params={"prefix": key}))
        assert list(body)[:4] == ["ok", "bucket", "prefix", "items"] and body["prefix"] == key
        assert [(item["key"], item["size"]) for item in body["items"]] == [(f"{key}/a", 1), (f"{key}/b", 2)]
        assert list(body["items"][0]) == ["key", "size", "lastModified"] and body["isTruncated"] is False

    def test_nothing(self, app, key):
        assert fine(app.get("/list", params={"prefix": key}))["items"] == []
        assert fine(app.get("/list-versions", params={"prefix": key}))["versions"] == []

    def test_every_page(self, app, key):
        with ThreadPoolExecutor(16) as pool:
            list(pool.map(
                lambda n: app.s3.put_object(Bucket=app.bucket, Key=f"{key}/{n:05}", Body=b""), range(1203)))
        keys = [item["key"] for item in fine(app.get("/list", params={"prefix": key}))["items"]]
        assert keys == [f"{key}/{n:05}" for n in range(1203)]
        versions = fine(app.get("/list-versions", params={"prefix": key}))["versions"]
        assert [version["key"] for version in versions] == keys
        limited = fine(app.get("/list", params={"prefix": key, "limit": 1100}))
        assert len(limited["items"]) == 1100 and limited["isTruncated"] is True

    @pytest.mark.parametrize("limit", [1, 2, 5])
    def test_by_pages(self, app, key, limit):
        for n in range(5):
            write(app, f"{key}/{n}", "t")
        seen, token = [], None
        while True:
            parameters = {"prefix": key, "limit": limit} | ({"continuationToken": token} if token else {})
            body = fine(app.get("/list", params=parameters))
            assert len(body["items"]) <= limit
            seen += [item["key"] for item in body["items"]]
            token = body["nextContinuationToken"]
            assert body["isTruncated"] is (token is not None)
            if token is None:
                break
        assert seen == [f"{key}/{n}" for n in range(5)]

    @pytest.mark.parametrize("limit", ["0", "-1", "x", "1.5"])
    def test_wrong_limit(self, app, limit):
        told(app.get("/list", params={"limit": limit}), 400, "InvalidArgument")
        told(app.get("/list-versions", params={"limit": limit}), 400, "InvalidArgument")

    def test_what_is_left_empty_counts_as_left_out(self, app, key):
        write(app, key, "t")
        for path, array in (("/list", "items"), ("/list-versions", "versions")):
            empty = {"limit": "", "continuationToken": "", "keyMarker": "", "versionIdMarker": ""}
            body = fine(app.get(path, params={"prefix": key} | empty))
            assert len(body[array]) == 1 and body["isTruncated"] is False

    def test_wrong_token(self, app, server):
        if server.name == "moto":
            pytest.skip("moto takes any token")
        told(app.get("/list", params={"continuationToken": "bogus"}), 400, "InvalidArgument")

    def test_versions_newest_first(self, app, key):
        versions = [write(app, key, text)["versionId"] for text in ("one", "three")]
        listed = fine(app.get("/list-versions", params={"prefix": key}))["versions"]
        assert [v["versionId"] for v in listed] == versions[::-1]
        assert [v["isLatest"] for v in listed] == [True, False] and [v["size"] for v in listed] == [5, 3]
        assert list(listed[0]) == ["key", "versionId", "isLatest", "size", "lastModified"]
        marker = fine(app.delete(f"/object/{key}"))["versionId"]
        listed = fine(app.get("/list-versions", params={"prefix": key}))["versions"]
        assert [v["versionId"] for v in listed] == [marker, *versions[::-1]]
        assert listed[0]["isDeleteMarker"] is True and listed[0]["isLatest"] is True and "size" not in listed[0]
        assert not any(v["isLatest"] for v in listed[1:])

    def test_versions_by_pages(self, app, key, server):
        if server.name == "moto":
            pytest.skip("moto's pages of versions overlap")
        versions = [write(app, key, text)["versionId"] for text in "abc"][::-1]
        seen, marker = [], {}
        while True:
            body = fine(app.get("/list-versions", params={"prefix": key, "limit": 1} | marker))
            seen += [v["versionId"] for v in body["versions"]]
            if not body["isTruncated"]:
                break
            marker = {"keyMarker": body["nextKeyMarker"], "versionIdMarker": body["nextVersionIdMarker"]}
        assert seen == versions


class TestDeleting:
    def test_marker(self, app, key):
        write(app, key, "t")
        body = fine(app.delete(f"/object/{key}"))
        assert list(body) == ["ok", "key", "versionId", "deleteMarker"]
        assert body["key"] == key and body["deleteMarker"] is True and body["versionId"]

    def test_undelete(self, app, key, server):
        write(app, key, "back")
        marker = fine(app.delete(f"/object/{key}"))["versionId"]
        body = fine(app.delete(f"/object/{key}", params={"versionId": marker}))
        assert body["versionId"] == marker
        # moto does not tell that it was a marker.
        assert body["deleteMarker"] is (server.name != "moto")
        assert fine(app.get(f"/text/{key}"))["text"] == "back"

    def test_one_version_for_good(self, app, key):
        first, second = write(app, key, "1")["versionId"], write(app, key, "2")["versionId"]
        body = fine(app.delete(f"/object/{key}", params={"versionId": second}))
        assert body["versionId"] == second and body["deleteMarker"] is False
        assert fine(app.get(f"/text/{key}"))["versionId"] == first

    def test_without_versioning(self, plain, key):
        write(plain, key, "t")
        body = fine(plain.delete(f"/object/{key}"))
        assert body["deleteMarker"] is False and body["versionId"] is None
        told(plain.get(f"/text/{key}"), 404, "NoSuchKey")

    def test_no_key(self, app):
        told(app.delete("/object/"), 400, "MissingField")


class TestWork:
    def test_mixed(self, app, key):
        body = fine(app.get("/work", params={"size_kb": 3, "key": key}))
        assert list(body) == [
            "ok", "mode", "size_kb", "bucket", "key", "write", "t_write_ms", "read", "t_read_ms"]
        assert (body["mode"], body["size_kb"], body["key"]) == ("mixed", 3, key)
        assert re.fullmatch(rf"{key}\.\d{{13}}", body["write"]["key"])
        assert body["read"] == {**body["write"], "size": 3 << 10}
        assert body["t_write_ms"] > 0 and body["t_read_ms"] > 0

    def test_defaults(self, app):
        body = fine(app.get("/work", params={"mode": "write"}))
        assert body["size_kb"] == 128 and body["key"] == "lab/test.bin" and "read" not in body
        kept = app.s3.get_object(Bucket=app.bucket, Key=body["write"]["key"])["Body"].read()
        assert len(kept) == 128 << 10 and len(set(kept)) == 256

    def test_read(self, app, key):
        written = write(app, key, "t" * 100)
        body = fine(app.get("/work", params={"mode": "read", "key": key}))
        assert body["read"] == {"key": key, "versionId": written["versionId"], "size": 100}
        assert "write" not in body

    def test_failed_read_is_told(self, app, key):
        body = fine(app.get("/work", params={"mode": "read", "key": key}))
        assert "NoSuchKey" in body["read_error"] and "read" not in body

    @pytest.mark.parametrize("given, taken", [
        ("0", 1), ("-5", 1), ("1", 1), ("", 128), ("9" * 30, 10240), ("-" + "9" * 30, 1)])
    def test_size_is_clamped(self, app, key, given, taken):
        body = fine(app.get("/work", params={"size_kb": given, "key": key}))
        assert body["size_kb"] == taken and body["read"]["size"] == taken << 10

    def test_wrong_arguments(self, app):
        told(app.get("/work", params={"mode": "sleep"}), 400, "InvalidArgument")
        for size in ("big", "1.5", "-", "0x10"):
            told(app.get("/work", params={"size_kb": size}), 400, "InvalidArgument")
        told(app.get("/work", params={"key": "k" * 1025}), 400, "KeyTooLongError")


def digest(data: str, rounds: int = ROUNDS) -> str:
    value = data.encode()
    for _ in range(rounds):
        value = hashlib.sha256(value).digest()
    return value.hex()


class TestHash:
    @pytest.mark.parametrize("ask", [
        lambda app, data: app.get("/hash", params={"data": data}),
        lambda app, data: app.post("/hash", params={"data": data}),
        lambda app, data: app.post("/hash", data={"data": data}),
        lambda app, data: app.post("/hash", json={"data": data})], ids=["query", "post query", "form", "json"])
    @pytest.mark.parametrize("data", ["", "abc", "x" * 32, "grüß & dich"])
    def test_rounds(self, app, ask, data):
        body = fine(ask(app, data))
        assert list(body) == [
            "ok", "endpoint", "started_utc", "input_len", "rounds", "digest_hex", "timings_ms"]
        assert body["digest_hex"] == digest(data) and body["rounds"] == ROUNDS
        assert body["endpoint"] == "/hash" and body["input_len"] == len(data)
        assert body["timings_ms"]["total_ms"] > 0

    @pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded;charset=UTF-8",
                                      "Application/X-WWW-Form-Urlencoded ; charset=utf-8"])
    def test_form_however_it_is_spelt(self, app, kind):
        assert fine(app.post("/hash", data=b"data=abc", headers={"Content-Type": kind}))["digest_hex"] == digest("abc")

    def test_missing_data(self, app):
        told(app.get("/hash"), 400, "MissingField")
        told(app.post("/hash", json={}), 400, "MissingField")
        told(app.post("/hash", data=b"no json"), 400, "InvalidJSON")

    def test_one_round(self, server, tmp_path):
        with running(tmp_path, settings(server, "any-bucket") | {"MICRO_HASH_ROUNDS": "1"}) as app:
            assert fine(app.get("/hash?data=abc"))["digest_hex"] == hashlib.sha256(b"abc").hexdigest()

    def test_health_is_not_held_up(self, server, tmp_path):
        """While every core hashes, /healthz answers long before any of the hashes is done."""
        with running(tmp_path, settings(server, "any-bucket") | {"MICRO_HASH_ROUNDS": "10000000"}) as app:
            with ThreadPoolExecutor(16) as pool:
                hashes = [pool.submit(requests.get, f"{app.url}/hash?data={n}", timeout=600) for n in range(8)]
                answers = [app.get("/healthz").status_code for _ in range(50)]
                assert answers == [200] * 50
                assert not all(job.done() for job in hashes)
                app.process.kill()
                app.process.wait()


def pointed_at(endpoint: str, **more: str) -> dict[str, str]:
    return clean_environment(
        S3_BUCKET="a-bucket", AWS_REGION=REGION, AWS_ENDPOINT_URL_S3=endpoint, AWS_ACCESS_KEY_ID="id",
        AWS_SECRET_ACCESS_KEY="secret", AWS_MAX_ATTEMPTS="2", **more)


class TestFailures:
    """What the app makes of an S3 that refuses, breaks or keeps silent."""

    @pytest.mark.parametrize("status, code, told_status, attempts", [
        (403, "AccessDenied", 403, 1), (403, "SignatureDoesNotMatch", 403, 1), (404, "NoSuchBucket", 404, 1),
        (400, "InvalidArgument", 400, 1), (400, "ExpiredToken", 403, 2), (400, "InvalidToken", 403, 1),
        (301, "PermanentRedirect", 502, 1), (400, "AuthorizationHeaderMalformed", 502, 1), (503, "SlowDown", 502, 2),
        (500, "InternalError", 502, 2),
        (503, "ServiceUnavailable", 502, 2), (501, "NotImplemented", 502, 1)])
    def test_errors_keep_their_code(self, tmp_path, status, code, told_status, attempts):
        with serving(refusal(status, code)) as (endpoint, seen):
            with running(tmp_path, pointed_at(endpoint)) as app:
                body = told(app.get("/text/k"), told_status, code)
                assert body["error"] == "said so" and len(seen) == attempts
                told(app.get("/list"), told_status, code)

    def test_an_endless_error_is_told_by_its_status(self, tmp_path):
        with serving(lambda handler, _: reply(handler, 503, b"x" * (2 << 20))) as (endpoint, _):
            with running(tmp_path, pointed_at(endpoint)) as app:
                told(app.get("/list"), 502, "ServiceUnavailable")

    def test_throttled_once_is_not_told(self, tmp_path):
        def answer(handler, number):
            if number == 1:
                return refusal(503, "SlowDown")(handler, number)
            handler.send_response(200)
            handler.send_header("ETag", '"e"')
            handler.send_header("Content-Length", "0")
            handler.end_headers()

        with serving(answer) as (endpoint, seen):
            with running(tmp_path, pointed_at(endpoint)) as app:
                assert write(app, "k", "again")["etag"] == '"e"'
        assert [request.body for request in seen] == [b"again", b"again"]

    def test_nobody_listens(self, tmp_path):
        with socket.socket() as closed:
            closed.bind(("127.0.0.1", 0))
            with running(tmp_path, pointed_at(f"http://127.0.0.1:{closed.getsockname()[1]}")) as app:
                told(app.get("/text/k"), 502, "ConnectionError")
                fine(app.get("/healthz"))

    def test_silence(self, tmp_path):
        """A request never hangs, and /healthz never waits."""
        gone = threading.Event()
        with serving(lambda *_: gone.wait(100)) as (endpoint, _):
            with running(tmp_path, pointed_at(endpoint) | {"AWS_MAX_ATTEMPTS": "1"}) as app:
                with ThreadPoolExecutor(1) as pool:
                    slow = pool.submit(app.get, "/text/k")
                    assert requests.get(f"{app.url}/healthz", timeout=5).status_code == 200
                    told(slow.result(), 504, "RequestTimeout")
            gone.set()

    def test_body_cut_short(self, tmp_path):
        def answer(handler, _):
            handler.send_response(200)
            handler.send_header("Content-Length", "1000")
            handler.end_headers()
            handler.wfile.write(b"only this")
            handler.close_connection = True

        with serving(answer) as (endpoint, _):
            with running(tmp_path, pointed_at(endpoint)) as app:
                told(app.get("/text/k"), 502, "ConnectionError")
                with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
                    app.get("/text?key=k")

    def test_body_changed_on_its_way(self, tmp_path):
        def answer(handler, _):
            handler.send_response(200)
            handler.send_header("Content-Length", "5")
            handler.send_header("x-amz-checksum-crc32", "AAAAAA==")
            handler.end_headers()
            handler.wfile.write(b"hello")

        with serving(answer) as (endpoint, seen):
            with running(tmp_path, pointed_at(endpoint)) as app:
                told(app.get("/text/k"), 502, "ChecksumMismatch")
        assert seen[0].headers["x-amz-checksum-mode"] == "ENABLED"

    def test_garbage(self, tmp_path):
        def answer(handler, _):
            handler.send_response(200)
            handler.send_header("Content-Length", "9")
            handler.end_headers()
            handler.wfile.write(b"<<<not xml"[:9])

        with serving(answer) as (endpoint, _):
            with running(tmp_path, pointed_at(endpoint)) as app:
                told(app.get("/list"), 502, "InvalidResponse")

    def test_no_credentials(self, tmp_path):
        environment = clean_environment(
            S3_BUCKET="a-bucket", AWS_REGION=REGION, AWS_ENDPOINT_URL_S3="http://127.0.0.1:9")
        with running(tmp_path, environment) as app:
            told(app.get("/text/k"), 502, "NoCredentials")
            fine(app.get("/healthz"))

    def test_each_request_has_its_line(self, tmp_path):
        with running(tmp_path, pointed_at("http://127.0.0.1:9")) as app:
            app.get("/info?secret=1")
            app.get("/nowhere")
            app.get("/healthz")
            log = app.log.read_text()
        assert re.search(r"GET /info .*status=200", log) and re.search(r"GET /nowhere .*status=404", log)
        # A load balancer's health checks would drown everything else.
        assert "secret" not in log and "/healthz" not in log

    def test_a_log_that_nobody_reads_stops_nothing(self):
        reading, writing = os.pipe()
        port = free_port()
        process = subprocess.Popen(
            [labapp_binary()], stdin=subprocess.DEVNULL, stdout=writing, stderr=writing,
            env=pointed_at("http://127.0.0.1:9", HOST="127.0.0.1", PORT=str(port)))
        try:
            os.close(writing)
            assert b"listening" in os.read(reading, 1000)
            os.close(reading)
            for _ in range(3):
                assert requests.get(f"http://127.0.0.1:{port}/info", timeout=10).status_code == 200
        finally:
            process.terminate()
        assert process.wait(STOP_WITHIN_SECONDS) == 0


class TestRefusals:
    """What a real S3 says to the wrong keys and bucket."""

    PATHS = ["/text/k", "/text?key=k", "/list", "/list-versions", "/work?mode=write"]

    @pytest.mark.parametrize("wrong, code", [
        ({"AWS_SECRET_ACCESS_KEY": "wrong-secret"}, "SignatureDoesNotMatch"),
        ({"AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE"}, "InvalidAccessKeyId")])
    def test_wrong_keys(self, skylab_endpoint, credentials, tmp_path, wrong, code):
        server = SimpleNamespace(endpoint=skylab_endpoint, credentials=credentials)
        with running(tmp_path, settings(server, "a-bucket") | wrong) as app:
            for path in self.PATHS:
                told(app.get(path), 403, code)
            told(app.post("/text", json={"key": "k", "text": "t"}), 403, code)
            told(app.delete("/object/k"), 403, code)
            assert code in app.get("/work?mode=read").json()["read_error"]
            log = app.log.read_text()
        assert "wrong-secret" not in log and credentials.secret_key not in log

    def test_bucket_that_is_not_there(self, server, tmp_path):
        with running(tmp_path, settings(server, unique_name("nobody-s"))) as app:
            for path in self.PATHS:
                told(app.get(path), 404, "NoSuchBucket")
            told(app.post("/text", json={"key": "k", "text": "t"}), 404, "NoSuchBucket")
            told(app.delete("/object/k"), 404, "NoSuchBucket")


class TestLife:
    def test_without_a_bucket(self):
        ran = run_labapp()
        assert ran.returncode == 1 and "S3_BUCKET" in ran.stderr and len(ran.stderr.splitlines()) == 1

    @pytest.mark.parametrize("name, value", [
        ("PORT", "x"), ("PORT", "70000"), ("MICRO_HASH_ROUNDS", "0"), ("LOG_LEVEL", "loud"), ("S3_BUCKET", "a/b"),
        ("AWS_MAX_ATTEMPTS", "none"), ("AWS_ENDPOINT_URL", "localhost:4566"),
        ("AWS_ENDPOINT_URL_S3", "http://user:password@localhost")])
    def test_wrong_setting(self, name, value):
        ran = run_labapp(**{"S3_BUCKET": "a-bucket", name: value})
        assert ran.returncode == 1 and name in ran.stderr and len(ran.stderr.splitlines()) == 1
        assert "password" not in ran.stderr

    def test_port_in_use(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = str(taken.getsockname()[1])
            ran = run_labapp(S3_BUCKET="a-bucket", HOST="127.0.0.1", PORT=port)
        assert ran.returncode == 1 and port in ran.stderr and len(ran.stderr.splitlines()) == 1

    def test_names_and_defaults(self, tmp_path):
        with running(tmp_path, clean_environment(S3_BUCKET="a-bucket", APP_NAME="mine")) as app:
            body = fine(app.get("/info"))
        assert (body["app"], body["region"], body["micro_hash_rounds"]) == ("mine", "us-east-1", 50000)

    def test_terminating_lets_what_is_in_flight_finish(self, tmp_path):
        release = threading.Event()

        def answer(handler, number):
            release.wait(60)
            refusal(404, "NoSuchKey")(handler, number)

        with serving(answer) as (endpoint, seen), running(tmp_path, pointed_at(endpoint)) as app:
            with ThreadPoolExecutor(2) as pool:
                in_flight = pool.submit(requests.get, f"{app.url}/text/k", timeout=60)
                assert eventually(lambda: seen)
                stopped = pool.submit(app.stop)
                assert eventually(lambda: "stopping" in app.log.read_text())
                assert not stopped.done()
                release.set()
                told(in_flight.result(), 404, "NoSuchKey")
                assert stopped.result() == 0
            with pytest.raises(requests.ConnectionError):
                requests.get(f"{app.url}/healthz", timeout=5)

    def test_interrupt_ends_as_well(self, tmp_path):
        with running(tmp_path, clean_environment(S3_BUCKET="a-bucket")) as app:
            app.process.send_signal(signal.SIGINT)
            assert app.process.wait(STOP_WITHIN_SECONDS) == 0
