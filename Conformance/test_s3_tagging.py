"""Object tags: through their own operations and the x-amz-tagging header."""

import pytest

from conftest import client
from support.errors import assert_error, refused


def tags(**pairs):
    return {"TagSet": [{"Key": key, "Value": value} for key, value in pairs.items()]}


def read(s3, bucket, **arguments):
    answer = s3.get_object_tagging(Bucket=bucket, Key="k", **arguments)
    return {tag["Key"]: tag["Value"] for tag in answer["TagSet"]}


def test_put_get_delete(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    assert read(s3, bucket) == {}
    s3.put_object_tagging(Bucket=bucket, Key="k", Tagging=tags(a="1", b=""))
    assert read(s3, bucket) == {"a": "1", "b": ""}
    assert s3.get_object(Bucket=bucket, Key="k")["TagCount"] == 2
    s3.put_object_tagging(Bucket=bucket, Key="k", Tagging=tags(c="3"))
    assert read(s3, bucket) == {"c": "3"}
    s3.delete_object_tagging(Bucket=bucket, Key="k")
    assert read(s3, bucket) == {}
    assert "TagCount" not in s3.get_object(Bucket=bucket, Key="k")


def test_empty_set_clears(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"x", Tagging="a=1")
    s3.put_object_tagging(Bucket=bucket, Key="k", Tagging={"TagSet": []})
    assert read(s3, bucket) == {}


@pytest.mark.parametrize("header, expected", [
    ("a=1", {"a": "1"}), ("a=1&b=2", {"a": "1", "b": "2"}), ("a=", {"a": ""}), ("a", {"a": ""}),
    ("a%20b=c%3Ad", {"a b": "c:d"}), ("k=a+b", {"k": "a b"}), ("%C3%A9=%E6%97%A5", {"é": "日"}), ("", {}),
])
def test_header(wire, s3, bucket, header, expected):
    assert wire.send("PUT", f"/{bucket}/k", {"x-amz-tagging": header}, b"x").status == 200
    assert read(s3, bucket) == expected


@pytest.mark.parametrize("header", [
    "a=1&a=2", "aws:a=1", f"{'k' * 129}=1", f"k={'v' * 257}", "&".join(f"k{n}=1" for n in range(11)), "=1", "a=1&%zz=2",
], ids=["twice", "aws", "key", "value", "eleven", "no key", "escape"])
def test_header_refused(wire, s3, bucket, header):
    answer = wire.send("PUT", f"/{bucket}/k", {"x-amz-tagging": header}, b"x")
    assert_error(answer, ("InvalidTag", "BadRequest", "InvalidArgument"), 400)
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0


@pytest.mark.parametrize("pairs, codes", [
    ([("a", "1"), ("a", "2")], "InvalidTag"),
    ([("aws:a", "1")], "InvalidTag"),
    ([("k" * 129, "1")], "InvalidTag"),
    ([("k", "v" * 257)], "InvalidTag"),
    ([("a|b", "1")], "InvalidTag"),
    ([(f"k{n}", "1") for n in range(11)], ("BadRequest", "InvalidTag")),
], ids=["twice", "aws", "key", "value", "characters", "eleven"])
def test_document_refused(skylab_endpoint, credentials, s3, bucket, pairs, codes):
    s3.put_object(Bucket=bucket, Key="k", Body=b"x", Tagging="kept=1")
    unchecked = client("s3", skylab_endpoint, credentials, parameter_validation=False)
    with refused(codes, 400):
        unchecked.put_object_tagging(
            Bucket=bucket, Key="k", Tagging={"TagSet": [{"Key": key, "Value": value} for key, value in pairs]})
    assert read(s3, bucket) == {"kept": "1"}


@pytest.mark.parametrize("document", [
    b"", b"x", b"<Tagging>", b"<Tagging/>", b"<Tagging><TagSet><Tag><Key>a</Key></Tag></TagSet></Tagging>"])
def test_document_malformed(wire, s3, bucket, document):
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    answer = wire.send("PUT", f"/{bucket}/k?tagging", {}, document)
    assert_error(answer, ("MalformedXML", "MissingRequestBodyError"), 400)


def test_limits_that_hold(s3, bucket):
    most = {f"k{n}" + "é" * 100: "v" * 256 for n in range(10)}
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    s3.put_object_tagging(Bucket=bucket, Key="k", Tagging=tags(**most))
    assert read(s3, bucket) == most


def test_of_a_version(s3, versioned):
    old = s3.put_object(Bucket=versioned, Key="k", Body=b"1", Tagging="v=old")["VersionId"]
    new = s3.put_object(Bucket=versioned, Key="k", Body=b"2")["VersionId"]
    assert read(s3, versioned, VersionId=old) == {"v": "old"} and read(s3, versioned) == {}
    answer = s3.put_object_tagging(Bucket=versioned, Key="k", VersionId=old, Tagging=tags(v="older"))
    assert answer["VersionId"] == old
    assert read(s3, versioned, VersionId=old) == {"v": "older"}
    assert s3.get_object_tagging(Bucket=versioned, Key="k")["VersionId"] == new
    assert s3.delete_object_tagging(Bucket=versioned, Key="k", VersionId=old)["VersionId"] == old
    assert read(s3, versioned, VersionId=old) == {}


def test_missing_key(s3, bucket):
    for call in (s3.get_object_tagging, s3.delete_object_tagging):
        with refused("NoSuchKey", 404):
            call(Bucket=bucket, Key="never")
    with refused("NoSuchKey", 404):
        s3.put_object_tagging(Bucket=bucket, Key="never", Tagging=tags(a="1"))


def test_tags_change_neither_etag_nor_time(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    before = s3.head_object(Bucket=bucket, Key="k")
    s3.put_object_tagging(Bucket=bucket, Key="k", Tagging=tags(a="1"))
    after = s3.head_object(Bucket=bucket, Key="k")
    assert (before["ETag"], before["LastModified"]) == (after["ETag"], after["LastModified"])
