"""Presigned URLs, made by boto3 and by hand, and calls that are not signed at all."""

from datetime import timedelta
from urllib.parse import urlsplit

import pytest
import requests

from conftest import client
from support.errors import assert_error
from support.sigv4 import now


def target(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}"


@pytest.fixture
def presign(skylab_endpoint, credentials):
    signing = client("s3", skylab_endpoint, credentials, signature_version="s3v4")

    def presign(operation, expires=300, **parameters):
        return signing.generate_presigned_url(operation, Params=parameters, ExpiresIn=expires)

    return presign


class TestByBoto3:
    def test_get(self, s3, bucket, presign):
        s3.put_object(Bucket=bucket, Key="a b/ü+", Body=b"content")
        answer = requests.get(presign("get_object", Bucket=bucket, Key="a b/ü+"), timeout=10)
        assert (answer.status_code, answer.content) == (200, b"content")

    def test_get_of_a_version_with_overrides(self, s3, versioned, presign):
        old = s3.put_object(Bucket=versioned, Key="k", Body=b"old")["VersionId"]
        s3.put_object(Bucket=versioned, Key="k", Body=b"new")
        url = presign("get_object", Bucket=versioned, Key="k", VersionId=old,
                      ResponseContentDisposition='attachment; filename="f"', ResponseContentType="text/x-test")
        answer = requests.get(url, timeout=10)
        assert answer.content == b"old"
        assert answer.headers["Content-Disposition"] == 'attachment; filename="f"'
        assert answer.headers["Content-Type"] == "text/x-test"

    def test_put(self, s3, bucket, presign):
        url = presign("put_object", Bucket=bucket, Key="k")
        assert requests.put(url, data=b"content", timeout=10).status_code == 200
        assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"content"

    def test_put_with_a_signed_content_type(self, s3, bucket, presign):
        url = presign("put_object", Bucket=bucket, Key="k", ContentType="text/x-test")
        wrong = requests.put(url, data=b"x", headers={"content-type": "text/html"}, timeout=10)
        assert wrong.status_code == 403 and b"SignatureDoesNotMatch" in wrong.content
        assert requests.put(url, data=b"x", headers={"content-type": "text/x-test"}, timeout=10).status_code == 200

    def test_head_delete_list(self, s3, bucket, presign):
        s3.put_object(Bucket=bucket, Key="k", Body=b"x")
        assert requests.head(presign("head_object", Bucket=bucket, Key="k"), timeout=10).status_code == 200
        assert b"<Key>k</Key>" in requests.get(presign("list_objects_v2", Bucket=bucket), timeout=10).content
        assert requests.delete(presign("delete_object", Bucket=bucket, Key="k"), timeout=10).status_code == 204

    def test_range(self, s3, bucket, presign):
        s3.put_object(Bucket=bucket, Key="k", Body=b"0123456789")
        url = presign("get_object", Bucket=bucket, Key="k")
        assert requests.get(url, headers={"range": "bytes=2-4"}, timeout=10).content == b"234"

    def test_method_is_part_of_it(self, bucket, presign):
        answer = requests.put(presign("get_object", Bucket=bucket, Key="k"), data=b"x", timeout=10)
        assert answer.status_code == 403 and b"SignatureDoesNotMatch" in answer.content

    def test_key_is_part_of_it(self, s3, bucket, presign):
        s3.put_object(Bucket=bucket, Key="other", Body=b"x")
        url = presign("get_object", Bucket=bucket, Key="k").replace(f"/{bucket}/k?", f"/{bucket}/other?")
        assert requests.get(url, timeout=10).status_code == 403

    def test_added_parameter_breaks_it(self, s3, bucket, presign):
        s3.put_object(Bucket=bucket, Key="k", Body=b"x")
        url = presign("get_object", Bucket=bucket, Key="k")
        assert requests.get(f"{url}&response-content-type=text/html", timeout=10).status_code == 403

    def test_multipart(self, s3, bucket, presign):
        upload = s3.create_multipart_upload(Bucket=bucket, Key="k")["UploadId"]
        url = presign("upload_part", Bucket=bucket, Key="k", UploadId=upload, PartNumber=1)
        tag = requests.put(url, data=b"part", timeout=10).headers["ETag"]
        s3.complete_multipart_upload(
            Bucket=bucket, Key="k", UploadId=upload, MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": tag}]})
        assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"part"


class TestByHand:
    def test_expired(self, wire, bucket):
        past = wire.signer.at(now() - timedelta(minutes=10))
        answer = wire.send_as_is("GET", past.presign("GET", f"/{bucket}/k", wire.authority, expires=60))
        members = assert_error(answer, "AccessDenied", 403)
        assert members["Message"] == "Request has expired"
        assert members["X-Amz-Expires"] == "60" and members["Expires"] and members["ServerTime"]

    def test_still_good_after_the_skew_of_headers(self, wire, s3, bucket):
        s3.put_object(Bucket=bucket, Key="k", Body=b"x")
        past = wire.signer.at(now() - timedelta(hours=20))
        answer = wire.send_as_is("GET", past.presign("GET", f"/{bucket}/k", wire.authority, expires=86_400))
        assert (answer.status, answer.body) == (200, b"x")

    def test_not_yet_valid(self, wire, bucket):
        future = wire.signer.at(now() + timedelta(hours=1))
        answer = wire.send_as_is("GET", future.presign("GET", f"/{bucket}/k", wire.authority))
        assert_error(answer, ("AccessDenied", "RequestTimeTooSkewed"), 403)

    @pytest.mark.parametrize("expires", ["0", "-1", "604801", "x", ""])
    def test_life_out_of_bounds(self, wire, bucket, expires):
        answer = wire.send_as_is("GET", wire.signer.presign("GET", f"/{bucket}/k", wire.authority, expires=expires))
        assert_error(answer, "AuthorizationQueryParametersError", 400)

    def test_longest_life(self, wire, s3, bucket):
        s3.put_object(Bucket=bucket, Key="k", Body=b"x")
        answer = wire.send_as_is("GET", wire.signer.presign("GET", f"/{bucket}/k", wire.authority, expires=604_800))
        assert answer.status == 200

    @pytest.mark.parametrize("missing", [
        "X-Amz-Credential", "X-Amz-Date", "X-Amz-Expires", "X-Amz-SignedHeaders", "X-Amz-Signature"])
    def test_part_is_missing(self, wire, bucket, missing):
        path, _, query = wire.signer.presign("GET", f"/{bucket}/k", wire.authority).partition("?")
        rest = "&".join(item for item in query.split("&") if not item.startswith(missing + "="))
        assert_error(wire.send_as_is("GET", f"{path}?{rest}"), "AuthorizationQueryParametersError", 400)

    @pytest.mark.parametrize("name, value", [
        ("X-Amz-Credential", "nonsense"), ("X-Amz-Credential", "a/b/c"), ("X-Amz-Date", "yesterday"),
        ("X-Amz-Algorithm", "AWS4-HMAC-SHA1"), ("X-Amz-Algorithm", "AWS4-ECDSA-P256-SHA256")])
    def test_part_is_malformed(self, wire, bucket, name, value):
        path, _, query = wire.signer.presign("GET", f"/{bucket}/k", wire.authority).partition("?")
        items = [f"{name}={value}" if item.startswith(name + "=") else item for item in query.split("&")]
        answer = wire.send_as_is("GET", f"{path}?{'&'.join(items)}")
        assert_error(answer, ("AuthorizationQueryParametersError", "InvalidArgument", "NotImplemented"), answer.status)
        assert answer.status in (400, 501)

    def test_header_and_query_at_once(self, wire, bucket):
        path = wire.signer.presign("GET", f"/{bucket}/k", wire.authority)
        assert_error(wire.send("GET", path), "InvalidArgument", 400)

    def test_wrong_signature_tells_what_was_signed(self, wire, bucket):
        path = wire.signer.presign("GET", f"/{bucket}/k", wire.authority)
        members = assert_error(wire.send_as_is("GET", path[:-4] + "0000"), "SignatureDoesNotMatch", 403)
        assert members["StringToSign"].startswith("AWS4-HMAC-SHA256\n")
        assert "X-Amz-Signature" not in members["CanonicalRequest"]


class TestAnonymous:
    @pytest.mark.parametrize("method, path", [
        ("GET", "/{bucket}"), ("GET", "/{bucket}/k"), ("GET", "/{bucket}/never"), ("PUT", "/{bucket}/k"),
        ("DELETE", "/{bucket}/k"), ("GET", "/{bucket}?versioning")])
    def test_denied(self, wire, s3, bucket, method, path):
        s3.put_object(Bucket=bucket, Key="k", Body=b"x")
        body = b"changed" if method == "PUT" else b""
        headers = {"content-length": str(len(body))} if body else {}
        assert_error(wire.send_as_is(method, path.format(bucket=bucket), headers, body), "AccessDenied", 403)
        assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"x"

    def test_head_denied_without_a_body(self, wire, bucket):
        answer = wire.send_as_is("HEAD", f"/{bucket}/k")
        assert (answer.status, answer.body) == (403, b"")
