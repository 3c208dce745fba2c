"""CopyObject: from any key and version, with the metadata and tags of the source or new ones."""

import os
from datetime import timedelta
from urllib.parse import quote

import pytest
from botocore.exceptions import ClientError

from support.checksums import checksum, etag, multipart_etag
from support.errors import assert_error, refused

BODY = os.urandom(10_000)
TAGS = [{"Key": "a", "Value": "1"}]


@pytest.fixture
def source(s3, bucket):
    s3.put_object(Bucket=bucket, Key="source", Body=BODY, ContentType="text/plain", CacheControl="no-cache",
                  Metadata={"note": "original"}, Tagging="a=1", ChecksumAlgorithm="SHA256")
    return {"Bucket": bucket, "Key": "source"}


def test_bytes_metadata_and_tags_come_along(s3, bucket, source):
    answer = s3.copy_object(Bucket=bucket, Key="copy", CopySource=source)
    assert answer["CopyObjectResult"]["ETag"] == etag(BODY)
    assert answer["CopyObjectResult"]["LastModified"]
    read = s3.get_object(Bucket=bucket, Key="copy", ChecksumMode="ENABLED")
    assert (read["Body"].read(), read["ContentType"], read["CacheControl"]) == (BODY, "text/plain", "no-cache")
    assert read["Metadata"] == {"note": "original"}
    assert read["ChecksumSHA256"] == checksum("SHA256", BODY)
    assert s3.get_object_tagging(Bucket=bucket, Key="copy")["TagSet"] == TAGS


def test_across_buckets(s3, bucket, make_bucket, source):
    other = make_bucket()
    s3.copy_object(Bucket=other, Key="k", CopySource=source)
    assert s3.get_object(Bucket=other, Key="k")["Body"].read() == BODY


@pytest.mark.parametrize("key", ["a b+c%d", "ünï/日本", "a?versionId=x", "//x", "../up", "a&b=c"])
def test_awkward_source_keys(s3, bucket, key):
    s3.put_object(Bucket=bucket, Key=key, Body=key.encode())
    s3.copy_object(Bucket=bucket, Key="copy", CopySource={"Bucket": bucket, "Key": key})
    assert s3.get_object(Bucket=bucket, Key="copy")["Body"].read() == key.encode()


@pytest.mark.parametrize("form", ["{bucket}/{key}", "/{bucket}/{key}"])
@pytest.mark.parametrize("encoded", [True, False])
def test_forms_of_the_source_header(wire, s3, bucket, form, encoded):
    s3.put_object(Bucket=bucket, Key="dir/key", Body=b"x")
    source = form.format(bucket=bucket, key=quote("dir/key", safe="") if encoded else "dir/key")
    answer = wire.send("PUT", f"/{bucket}/copy", {"x-amz-copy-source": source})
    assert answer.status == 200, answer.body


def test_replace_metadata(s3, bucket, source):
    s3.copy_object(Bucket=bucket, Key="copy", CopySource=source, MetadataDirective="REPLACE",
                   Metadata={"new": "1"}, ContentType="text/html")
    read = s3.head_object(Bucket=bucket, Key="copy")
    assert (read["Metadata"], read["ContentType"]) == ({"new": "1"}, "text/html")
    assert "CacheControl" not in read


def test_metadata_given_without_replace_is_ignored(s3, bucket, source):
    s3.copy_object(Bucket=bucket, Key="copy", CopySource=source, Metadata={"new": "1"}, ContentType="text/html")
    read = s3.head_object(Bucket=bucket, Key="copy")
    assert (read["Metadata"], read["ContentType"]) == ({"note": "original"}, "text/plain")


def test_replace_tags(s3, bucket, source):
    s3.copy_object(Bucket=bucket, Key="copy", CopySource=source, TaggingDirective="REPLACE", Tagging="b=2")
    assert s3.get_object_tagging(Bucket=bucket, Key="copy")["TagSet"] == [{"Key": "b", "Value": "2"}]
    s3.copy_object(Bucket=bucket, Key="bare", CopySource=source, TaggingDirective="REPLACE")
    assert s3.get_object_tagging(Bucket=bucket, Key="bare")["TagSet"] == []


@pytest.mark.parametrize("header", ["x-amz-metadata-directive", "x-amz-tagging-directive"])
def test_unknown_directive(wire, bucket, source, header):
    headers = {"x-amz-copy-source": f"{bucket}/source", header: "KEEP"}
    assert_error(wire.send("PUT", f"/{bucket}/copy", headers), ("InvalidArgument", "InvalidRequest"), 400)


class TestOntoItself:
    def test_with_nothing_changed(self, s3, bucket, source):
        with refused("InvalidRequest", 400) as caught:
            s3.copy_object(Bucket=bucket, Key="source", CopySource=source)
        assert "without changing the object's metadata" in caught.value.response["Error"]["Message"]

    def test_with_new_metadata(self, s3, bucket, source):
        s3.copy_object(Bucket=bucket, Key="source", CopySource=source, MetadataDirective="REPLACE", Metadata={"v": "2"})
        read = s3.get_object(Bucket=bucket, Key="source")
        assert (read["Body"].read(), read["Metadata"]) == (BODY, {"v": "2"})

    def test_with_a_new_storage_class(self, s3, bucket, source):
        s3.copy_object(Bucket=bucket, Key="source", CopySource=source, StorageClass="STANDARD_IA")
        read = s3.head_object(Bucket=bucket, Key="source")
        assert (read["StorageClass"], read["Metadata"]) == ("STANDARD_IA", {"note": "original"})

    def test_from_an_old_version(self, s3, versioned):
        old = s3.put_object(Bucket=versioned, Key="k", Body=b"old")["VersionId"]
        s3.put_object(Bucket=versioned, Key="k", Body=b"new")
        s3.copy_object(Bucket=versioned, Key="k", CopySource={"Bucket": versioned, "Key": "k", "VersionId": old})
        assert s3.get_object(Bucket=versioned, Key="k")["Body"].read() == b"old"


class TestSource:
    def test_missing_key(self, s3, bucket):
        with refused("NoSuchKey", 404):
            s3.copy_object(Bucket=bucket, Key="copy", CopySource={"Bucket": bucket, "Key": "never"})

    def test_missing_bucket(self, s3, bucket):
        with refused("NoSuchBucket", 404):
            s3.copy_object(Bucket=bucket, Key="copy", CopySource={"Bucket": "conformance-never-made", "Key": "k"})

    def test_missing_version(self, s3, versioned):
        gone = s3.put_object(Bucket=versioned, Key="k", Body=b"x")["VersionId"]
        s3.delete_object(Bucket=versioned, Key="k", VersionId=gone)
        with refused("NoSuchVersion", 404):
            s3.copy_object(Bucket=versioned, Key="copy", CopySource={"Bucket": versioned, "Key": "k", "VersionId": gone})

    def test_marker(self, s3, versioned):
        s3.put_object(Bucket=versioned, Key="k", Body=b"x")
        marker = s3.delete_object(Bucket=versioned, Key="k")["VersionId"]
        with refused("NoSuchKey", 404):
            s3.copy_object(Bucket=versioned, Key="copy", CopySource={"Bucket": versioned, "Key": "k"})
        with refused("InvalidRequest", 400):
            s3.copy_object(
                Bucket=versioned, Key="copy", CopySource={"Bucket": versioned, "Key": "k", "VersionId": marker})

    @pytest.mark.parametrize("value", ["", "nokey", "/", "//", "bucket/"])
    def test_malformed(self, wire, s3, bucket, value):
        answer = wire.send("PUT", f"/{bucket}/copy", {"x-amz-copy-source": value})
        assert answer.status in (400, 404), (answer.status, answer.body)
        assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0

    def test_version_ids_are_told(self, s3, versioned):
        version = s3.put_object(Bucket=versioned, Key="k", Body=b"x")["VersionId"]
        answer = s3.copy_object(Bucket=versioned, Key="copy", CopySource=f"{versioned}/k")
        assert answer["CopySourceVersionId"] == version
        assert answer["VersionId"] not in (version, "null")


class TestConditions:
    @pytest.mark.parametrize("conditions, ok", [
        ({"CopySourceIfMatch": "tag"}, True),
        ({"CopySourceIfMatch": "other"}, False),
        ({"CopySourceIfNoneMatch": "tag"}, False),
        ({"CopySourceIfNoneMatch": "other"}, True),
        ({"CopySourceIfModifiedSince": "before"}, True),
        ({"CopySourceIfModifiedSince": "modified"}, False),
        ({"CopySourceIfUnmodifiedSince": "before"}, False),
        ({"CopySourceIfUnmodifiedSince": "modified"}, True),
        ({"CopySourceIfMatch": "tag", "CopySourceIfUnmodifiedSince": "before"}, True),
        ({"CopySourceIfNoneMatch": "tag", "CopySourceIfModifiedSince": "before"}, False),
    ])
    def test_of_the_source(self, s3, bucket, source, conditions, ok):
        modified = s3.head_object(**source)["LastModified"]
        values = {"tag": etag(BODY), "other": etag(b"other"), "modified": modified,
                  "before": modified - timedelta(hours=1)}
        arguments = {name: values[value] for name, value in conditions.items()}
        if ok:
            s3.copy_object(Bucket=bucket, Key="copy", CopySource=source, **arguments)
        else:
            with refused("PreconditionFailed", 412):
                s3.copy_object(Bucket=bucket, Key="copy", CopySource=source, **arguments)
            with pytest.raises(ClientError):
                s3.head_object(Bucket=bucket, Key="copy")

    def test_of_the_target(self, wire, s3, bucket, source):
        s3.put_object(Bucket=bucket, Key="there", Body=b"x")
        headers = {"x-amz-copy-source": f"{bucket}/source", "if-none-match": "*"}
        assert_error(wire.send("PUT", f"/{bucket}/there", headers), "PreconditionFailed", 412)
        assert wire.send("PUT", f"/{bucket}/absent", headers).status == 200


def test_large_and_multipart_source(s3, bucket):
    parts = [os.urandom(5 * 1024 * 1024), os.urandom(1000)]
    upload = s3.create_multipart_upload(Bucket=bucket, Key="parts")["UploadId"]
    done = []
    for number, part in enumerate(parts, 1):
        tag = s3.upload_part(Bucket=bucket, Key="parts", UploadId=upload, PartNumber=number, Body=part)["ETag"]
        done.append({"PartNumber": number, "ETag": tag})
    whole = s3.complete_multipart_upload(
        Bucket=bucket, Key="parts", UploadId=upload, MultipartUpload={"Parts": done})
    assert whole["ETag"] == multipart_etag(parts)
    copied = s3.copy_object(Bucket=bucket, Key="copy", CopySource=f"{bucket}/parts")
    assert copied["CopyObjectResult"]["ETag"] == etag(b"".join(parts))
    assert s3.get_object(Bucket=bucket, Key="copy")["Body"].read() == b"".join(parts)


def test_another_checksum_may_be_asked_for(s3, bucket, source):
    answer = s3.copy_object(Bucket=bucket, Key="copy", CopySource=source, ChecksumAlgorithm="SHA1")
    assert answer["CopyObjectResult"]["ChecksumSHA1"] == checksum("SHA1", BODY)


def test_source_may_go_afterwards(s3, bucket, source):
    s3.copy_object(Bucket=bucket, Key="copy", CopySource=source)
    s3.delete_object(**source)
    assert s3.get_object(Bucket=bucket, Key="copy")["Body"].read() == BODY
