"""What no good client sends. Each gets AWS's own code; nothing is stored; the server goes on as before."""

import socket
from pathlib import Path

import pytest

from support.errors import assert_error
from support.sigv4 import Signer, sha256
from support.wire import head

BOMB = b"""<?xml version="1.0"?>
<!DOCTYPE lolz [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]>
<VersioningConfiguration><Status>&c;</Status></VersioningConfiguration>"""
EXTERNAL = b"""<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>
<VersioningConfiguration><Status>&e;</Status></VersioningConfiguration>"""


@pytest.fixture(autouse=True)
def server_goes_on(s3, bucket):
    """After each test the bucket is as it was and the server answers."""
    s3.put_object(Bucket=bucket, Key="kept", Body=b"kept")
    yield
    assert [entry["Key"] for entry in s3.list_objects_v2(Bucket=bucket)["Contents"]] == ["kept"]
    assert s3.get_object(Bucket=bucket, Key="kept")["Body"].read() == b"kept"
    assert "Status" not in s3.get_bucket_versioning(Bucket=bucket)


class TestXML:
    @pytest.mark.parametrize("document", [
        BOMB, EXTERNAL, b"<a>" * 200_000, b"<a>" * 40 + b"</a>" * 40, b"<VersioningConfiguration><Status>Enabled</Other>",
        b"\x00\x01\x02", b"\xff\xfe<\x00a\x00/\x00>\x00", b"<?xml", b"<", b"&amp;", b"<!-- -->", b"<a/><b/>",
        b"<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>garbage",
        b"<VersioningConfiguration><Status>&#0;Enabled</Status></VersioningConfiguration>",
        b"<VersioningConfiguration><Status>&undefined;</Status></VersioningConfiguration>",
        b'<VersioningConfiguration a="1" a="2"><Status>Enabled</Status></VersioningConfiguration>',
        b"<VersioningConfiguration><Status>Ena\xffbled</Status></VersioningConfiguration>",
    ], ids=["bomb", "external", "deep", "forty", "crossed", "binary", "utf-16", "pi", "lt", "entity", "comment", "two roots",
            "garbage", "nul", "undefined", "attribute", "utf-8"])
    def test_malformed(self, wire, bucket, document):
        answer = wire.send("PUT", f"/{bucket}?versioning", {}, document)
        codes = ("MalformedXML", "IllegalVersioningConfigurationException", "MaxMessageLengthExceeded")
        assert_error(answer, codes, 400)

    def test_too_large(self, wire, bucket):
        document = b"<Delete>" + b"<Object><Key>k</Key></Object>" * 150_000 + b"</Delete>"
        with wire.connect() as connection:
            headers = wire.signed_headers("POST", f"/{bucket}?delete", {}, document)
            try:
                answer = connection.request("POST", f"/{bucket}?delete", headers, document)
            except ConnectionError:
                return  # Refused by closing before all of it was read.
        assert answer.status in (400, 413)
        assert_error(answer, ("MalformedXML", "EntityTooLarge", "MaxMessageLengthExceeded", "InvalidRequest"), answer.status)


class TestOperations:
    @pytest.mark.parametrize("method, target", [
        ("PATCH", "/{bucket}/k"), ("POST", "/{bucket}/k"), ("PUT", "/"), ("DELETE", "/"), ("POST", "/{bucket}?versioning"),
        ("DELETE", "/{bucket}/kept?uploads"), ("BREW", "/{bucket}/k"), ("PUT", "/{bucket}?uploads")])
    def test_method_that_does_not_fit(self, wire, bucket, method, target):
        answer = wire.send(method, target.format(bucket=bucket))
        assert answer.status in (400, 403, 404, 405, 412, 501), answer.body
        assert b"<Code>" in answer.body

    @pytest.mark.parametrize("query", ["select&select-type=2", "torrent", "restore", "legal-hold", "retention", "acl"])
    def test_object_subresource_is_never_taken_for_the_object(self, wire, bucket, query):
        for method in ("PUT", "DELETE", "POST"):
            answer = wire.send(method, f"/{bucket}/kept?{query}", {}, b"overwritten" if method != "DELETE" else b"")
            assert answer.status >= 400, (method, answer.status)

    @pytest.mark.parametrize("content_type, body", [
        ("application/x-amz-json-1.1", b"{}"), ("application/x-amz-json-1.1", b"{"), ("application/x-amz-json-1.0", b"\xff"),
        ("application/cbor", b"\xbf\xff"), ("application/x-www-form-urlencoded", b"Action=&Version="),
        ("application/x-www-form-urlencoded", b"%zz=%"), ("application/x-www-form-urlencoded", b"Action=X&Version=2016-11-15")])
    def test_unknown_services(self, wire, credentials, region, content_type, body):
        signer = Signer(credentials, region, "unheardof")
        answer = wire.send("POST", "/", {"content-type": content_type, "x-amz-target": "Nothing.Like"}, body, signer=signer)
        assert 400 <= answer.status < 500 or answer.status == 501, answer.body


class TestLengths:
    def test_none_at_all(self, wire, bucket):
        headers = wire.signer.headers("PUT", f"/{bucket}/k", {"host": wire.authority}, sha256(b""))
        assert_error(wire.send_as_is("PUT", f"/{bucket}/k", headers), "MissingContentLength", 411)

    @pytest.mark.parametrize("value", ["-1", "x", "1 2", "99999999999999999999", "+5", "0x10", ""])
    def test_no_number(self, wire, bucket, value):
        headers = wire.signed_headers("PUT", f"/{bucket}/k", {"content-length": value})
        with wire.connect() as connection:
            try:
                answer = connection.request("PUT", f"/{bucket}/k", headers)
            except (ConnectionError, OSError):
                return
            assert answer.status == 400, answer.body

    def test_two_that_differ(self, wire, bucket):
        headers = wire.signed_headers("PUT", f"/{bucket}/k", {}, b"hello")
        block = head("PUT", f"/{bucket}/k", headers)[:-2] + b"content-length: 4\r\n\r\n"
        with wire.connect() as connection:
            connection.send(block, b"hello")
            try:
                assert connection.receive("PUT").status == 400
            except ConnectionError:
                pass

    def test_length_and_chunks(self, wire, bucket):
        """The ambiguity that request smuggling lives on."""
        headers = wire.signed_headers("PUT", f"/{bucket}/k", {"content-length": "5"}, b"hello")
        with wire.connect() as connection:
            connection.send(head("PUT", f"/{bucket}/k", {**headers, "transfer-encoding": "chunked"}), b"0\r\n\r\nGET / HTTP/1.1\r\n\r\n")
            try:
                assert connection.receive("PUT").status >= 400
            except ConnectionError:
                pass

    def test_body_cut_short(self, wire, bucket):
        headers = wire.signed_headers("PUT", f"/{bucket}/k", {"content-length": "1000"}, b"x" * 1000)
        with wire.connect() as connection:
            connection.send(head("PUT", f"/{bucket}/k", headers), b"x" * 500)
            connection.socket.shutdown(socket.SHUT_WR)
            try:
                answer = connection.receive("PUT")
            except (ConnectionError, OSError):
                return
            assert_error(answer, ("IncompleteBody", "RequestTimeout"), 400)

    def test_body_cut_by_a_reset(self, wire, bucket):
        headers = wire.signed_headers("PUT", f"/{bucket}/k", {"content-length": "1000000"}, b"")
        connection = wire.connect()
        connection.send(head("PUT", f"/{bucket}/k", headers), b"x" * 1000)
        connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
        connection.close()

    def test_body_longer_than_told_is_the_next_request(self, wire, bucket):
        headers = wire.signed_headers("GET", f"/{bucket}/kept")
        with wire.connect() as connection:
            connection.send(head("GET", f"/{bucket}/kept", headers), b"NONSENSE\r\n\r\n")
            assert connection.receive().body == b"kept"

    def test_over_five_gibibytes_is_refused_before_the_body(self, wire, bucket):
        headers = wire.signed_headers("PUT", f"/{bucket}/k", {"content-length": str(5 * 1024**3 + 1)}, payload_hash="UNSIGNED-PAYLOAD")
        with wire.connect() as connection:
            connection.send(head("PUT", f"/{bucket}/k", headers))
            assert_error(connection.receive("PUT"), "EntityTooLarge", 400)


class TestHTTP:
    @pytest.mark.parametrize("data", [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"\r\n" * 50 + b"\x00\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost\r\n\r\n", b"GET / HTTP/1.1\r\n: x\r\n\r\n", b"GET / HTTP/1.1\r\nhost: a\r\nx y: z\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost: a\r\nx: a\x00b\r\n\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ], ids=["tls", "no target", "version", "blank", "no colon", "no name", "space", "nul", "http2"])
    def test_not_http(self, wire, data):
        with wire.connect() as connection:
            connection.send(data)
            connection.socket.shutdown(socket.SHUT_WR)
            try:
                assert connection.receive().status >= 400
            except Exception:  # Closed without an answer, or an answer that Python's parser will not take: both are fine.
                pass

    def test_header_block_too_large(self, wire):
        with wire.connect() as connection:
            try:
                connection.send(head("GET", "/", {"host": wire.authority, "x-large": "a" * 200_000}))
                assert connection.receive().status in (400, 431)
            except ConnectionError:
                pass

    def test_too_many_headers(self, wire):
        with wire.connect() as connection:
            headers = {"host": wire.authority, **{f"x-{n}": "a" * 20 for n in range(10_000)}}
            try:
                connection.send(head("GET", "/", headers))
                assert connection.receive().status in (400, 431)
            except ConnectionError:
                pass

    def test_target_too_long(self, wire):
        with wire.connect() as connection:
            try:
                connection.send(head("GET", "/" + "a" * 200_000, {"host": wire.authority}))
                assert connection.receive().status in (400, 414, 431)
            except ConnectionError:
                pass

    def test_host_missing(self, wire):
        with wire.connect() as connection:
            assert connection.request("GET", "/", {}).status in (400, 403)

    def test_expect_100(self, wire, s3, bucket):
        headers = wire.signed_headers("PUT", f"/{bucket}/kept", {"expect": "100-continue"}, b"kept")
        with wire.connect() as connection:
            connection.send(head("PUT", f"/{bucket}/kept", headers))
            assert connection.socket.recv(65_536).startswith(b"HTTP/1.1 100 ")
            connection.send(b"kept")
            assert connection.receive("PUT").status == 200

    def test_expect_100_of_a_request_that_is_refused(self, wire, bucket):
        """The final status comes at once; the body need not be sent."""
        headers = wire.signed_headers("PUT", f"/{bucket}/k", {"expect": "100-continue", "content-length": "1000000"}, b"")
        headers["authorization"] = headers["authorization"][:-4] + "0000"
        with wire.connect() as connection:
            connection.send(head("PUT", f"/{bucket}/k", headers))
            assert connection.receive("PUT").status == 403

    def test_pipelined(self, wire, bucket):
        requests = [head("GET", f"/{bucket}/{key}", wire.signed_headers("GET", f"/{bucket}/{key}")) for key in ("kept", "none", "kept")]
        with wire.connect() as connection:
            connection.send(b"".join(requests))
            connection.socket.shutdown(socket.SHUT_WR)
            received = b""
            while piece := connection.socket.recv(65_536):
                received += piece
        statuses = [line.split()[1] for line in received.split(b"\r\n") if line.startswith(b"HTTP/1.1 ")]
        first_lines = received.count(b"HTTP/1.1 ")
        assert first_lines == 3 and statuses.count(b"200") >= 1, received[:200]

    def test_one_byte_at_a_time(self, wire, bucket):
        headers = wire.signed_headers("GET", f"/{bucket}/kept")
        with wire.connect() as connection:
            for byte in head("GET", f"/{bucket}/kept", headers):
                connection.send(bytes([byte]))
            assert connection.receive().body == b"kept"

    def test_same_connection_after_errors(self, wire, bucket):
        with wire.connect() as connection:
            for key, status in [("none", 404), ("kept", 200), ("none", 404), ("kept", 200)]:
                target = f"/{bucket}/{key}"
                assert connection.request("GET", target, wire.signed_headers("GET", target)).status == status

    def test_same_connection_after_a_refused_put(self, wire, bucket):
        with wire.connect() as connection:
            headers = wire.signed_headers("PUT", f"/{bucket}/k", {"content-md5": "AAAAAAAAAAAAAAAAAAAAAA=="}, b"x" * 1000)
            assert_error(connection.request("PUT", f"/{bucket}/k", headers, b"x" * 1000), "BadDigest", 400)
            headers = wire.signed_headers("GET", f"/{bucket}/kept")
            assert connection.request("GET", f"/{bucket}/kept", headers).body == b"kept"

    def test_many_idle_connections(self, wire, bucket):
        idle = [wire.connect() for _ in range(200)]
        try:
            assert wire.send("GET", f"/{bucket}/kept").body == b"kept"
        finally:
            for connection in idle:
                connection.close()


@pytest.mark.parametrize("path", ["/_skylab", "/_skylab/", "/_skylab/nothing", "/_skylab/../x", "/%5Fskylab/health", "/v2/"])
def test_own_paths_never_fail(wire, path):
    answer = wire.send_as_is("GET", path)
    assert answer.status < 500, answer.body


def test_many_bad_requests_leave_no_trace(wire, bucket, skylab):
    def descriptors():
        return len(list(Path(f"/proc/{skylab.process.pid}/fd").iterdir())) if skylab else 0

    before = descriptors()
    for n in range(100):
        connection = wire.connect()
        headers = wire.signed_headers("PUT", f"/{bucket}/k", {"content-length": "100000"}, payload_hash="UNSIGNED-PAYLOAD")
        connection.send(head("PUT", f"/{bucket}/k", headers), b"x" * 100 * n)
        connection.close()
    for _ in range(50):  # A request each, so that the server has turned to the closed connections.
        wire.send("GET", f"/{bucket}/kept")
    assert descriptors() < before + 50
