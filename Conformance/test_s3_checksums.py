"""Checksums: verified on the way in, kept, and given back; in headers and in trailers."""

import base64
import hashlib
import os

import pytest

from conftest import client
from support.checksums import ALGORITHMS, checksum
from support.errors import assert_error, refused
from support.sigv4 import STREAMING_UNSIGNED_TRAILER, unsigned_chunks

BODY = os.urandom(40_000)
MD5 = base64.b64encode(hashlib.md5(BODY).digest()).decode()


def stored_checksum(wire, bucket, key="k", extra=None):
    answer = wire.send("HEAD", f"/{bucket}/{key}", {"x-amz-checksum-mode": "ENABLED", **(extra or {})})
    return {name.lower()[len("x-amz-checksum-"):]: value for name, value in answer.headers.items()
            if name.lower().startswith("x-amz-checksum-")}


@pytest.mark.parametrize("algorithm", ALGORITHMS)
class TestEach:
    def test_header(self, wire, bucket, algorithm):
        value = checksum(algorithm, BODY)
        answer = wire.send("PUT", f"/{bucket}/k", {f"x-amz-checksum-{algorithm.lower()}": value}, BODY)
        assert answer.status == 200, answer.body
        assert answer.headers[f"x-amz-checksum-{algorithm.lower()}"] == value
        assert stored_checksum(wire, bucket) == {algorithm.lower(): value, "type": "FULL_OBJECT"}

    def test_trailer(self, wire, bucket, algorithm):
        name, value = f"x-amz-checksum-{algorithm.lower()}", checksum(algorithm, BODY)
        answer = put_with_trailer(wire, bucket, {name: value})
        assert answer.status == 200, answer.body
        assert stored_checksum(wire, bucket) == {algorithm.lower(): value, "type": "FULL_OBJECT"}
        assert wire.send("GET", f"/{bucket}/k").body == BODY

    def test_wrong_header(self, wire, s3, bucket, algorithm):
        headers = {f"x-amz-checksum-{algorithm.lower()}": checksum(algorithm, b"other")}
        members = assert_error(wire.send("PUT", f"/{bucket}/k", headers, BODY), "BadDigest", 400)
        assert members["Message"] == f"The {algorithm} you specified did not match the calculated checksum."
        assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0

    def test_wrong_trailer(self, wire, s3, bucket, algorithm):
        answer = put_with_trailer(wire, bucket, {f"x-amz-checksum-{algorithm.lower()}": checksum(algorithm, b"other")})
        assert_error(answer, "BadDigest", 400)
        assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0

    @pytest.mark.parametrize("value", ["", "AAA", "not base64!", base64.b64encode(b"x" * 7).decode()],
                             ids=["empty", "short", "not base64", "seven bytes"])
    def test_malformed_header(self, wire, s3, bucket, algorithm, value):
        name = f"x-amz-checksum-{algorithm.lower()}"
        members = assert_error(wire.send("PUT", f"/{bucket}/k", {name: value}, BODY), "InvalidRequest", 400)
        assert members["Message"] == f"Value for {name} header is invalid."
        assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0

    def test_through_boto3(self, s3, bucket, algorithm):
        if algorithm in ("CRC32C", "CRC64NVME"):
            pytest.skip("botocore computes these with a library that is not installed here")
        answer = s3.put_object(Bucket=bucket, Key="k", Body=BODY, ChecksumAlgorithm=algorithm)
        assert answer[f"Checksum{algorithm}"] == checksum(algorithm, BODY)
        read = s3.get_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")
        assert read[f"Checksum{algorithm}"] == checksum(algorithm, BODY)
        assert read["Body"].read() == BODY


def put_with_trailer(wire, bucket, trailer, announced=None, body=BODY, key="k", extra=None):
    pieces = [body[at:at + 16_384] for at in range(0, len(body), 16_384)]
    encoded = b"".join(unsigned_chunks(pieces, trailer))
    headers = {
        "x-amz-trailer": announced if announced is not None else ",".join(trailer),
        "x-amz-decoded-content-length": str(len(body)), "content-encoding": "aws-chunked", **(extra or {})}
    return wire.send("PUT", f"/{bucket}/{key}", headers, encoded, payload_hash=STREAMING_UNSIGNED_TRAILER)


class TestTrailers:
    VALUE = {"x-amz-checksum-crc32": checksum("CRC32", BODY)}

    def test_aws_chunked_is_cut_from_the_encoding(self, wire, bucket):
        put_with_trailer(wire, bucket, self.VALUE)
        assert wire.send("HEAD", f"/{bucket}/k").headers["Content-Encoding"] is None
        put_with_trailer(wire, bucket, self.VALUE, key="z", extra={"content-encoding": "aws-chunked,gzip"})
        assert wire.send("HEAD", f"/{bucket}/z").headers["Content-Encoding"] == "gzip"

    def test_size_is_the_decoded_one(self, wire, bucket):
        put_with_trailer(wire, bucket, self.VALUE)
        assert wire.send("HEAD", f"/{bucket}/k").headers["Content-Length"] == str(len(BODY))

    def test_empty_body(self, wire, bucket):
        answer = put_with_trailer(wire, bucket, {"x-amz-checksum-crc32": checksum("CRC32", b"")}, body=b"")
        assert answer.status == 200, answer.body
        assert wire.send("GET", f"/{bucket}/k").body == b""

    def test_announced_and_not_sent(self, wire, s3, bucket):
        answer = put_with_trailer(wire, bucket, {}, announced="x-amz-checksum-crc32")
        assert_error(answer, ("MalformedTrailerError", "InvalidRequest"), 400)
        assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0

    def test_sent_and_not_announced(self, wire, s3, bucket):
        answer = put_with_trailer(wire, bucket, self.VALUE, announced="x-amz-checksum-sha256")
        assert_error(answer, ("MalformedTrailerError", "InvalidRequest"), 400)
        assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0

    def test_announced_name_that_is_no_checksum(self, wire, s3, bucket):
        answer = put_with_trailer(wire, bucket, {"x-amz-meta-a": "1"})
        assert answer.status == 400
        assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0

    @pytest.mark.parametrize("length", [len(BODY) - 1, len(BODY) + 1])
    def test_decoded_length_is_wrong(self, wire, s3, bucket, length):
        answer = put_with_trailer(wire, bucket, self.VALUE, extra={"x-amz-decoded-content-length": str(length)})
        assert_error(answer, ("IncompleteBody", "InvalidRequest", "InvalidChunkSizeError"), 400)
        assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0

    def test_decoded_length_is_missing(self, wire, s3, bucket):
        signed = {"x-amz-trailer": "x-amz-checksum-crc32", "content-encoding": "aws-chunked"}
        encoded = b"".join(unsigned_chunks([BODY], self.VALUE))
        answer = wire.send("PUT", f"/{bucket}/k", signed, encoded, payload_hash=STREAMING_UNSIGNED_TRAILER)
        assert_error(answer, "MissingContentLength", 411)
        assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0

    def test_in_http_chunks_without_a_length(self, wire, bucket):
        """As SDKs do over TLS: Transfer-Encoding outside, aws-chunked inside, no Content-Length."""
        encoded = b"".join(unsigned_chunks([BODY], self.VALUE))
        outer = b"".join(f"{len(encoded[at:at + 9000]):x}\r\n".encode() + encoded[at:at + 9000] + b"\r\n"
                         for at in range(0, len(encoded), 9000)) + b"0\r\n\r\n"
        headers = {
            "x-amz-trailer": "x-amz-checksum-crc32", "x-amz-decoded-content-length": str(len(BODY)),
            "content-encoding": "aws-chunked", "transfer-encoding": "chunked"}
        answer = wire.send("PUT", f"/{bucket}/k", headers, outer, payload_hash=STREAMING_UNSIGNED_TRAILER)
        assert answer.status == 200, answer.body
        assert wire.send("GET", f"/{bucket}/k").body == BODY


class TestRules:
    def test_without_any_crc64nvme_is_kept(self, wire, bucket):
        wire.send("PUT", f"/{bucket}/k", {}, BODY)
        assert stored_checksum(wire, bucket) == {"crc64nvme": checksum("CRC64NVME", BODY), "type": "FULL_OBJECT"}

    def test_only_told_when_asked(self, wire, bucket):
        wire.send("PUT", f"/{bucket}/k", {}, BODY)
        names = [name.lower() for name in wire.send("GET", f"/{bucket}/k").headers]
        assert not [name for name in names if name.startswith("x-amz-checksum")]

    def test_never_told_for_a_range(self, wire, bucket):
        wire.send("PUT", f"/{bucket}/k", {}, BODY)
        assert stored_checksum(wire, bucket, extra={"range": "bytes=0-9"}) == {}

    def test_two_at_once(self, wire, s3, bucket):
        headers = {f"x-amz-checksum-{name.lower()}": checksum(name, BODY) for name in ("CRC32", "SHA1")}
        members = assert_error(wire.send("PUT", f"/{bucket}/k", headers, BODY), "InvalidRequest", 400)
        assert "Multiple checksum Types" in members["Message"] or "single" in members["Message"], members
        assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0

    def test_header_and_named_algorithm_disagree(self, wire, s3, bucket):
        headers = {"x-amz-sdk-checksum-algorithm": "SHA256", "x-amz-checksum-crc32": checksum("CRC32", BODY)}
        answer = wire.send("PUT", f"/{bucket}/k", headers, BODY)
        if answer.status != 200:  # AWS has taken and refused this in different years; never may it be stored wrongly.
            assert_error(answer, "InvalidRequest", 400)
            assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0

    def test_named_algorithm_without_a_value(self, wire, s3, bucket):
        answer = wire.send("PUT", f"/{bucket}/k", {"x-amz-sdk-checksum-algorithm": "CRC32"}, BODY)
        assert_error(answer, "InvalidRequest", 400)
        assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0

    @pytest.mark.parametrize("name", ["sha512", "md5", "xxhash64", "xxhash3", "xxhash128"])
    def test_newer_ones_are_never_ignored(self, wire, s3, bucket, name):
        answer = wire.send("PUT", f"/{bucket}/k", {f"x-amz-checksum-{name}": "AAAA"}, BODY)
        assert answer.status in (400, 501), answer.body
        assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0

    def test_client_that_sends_none(self, skylab_endpoint, credentials, bucket):
        plain = client("s3", skylab_endpoint, credentials, request_checksum_calculation="when_required",
                       response_checksum_validation="when_required")
        plain.put_object(Bucket=bucket, Key="k", Body=BODY)
        assert plain.get_object(Bucket=bucket, Key="k")["Body"].read() == BODY

    def test_listed(self, s3, bucket):
        s3.put_object(Bucket=bucket, Key="k", Body=BODY, ChecksumAlgorithm="SHA1")
        entry = s3.list_objects_v2(Bucket=bucket)["Contents"][0]
        assert (entry["ChecksumAlgorithm"], entry["ChecksumType"]) == (["SHA1"], "FULL_OBJECT")


class TestContentMD5:
    def test_right(self, wire, bucket):
        assert wire.send("PUT", f"/{bucket}/k", {"content-md5": MD5}, BODY).status == 200

    def test_wrong(self, wire, s3, bucket):
        wrong = base64.b64encode(hashlib.md5(b"other").digest()).decode()
        members = assert_error(wire.send("PUT", f"/{bucket}/k", {"content-md5": wrong}, BODY), "BadDigest", 400)
        assert members["Message"] == "The Content-MD5 you specified did not match what we received."
        assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0

    @pytest.mark.parametrize("value", ["", "x", "AAAA", "not base64 at all", MD5[:-4]])
    def test_malformed(self, wire, s3, bucket, value):
        members = assert_error(wire.send("PUT", f"/{bucket}/k", {"content-md5": value}, BODY), "InvalidDigest", 400)
        assert members["Message"] == "The Content-MD5 you specified was invalid."
        assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0
