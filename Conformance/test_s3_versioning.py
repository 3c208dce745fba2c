"""Versioning: the three states, null versions, delete markers, restore and undelete."""

import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from botocore.exceptions import ClientError

from support.errors import assert_error, refused


def put(s3, bucket, body, key="k", **arguments):
    return s3.put_object(Bucket=bucket, Key=key, Body=body, **arguments).get("VersionId")


def body_of(s3, bucket, key="k", **arguments):
    return s3.get_object(Bucket=bucket, Key=key, **arguments)["Body"].read()


def history(s3, bucket, prefix=""):
    """Every version and marker in the order of the listing: (key, id, "version"/"marker", is latest)."""
    answer = s3.list_object_versions(Bucket=bucket, Prefix=prefix)
    entries = [(e, "version") for e in answer.get("Versions", [])]
    entries += [(e, "marker") for e in answer.get("DeleteMarkers", [])]
    return [(e["Key"], e["VersionId"], kind, e["IsLatest"]) for e, kind in entries]


def status(s3, bucket, state):
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": state})


class TestStates:
    def test_never_set_has_no_status(self, wire, s3, bucket):
        assert "Status" not in s3.get_bucket_versioning(Bucket=bucket)
        assert b"Status" not in wire.send("GET", f"/{bucket}?versioning").body

    @pytest.mark.parametrize("state", ["Enabled", "Suspended"])
    def test_read_back(self, s3, bucket, state):
        status(s3, bucket, state)
        assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == state

    @pytest.mark.parametrize("document", [
        b"<VersioningConfiguration><Status>Off</Status></VersioningConfiguration>",
        b"<VersioningConfiguration/>",
        b"<VersioningConfiguration><Status>Enabled</Status>",
        b"<Other><Status>Enabled</Status></Other>",
        b"",
        b"not xml",
    ])
    def test_malformed(self, wire, s3, bucket, document):
        answer = wire.send("PUT", f"/{bucket}?versioning", {}, document)
        assert_error(answer, ("MalformedXML", "IllegalVersioningConfigurationException", "MissingRequestBodyError"), 400)
        assert "Status" not in s3.get_bucket_versioning(Bucket=bucket)

    def test_mfa_delete_is_refused_not_ignored(self, s3, bucket):
        with pytest.raises(ClientError) as caught:
            s3.put_bucket_versioning(
                Bucket=bucket, MFA="arn 123456",
                VersioningConfiguration={"Status": "Enabled", "MFADelete": "Enabled"})
        assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] in (400, 403, 501)

    def test_subresource_with_an_empty_value(self, wire, s3, bucket):
        document = b"<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>"
        assert wire.send("PUT", f"/{bucket}?versioning=", {}, document).status == 200
        assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"


class TestNeverSet:
    def test_no_version_id_in_answers(self, wire, s3, bucket):
        assert put(s3, bucket, b"1") is None
        answer = s3.get_object(Bucket=bucket, Key="k")
        assert "VersionId" not in answer
        assert "VersionId" not in s3.head_object(Bucket=bucket, Key="k")
        removed = wire.send("DELETE", f"/{bucket}/k")
        assert removed.status == 204
        assert removed.headers["x-amz-version-id"] is None and removed.headers["x-amz-delete-marker"] is None

    def test_listed_as_null(self, s3, bucket):
        put(s3, bucket, b"1")
        put(s3, bucket, b"2")
        assert history(s3, bucket) == [("k", "null", "version", True)]

    def test_null_names_it(self, s3, bucket):
        put(s3, bucket, b"1")
        assert body_of(s3, bucket, VersionId="null") == b"1"

    def test_delete_removes(self, s3, bucket):
        put(s3, bucket, b"1")
        s3.delete_object(Bucket=bucket, Key="k")
        assert history(s3, bucket) == []

    def test_delete_null_removes(self, s3, bucket):
        put(s3, bucket, b"1")
        s3.delete_object(Bucket=bucket, Key="k", VersionId="null")
        assert history(s3, bucket) == []

    def test_delete_of_nothing(self, s3, bucket):
        s3.delete_object(Bucket=bucket, Key="never")
        assert history(s3, bucket) == []


class TestEnabled:
    def test_each_put_is_a_version(self, s3, versioned):
        ids = [put(s3, versioned, str(n).encode()) for n in range(4)]
        assert len(set(ids)) == 4
        assert history(s3, versioned) == [("k", i, "version", i == ids[-1]) for i in reversed(ids)]
        assert body_of(s3, versioned) == b"3"
        assert [body_of(s3, versioned, VersionId=i) for i in ids] == [b"0", b"1", b"2", b"3"]

    def test_version_ids_are_opaque(self, s3, versioned):
        ids = [put(s3, versioned, b"x") for _ in range(3)]
        assert all(re.fullmatch(r"[A-Za-z0-9._-]{32}", i) for i in ids), ids

    def test_version_ids_are_no_options(self, s3, versioned):
        """`--version-id -abc` is no value to the aws command, but a mistake."""
        with ThreadPoolExecutor(8) as pool:
            ids = list(pool.map(lambda _: put(s3, versioned, b"x"), range(300)))
        assert not [i for i in ids if i.startswith("-")]

    def test_old_object_becomes_the_null_version(self, s3, bucket):
        put(s3, bucket, b"before")
        status(s3, bucket, "Enabled")
        after = put(s3, bucket, b"after")
        assert history(s3, bucket) == [("k", after, "version", True), ("k", "null", "version", False)]
        assert body_of(s3, bucket, VersionId="null") == b"before"
        assert s3.get_object(Bucket=bucket, Key="k", VersionId="null")["VersionId"] == "null"

    def test_delete_inserts_a_marker(self, s3, versioned):
        version = put(s3, versioned, b"x")
        removed = s3.delete_object(Bucket=versioned, Key="k")
        assert removed["DeleteMarker"] is True and removed["VersionId"] != version
        with refused("NoSuchKey", 404):
            s3.get_object(Bucket=versioned, Key="k")
        assert body_of(s3, versioned, VersionId=version) == b"x"
        assert set(history(s3, versioned)) == {
            ("k", version, "version", False), ("k", removed["VersionId"], "marker", True)}

    def test_delete_of_nothing_inserts_a_marker_too(self, s3, versioned):
        removed = s3.delete_object(Bucket=versioned, Key="never")
        assert removed["DeleteMarker"] is True
        assert history(s3, versioned) == [("never", removed["VersionId"], "marker", True)]

    def test_delete_on_a_marker_adds_another(self, s3, versioned):
        first = s3.delete_object(Bucket=versioned, Key="k")["VersionId"]
        second = s3.delete_object(Bucket=versioned, Key="k")["VersionId"]
        assert first != second and len(history(s3, versioned)) == 2

    def test_delete_one_version_for_good(self, s3, versioned):
        first, second = put(s3, versioned, b"1"), put(s3, versioned, b"2")
        removed = s3.delete_object(Bucket=versioned, Key="k", VersionId=second)
        assert removed["VersionId"] == second and not removed.get("DeleteMarker")
        assert body_of(s3, versioned) == b"1"
        assert history(s3, versioned) == [("k", first, "version", True)]

    def test_undelete(self, s3, versioned):
        version = put(s3, versioned, b"x")
        marker = s3.delete_object(Bucket=versioned, Key="k")["VersionId"]
        removed = s3.delete_object(Bucket=versioned, Key="k", VersionId=marker)
        assert (removed["DeleteMarker"], removed["VersionId"]) == (True, marker)
        assert body_of(s3, versioned) == b"x"
        assert history(s3, versioned) == [("k", version, "version", True)]

    def test_restore_by_copy(self, s3, versioned):
        first = put(s3, versioned, b"first", Metadata={"note": "one"}, ContentType="text/plain")
        second = put(s3, versioned, b"second")
        source = {"Bucket": versioned, "Key": "k", "VersionId": first}
        copied = s3.copy_object(Bucket=versioned, Key="k", CopySource=source)
        assert copied["CopySourceVersionId"] == first
        assert copied["VersionId"] not in (first, second)
        read = s3.get_object(Bucket=versioned, Key="k")
        assert (read["Body"].read(), read["Metadata"], read["ContentType"]) == (b"first", {"note": "one"}, "text/plain")
        assert [entry[1] for entry in history(s3, versioned)] == [copied["VersionId"], second, first]

    def test_delete_a_version_that_is_not_there(self, s3, versioned):
        version = put(s3, versioned, b"x")
        s3.delete_object(Bucket=versioned, Key="k", VersionId=version)
        s3.delete_object(Bucket=versioned, Key="k", VersionId=version)

    def test_version_of_another_key(self, s3, versioned):
        version = put(s3, versioned, b"x", key="a")
        with refused("NoSuchVersion", 404):
            s3.get_object(Bucket=versioned, Key="b", VersionId=version)


class TestSuspended:
    def test_puts_replace_the_null_version_only(self, s3, versioned):
        kept = put(s3, versioned, b"kept")
        status(s3, versioned, "Suspended")
        assert put(s3, versioned, b"n1") == "null"
        assert put(s3, versioned, b"n2") == "null"
        assert history(s3, versioned) == [("k", "null", "version", True), ("k", kept, "version", False)]
        assert body_of(s3, versioned) == b"n2"
        assert body_of(s3, versioned, VersionId=kept) == b"kept"

    def test_null_version_from_before_is_replaced_and_becomes_newest(self, s3, bucket):
        put(s3, bucket, b"null 1")
        status(s3, bucket, "Enabled")
        middle = put(s3, bucket, b"middle")
        status(s3, bucket, "Suspended")
        put(s3, bucket, b"null 2")
        assert history(s3, bucket) == [("k", "null", "version", True), ("k", middle, "version", False)]
        assert body_of(s3, bucket, VersionId="null") == b"null 2"

    def test_delete_puts_a_null_marker_in_place_of_the_null_version(self, s3, versioned):
        kept = put(s3, versioned, b"kept")
        status(s3, versioned, "Suspended")
        put(s3, versioned, b"null")
        removed = s3.delete_object(Bucket=versioned, Key="k")
        assert (removed["DeleteMarker"], removed["VersionId"]) == (True, "null")
        assert set(history(s3, versioned)) == {("k", "null", "marker", True), ("k", kept, "version", False)}

    def test_second_delete_keeps_one_null_marker(self, s3, versioned):
        status(s3, versioned, "Suspended")
        s3.delete_object(Bucket=versioned, Key="k")
        s3.delete_object(Bucket=versioned, Key="k")
        assert history(s3, versioned) == [("k", "null", "marker", True)]

    def test_put_replaces_a_null_marker(self, s3, versioned):
        status(s3, versioned, "Suspended")
        s3.delete_object(Bucket=versioned, Key="k")
        put(s3, versioned, b"back")
        assert history(s3, versioned) == [("k", "null", "version", True)]

    def test_undelete_a_null_marker(self, s3, versioned):
        kept = put(s3, versioned, b"kept")
        status(s3, versioned, "Suspended")
        s3.delete_object(Bucket=versioned, Key="k")
        removed = s3.delete_object(Bucket=versioned, Key="k", VersionId="null")
        assert (removed["DeleteMarker"], removed["VersionId"]) == (True, "null")
        assert history(s3, versioned) == [("k", kept, "version", True)]
        assert body_of(s3, versioned) == b"kept"

    def test_enabled_again_keeps_the_null_version(self, s3, versioned):
        status(s3, versioned, "Suspended")
        put(s3, versioned, b"null")
        status(s3, versioned, "Enabled")
        fresh = put(s3, versioned, b"fresh")
        assert history(s3, versioned) == [("k", fresh, "version", True), ("k", "null", "version", False)]

    def test_copy_and_multipart_write_null_too(self, s3, versioned):
        put(s3, versioned, b"source", key="source")
        status(s3, versioned, "Suspended")
        copied = s3.copy_object(Bucket=versioned, Key="copy", CopySource=f"{versioned}/source")
        assert copied["VersionId"] == "null"
        upload = s3.create_multipart_upload(Bucket=versioned, Key="parts")["UploadId"]
        part = s3.upload_part(Bucket=versioned, Key="parts", UploadId=upload, PartNumber=1, Body=b"p")
        done = s3.complete_multipart_upload(
            Bucket=versioned, Key="parts", UploadId=upload,
            MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]})
        assert done["VersionId"] == "null"


class TestReadingMarkers:
    @pytest.fixture
    def marked(self, s3, versioned):
        version = put(s3, versioned, b"x")
        return versioned, version, s3.delete_object(Bucket=versioned, Key="k")["VersionId"]

    @pytest.mark.parametrize("method", ["GET", "HEAD"])
    def test_without_id(self, wire, marked, method):
        bucket, _, marker = marked
        answer = wire.send(method, f"/{bucket}/k")
        assert answer.status == 404
        assert answer.headers["x-amz-delete-marker"] == "true"
        assert answer.headers["x-amz-version-id"] == marker
        if method == "GET":
            assert assert_error(answer, "NoSuchKey", 404)["Key"] == "k"
        else:
            assert answer.body == b""

    @pytest.mark.parametrize("method", ["GET", "HEAD"])
    def test_with_id(self, wire, marked, method):
        bucket, _, marker = marked
        answer = wire.send(method, f"/{bucket}/k?versionId={marker}")
        assert answer.status == 405
        assert answer.headers["x-amz-delete-marker"] == "true"
        assert answer.headers["Allow"] == "DELETE"
        assert answer.headers["Last-Modified"]
        if method == "GET":
            assert_error(answer, "MethodNotAllowed", 405)

    def test_tagging_of_a_marker(self, s3, marked):
        bucket, _, marker = marked
        with refused("MethodNotAllowed", 405):
            s3.get_object_tagging(Bucket=bucket, Key="k", VersionId=marker)

    def test_unknown_version(self, s3, marked):
        bucket, version, _ = marked
        unknown = version[:-4] + ("AAAA" if not version.endswith("AAAA") else "BBBB")
        with refused("NoSuchVersion", 404):
            s3.get_object(Bucket=bucket, Key="k", VersionId=unknown)
        with refused("404", 404):
            s3.head_object(Bucket=bucket, Key="k", VersionId=unknown)

    @pytest.mark.parametrize("method", ["GET", "DELETE"])
    @pytest.mark.parametrize("version", ["", "%00", "no%20id", "x" * 2000], ids=["empty", "nul", "space", "long"])
    def test_malformed_version(self, wire, marked, method, version):
        bucket = marked[0]
        answer = wire.send(method, f"/{bucket}/k?versionId={version}")
        members = assert_error(answer, "InvalidArgument", 400)
        assert members["ArgumentName"] == "versionId"

    def test_null_where_none_is(self, s3, marked):
        with refused("NoSuchVersion", 404):
            s3.get_object(Bucket=marked[0], Key="k", VersionId="null")


def test_concurrent_writes_are_all_kept_and_the_last_acknowledged_stands(s3, versioned):
    with ThreadPoolExecutor(16) as pool:
        ids = list(pool.map(lambda n: put(s3, versioned, str(n).encode()), range(64)))
    entries = history(s3, versioned)
    assert {entry[1] for entry in entries} == set(ids) and len(entries) == 64
    assert [entry[3] for entry in entries] == [True] + [False] * 63
    newest = entries[0][1]
    assert s3.head_object(Bucket=versioned, Key="k")["VersionId"] == newest
    assert body_of(s3, versioned) == str(ids.index(newest)).encode()


def test_read_after_write_and_after_delete(s3, versioned):
    for n in range(20):
        put(s3, versioned, str(n).encode())
        assert body_of(s3, versioned) == str(n).encode()
        assert s3.list_objects_v2(Bucket=versioned)["KeyCount"] == 1
        s3.delete_object(Bucket=versioned, Key="k")
        assert s3.list_objects_v2(Bucket=versioned)["KeyCount"] == 0
