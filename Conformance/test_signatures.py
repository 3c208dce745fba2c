"""Signature Version 4: each way it can be right, and AWS's code for each way it can be wrong."""

import hashlib
from datetime import timedelta

import pytest

from conftest import client
from support.checksums import checksum
from support.errors import assert_error, refused
from support.server import Credentials
from support.sigv4 import (
    STREAMING, STREAMING_TRAILER, UNSIGNED_PAYLOAD, Signer, now, signature_of, stamp)

BODY = bytes(range(256)) * 1000
PIECES = [BODY[at:at + 65_536] for at in range(0, len(BODY), 65_536)]


@pytest.fixture
def stored(s3, bucket):
    """Whether anything was stored, asked after a refusal."""
    return lambda: s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 1


class TestRight:
    @pytest.mark.parametrize("hashed", [True, False])
    def test_body_hashed_or_not(self, wire, bucket, hashed):
        answer = wire.send("PUT", f"/{bucket}/k", {}, BODY, payload_hash=None if hashed else UNSIGNED_PAYLOAD)
        assert answer.status == 200, answer.body
        assert wire.send("GET", f"/{bucket}/k").body == BODY

    def test_header_values_are_trimmed_and_folded(self, wire, bucket):
        signed = wire.signed_headers("PUT", f"/{bucket}/k", {"x-amz-meta-a": "one   two"}, b"x")
        signed["x-amz-meta-a"] = "   one  two  "
        assert wire.send_as_is("PUT", f"/{bucket}/k", signed, b"x").status == 200

    @pytest.mark.parametrize("query", ["prefix=a&delimiter=%2F&list-type=2", "list-type=2&prefix=%20%2B%C3%A9", "z&list-type=2&a="])
    def test_query_in_any_order(self, wire, bucket, query):
        assert wire.send("GET", f"/{bucket}?{query}").status == 200

    @pytest.mark.parametrize("key", ["a%20b", "a%2Fb", "%E6%97%A5", "a~b-c_d.e", "%21%24%26%27%28%29%2A%2B%2C%3B%3D%3A%40"])
    def test_paths_as_sent(self, wire, bucket, key):
        assert wire.send("PUT", f"/{bucket}/{key}", {}, b"x").status == 200

    @pytest.mark.parametrize("minutes", [-14, 14])
    def test_within_the_skew(self, wire, bucket, minutes):
        signer = wire.signer.at(now() + timedelta(minutes=minutes))
        assert wire.send("GET", f"/{bucket}", signer=signer).status == 200

    def test_date_header_in_place_of_x_amz_date(self, wire, bucket):
        """The signed time may come in `Date`, in ISO 8601's basic form too."""
        timestamp = stamp(now())
        headers = {"host": wire.authority, "date": timestamp, "x-amz-content-sha256": UNSIGNED_PAYLOAD}
        signer, signed = wire.signer, ["date", "host", "x-amz-content-sha256"]
        text = signer.string_to_sign(timestamp, "GET", f"/{bucket}", headers, signed, UNSIGNED_PAYLOAD)
        headers["authorization"] = (
            f"AWS4-HMAC-SHA256 Credential={signer.credentials.access_key}/{signer.scope(timestamp)},"
            f"SignedHeaders={';'.join(signed)},Signature={signer.signature(timestamp, text)}")
        assert wire.send_as_is("GET", f"/{bucket}", headers).status == 200


class TestChunks:
    """STREAMING-AWS4-HMAC-SHA256-PAYLOAD: each chunk's signature holds the one before it."""

    def send(self, wire, bucket, change=lambda chunks: chunks, trailer=None, extra=None):
        mode = STREAMING if trailer is None else STREAMING_TRAILER
        timestamp = stamp(now())
        headers = {
            "host": wire.authority, "x-amz-date": timestamp, "content-encoding": "aws-chunked",
            "x-amz-decoded-content-length": str(len(BODY)), **(extra or {})}
        if trailer is not None:
            headers["x-amz-trailer"] = ",".join(trailer)
        signed = wire.signer.headers("PUT", f"/{bucket}/k", headers, mode)
        seed = signature_of(signed["authorization"])
        encoded = b"".join(change(list(wire.signer.chunks(seed, timestamp, PIECES, trailer))))
        return wire.send_as_is("PUT", f"/{bucket}/k", {**signed, "content-length": str(len(encoded))}, encoded)

    def test_right(self, wire, bucket):
        assert self.send(wire, bucket).status == 200
        assert wire.send("GET", f"/{bucket}/k").body == BODY

    def test_right_with_a_trailer(self, wire, bucket):
        answer = self.send(wire, bucket, trailer={"x-amz-checksum-crc32c": checksum("CRC32C", BODY)})
        assert answer.status == 200, answer.body
        assert wire.send("GET", f"/{bucket}/k").body == BODY

    @pytest.mark.parametrize("change", [
        lambda c: [c[0], c[0], *c[2:]],
        lambda c: [c[1], c[0], *c[2:]],
        lambda c: [*c[:-1], c[0], c[-1]],
        lambda c: [c[0].replace(b"chunk-signature=", b"chunk-signature=0", 1)[:-1], *c[1:]],
        lambda c: [c[0].split(b"\r\n", 1)[0] + b"\r\n" + b"X" + c[0].split(b"\r\n", 1)[1][1:], *c[1:]],
        lambda c: [*c[:-1], c[-1].replace(c[-1][19:23], b"0000")],
    ], ids=["replayed", "swapped", "appended", "signature", "data", "last"])
    def test_altered(self, wire, bucket, stored, change):
        answer = self.send(wire, bucket, change)
        assert answer.status in (400, 403), answer.body
        assert_error(answer, ("SignatureDoesNotMatch", "InvalidChunkSizeError", "IncompleteBody", "InvalidRequest"), answer.status)
        assert not stored()

    def test_altered_trailer(self, wire, bucket, stored):
        trailer = {"x-amz-checksum-crc32": checksum("CRC32", BODY)}
        other = checksum("CRC32", b"other").encode()
        answer = self.send(
            wire, bucket, lambda c: [*c[:-1], c[-1].replace(trailer["x-amz-checksum-crc32"].encode(), other)], trailer)
        assert answer.status in (400, 403), answer.body
        assert not stored()

    def test_wrong_trailer_rightly_signed(self, wire, bucket, stored):
        answer = self.send(wire, bucket, trailer={"x-amz-checksum-crc32": checksum("CRC32", b"other")})
        assert_error(answer, "BadDigest", 400)
        assert not stored()

    def test_chunk_without_signature(self, wire, bucket, stored):
        answer = self.send(wire, bucket, lambda c: [c[0].replace(c[0][:c[0].index(b"\r\n")], b"10000", 1), *c[1:]])
        assert answer.status in (400, 403), answer.body
        assert not stored()

    @pytest.mark.parametrize("size", [b"zz", b"-5", b"ffffffffffffffff", b"1" * 40, b""])
    def test_chunk_size_that_is_none(self, wire, bucket, stored, size):
        answer = self.send(wire, bucket, lambda c: [size + c[0][c[0].index(b";"):], *c[1:]])
        assert answer.status in (400, 403), answer.body
        assert not stored()

    def test_last_chunk_missing(self, wire, bucket, stored):
        answer = self.send(wire, bucket, lambda c: c[:-1])
        assert answer.status in (400, 403), answer.body
        assert not stored()


class TestWrong:
    def test_secret(self, wire, bucket, credentials, region):
        signer = Signer(Credentials(credentials.access_key, "x" * 40), region)
        answer = wire.send("GET", f"/{bucket}", signer=signer)
        members = assert_error(answer, "SignatureDoesNotMatch", 403)
        assert members["AWSAccessKeyId"] == credentials.access_key
        assert members["StringToSign"].startswith("AWS4-HMAC-SHA256\n")
        assert members["CanonicalRequest"].startswith("GET\n")
        assert members["SignatureProvided"]
        assert credentials.secret_key.encode() not in answer.body

    def test_key(self, wire, bucket, credentials, region):
        signer = Signer(Credentials("AKIAIOSFODNN7NOTHERE", credentials.secret_key), region)
        members = assert_error(wire.send("GET", f"/{bucket}", signer=signer), "InvalidAccessKeyId", 403)
        assert members["AWSAccessKeyId"] == "AKIAIOSFODNN7NOTHERE"

    @pytest.mark.parametrize("change", [
        {"path": "/other"}, {"method": "DELETE"}, {"x-amz-meta-a": "2"}, {"query": "versions"}, {"x-amz-date": "later"}])
    def test_altered_after_signing(self, wire, bucket, change):
        headers = wire.signed_headers("GET", f"/{bucket}", {"x-amz-meta-a": "1"})
        method, target = change.pop("method", "GET"), change.pop("path", f"/{bucket}")
        target += f"?{change.pop('query')}" if "query" in change else ""
        if change.get("x-amz-date"):
            change = {"x-amz-date": stamp(now() + timedelta(seconds=90))}
        answer = wire.send_as_is(method, target, {**headers, **change})
        assert_error(answer, ("SignatureDoesNotMatch", "NoSuchBucket"), 403)

    def test_header_added_after_signing(self, wire, bucket):
        headers = wire.signed_headers("PUT", f"/{bucket}/k", {}, b"x")
        answer = wire.send_as_is("PUT", f"/{bucket}/k", {**headers, "x-amz-meta-a": "1"}, b"x")
        assert_error(answer, ("AccessDenied", "SignatureDoesNotMatch"), 403)

    def test_host_not_signed(self, wire, bucket):
        answer = wire.send("GET", f"/{bucket}", unsigned=("host",))
        assert_error(answer, ("AccessDenied", "SignatureDoesNotMatch", "AuthorizationHeaderMalformed"), answer.status)
        assert answer.status in (400, 403)

    def test_amz_header_not_signed(self, wire, s3, bucket):
        answer = wire.send("PUT", f"/{bucket}/k", {"x-amz-meta-a": "1"}, b"x", unsigned=("x-amz-meta-a",))
        assert_error(answer, ("AccessDenied", "SignatureDoesNotMatch"), 403)
        assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0

    @pytest.mark.parametrize("minutes", [-16, 16, -60 * 24])
    def test_time(self, wire, bucket, minutes):
        answer = wire.send("GET", f"/{bucket}", signer=wire.signer.at(now() + timedelta(minutes=minutes)))
        members = assert_error(answer, "RequestTimeTooSkewed", 403)
        assert members["MaxAllowedSkewMilliseconds"] == "900000" and members["RequestTime"] and members["ServerTime"]

    def test_body(self, wire, s3, bucket):
        other = hashlib.sha256(b"other").hexdigest()
        answer = wire.send("PUT", f"/{bucket}/k", {}, b"body", payload_hash=other)
        members = assert_error(answer, "XAmzContentSHA256Mismatch", 400)
        assert members["ClientComputedContentSHA256"] == other
        assert members["S3ComputedContentSHA256"] == hashlib.sha256(b"body").hexdigest()
        assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0

    @pytest.mark.parametrize("value", ["nonsense", "abc123", "STREAMING-SOMETHING-ELSE", ""])
    def test_payload_hash_that_is_none(self, wire, s3, bucket, value):
        answer = wire.send("PUT", f"/{bucket}/k", {}, b"body", payload_hash=value or " ")
        assert_error(
            answer, ("InvalidArgument", "XAmzContentSHA256Mismatch", "InvalidRequest", "NotImplemented"), answer.status)
        assert answer.status in (400, 501)
        assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0

    def test_payload_hash_missing(self, wire, bucket):
        headers = wire.signed_headers("GET", f"/{bucket}")
        del headers["x-amz-content-sha256"]
        assert_error(wire.send_as_is("GET", f"/{bucket}", headers), ("InvalidRequest", "MissingSecurityHeader"), 400)

    def test_date_missing(self, wire, bucket):
        headers = wire.signed_headers("GET", f"/{bucket}")
        del headers["x-amz-date"]
        answer = wire.send_as_is("GET", f"/{bucket}", headers)
        assert_error(answer, ("AccessDenied", "MissingSecurityHeader", "AuthorizationHeaderMalformed"), answer.status)
        assert answer.status in (400, 403)

    def test_session_token_that_is_none(self, wire, bucket, credentials, region):
        signer = Signer(Credentials(credentials.access_key, credentials.secret_key, "no/token"), region)
        assert_error(wire.send("GET", f"/{bucket}", signer=signer), "InvalidToken", 400)


class TestAuthorizationHeader:
    CREDENTIAL = "AKIAIOSFODNN7EXAMPLE/20260101/ap-south-1/s3/aws4_request"

    @pytest.mark.parametrize("value", [
        "AWS4-HMAC-SHA256", "AWS4-HMAC-SHA256 ", "AWS4-HMAC-SHA256 Credential=x",
        "AWS4-HMAC-SHA256 Credential=, SignedHeaders=host, Signature=0",
        f"AWS4-HMAC-SHA256 Credential={CREDENTIAL}, Signature=0",
        f"AWS4-HMAC-SHA256 Credential={CREDENTIAL}, SignedHeaders=host",
        "AWS4-HMAC-SHA256 Credential=A/B/C, SignedHeaders=host, Signature=0",
        f"AWS4-HMAC-SHA256 Credential={CREDENTIAL}/more, SignedHeaders=host, Signature=0",
    ])
    def test_malformed(self, wire, bucket, value):
        headers = {"authorization": value, "x-amz-date": stamp(now()), "x-amz-content-sha256": UNSIGNED_PAYLOAD}
        answer = wire.send_as_is("GET", f"/{bucket}", headers)
        assert_error(answer, ("AuthorizationHeaderMalformed", "InvalidArgument"), 400)

    @pytest.mark.parametrize("value", ["Basic dXNlcjpwYXNz", "Bearer abc", "nonsense", "AWS AKIAIOSFODNN7EXAMPLE:frJIUN8DYpKDtOLCwo="])
    def test_other_schemes(self, wire, bucket, value):
        answer = wire.send_as_is("GET", f"/{bucket}", {"authorization": value, "x-amz-date": stamp(now())})
        assert answer.status in (400, 403)
        assert_error(answer, ("InvalidRequest", "InvalidArgument", "AccessDenied", "AuthorizationHeaderMalformed"), answer.status)

    @pytest.mark.parametrize("field, value", [("region", "us-west-2"), ("service", "ec2"), ("service", "sqs")])
    def test_scope_of_elsewhere(self, wire, bucket, credentials, region, field, value):
        signer = Signer(credentials, **{"region": region, "service": "s3", field: value})
        answer = wire.send("GET", f"/{bucket}", signer=signer)
        if field == "region" and answer.status in (200, 301):
            return  # The server serves every region; another region's endpoint redirects.
        assert 400 <= answer.status < 500 or answer.status == 501, answer.body

    def test_date_of_scope_is_not_that_of_the_request(self, wire, bucket):
        headers = wire.signed_headers("GET", f"/{bucket}")
        day = headers["x-amz-date"][:8]
        headers["authorization"] = headers["authorization"].replace(f"/{day}/", "/20200101/")
        answer = wire.send_as_is("GET", f"/{bucket}", headers)
        assert_error(answer, ("AuthorizationHeaderMalformed", "SignatureDoesNotMatch", "AccessDenied"), answer.status)
        assert answer.status in (400, 403)

    def test_very_long(self, wire, bucket):
        headers = {"authorization": "AWS4-HMAC-SHA256 " + "x" * 20_000, "x-amz-date": stamp(now())}
        assert wire.send_as_is("GET", f"/{bucket}", headers).status in (400, 403, 431)


class TestSTS:
    def test_caller(self, sts, credentials):
        caller = sts.get_caller_identity()
        assert len(caller["Account"]) == 12 and caller["Account"].isdigit()
        assert caller["Arn"] == f"arn:aws:iam::{caller['Account']}:root" and caller["UserId"] == caller["Account"]

    @pytest.mark.parametrize("region", ["us-east-1", "eu-central-1", "ap-south-1", "aws-global"])
    def test_any_region_in_the_scope(self, skylab_endpoint, credentials, region):
        assert client("sts", skylab_endpoint, credentials, region).get_caller_identity()["Account"]

    def test_wrong_secret(self, skylab_endpoint, credentials):
        wrong = client("sts", skylab_endpoint, Credentials(credentials.access_key, "x" * 40))
        with refused("SignatureDoesNotMatch", 403):
            wrong.get_caller_identity()

    def test_unknown_key(self, skylab_endpoint):
        with refused("InvalidClientTokenId", 403):
            client("sts", skylab_endpoint, Credentials("AKIAIOSFODNN7NOTHERE", "x" * 40)).get_caller_identity()

    @pytest.mark.parametrize("minutes", [-16, 16])
    def test_skew_is_told_as_a_signature_error(self, wire, region, credentials, minutes):
        signer = Signer(credentials, region, "sts", now() + timedelta(minutes=minutes))
        body = b"Action=GetCallerIdentity&Version=2011-06-15"
        answer = wire.send("POST", "/", {"content-type": "application/x-www-form-urlencoded"}, body, signer=signer)
        assert answer.status == 403 and b"<Code>SignatureDoesNotMatch</Code>" in answer.body
        assert (b"Signature expired: " if minutes < 0 else b"Signature not yet current: ") in answer.body

    def test_unsigned(self, wire):
        body = b"Action=GetCallerIdentity&Version=2011-06-15"
        headers = {"content-type": "application/x-www-form-urlencoded", "content-length": str(len(body))}
        answer = wire.send_as_is("POST", "/", headers, body)
        assert answer.status == 403 and b"<Code>MissingAuthenticationToken</Code>" in answer.body

    def test_by_get(self, wire, region, credentials):
        signer = Signer(credentials, region, "sts")
        answer = wire.send("GET", "/?Action=GetCallerIdentity&Version=2011-06-15", signer=signer)
        assert answer.status == 200 and b"<GetCallerIdentityResult>" in answer.body

    @pytest.mark.parametrize("action", ["AssumeRoleWithWebIdentity", "DecodeAuthorizationMessage"])
    def test_refused_by_name(self, wire, region, credentials, action):
        body = f"Action={action}&Version=2011-06-15".encode()
        answer = wire.send("POST", "/", {"content-type": "application/x-www-form-urlencoded"}, body,
                           signer=Signer(credentials, region, "sts"))
        assert answer.status in (400, 403, 501) and action.encode() in answer.body

    def test_unknown_action(self, wire, region, credentials):
        body = b"Action=Conjure&Version=2011-06-15"
        answer = wire.send("POST", "/", {"content-type": "application/x-www-form-urlencoded"}, body,
                           signer=Signer(credentials, region, "sts"))
        assert answer.status in (400, 404) and b"<Code>InvalidAction</Code>" in answer.body
