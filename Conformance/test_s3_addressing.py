"""Where the bucket's name stands: in the path or in the host."""

import pytest

from support.errors import assert_error


def hosts(port):
    """(host, whether it names the bucket)"""
    return [
        (f"localhost:{port}", False),
        (f"s3.localhost:{port}", False),
        (f"s3.ap-south-1.amazonaws.com:{port}", False),
        ("s3.amazonaws.com", False),
        (f"{{bucket}}.localhost:{port}", True),
        (f"{{bucket}}.s3.localhost:{port}", True),
        ("{bucket}.s3.ap-south-1.amazonaws.com", True),
        ("{bucket}.s3.amazonaws.com", True),
    ]


@pytest.mark.parametrize("number", range(8))
def test_each_host_reads_and_writes_the_same(wire, s3, bucket, number):
    host, names_bucket = hosts(wire.port)[number]
    headers = {"host": host.format(bucket=bucket)}
    path = "/dir/k%20ey" if names_bucket else f"/{bucket}/dir/k%20ey"
    assert wire.send("PUT", path, headers, b"content").status == 200
    assert s3.get_object(Bucket=bucket, Key="dir/k ey")["Body"].read() == b"content"
    assert wire.send("GET", path, headers).body == b"content"


@pytest.mark.parametrize("number", [4, 5, 6, 7])
def test_bucket_operations_by_host(wire, s3, bucket, number):
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    headers = {"host": hosts(wire.port)[number][0].format(bucket=bucket)}
    assert b"<Key>k</Key>" in wire.send("GET", "/?list-type=2", headers).body
    assert wire.send("HEAD", "/", headers).status == 200
    assert b"VersioningConfiguration" in wire.send("GET", "/?versioning", headers).body


def test_bucket_with_dots_by_host(wire, s3, region):
    name = "conformance.with.dots"
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": region})
    s3.put_object(Bucket=name, Key="k", Body=b"x")
    assert wire.send("GET", "/k", {"host": f"{name}.s3.localhost:{wire.port}"}).body == b"x"
    s3.delete_object(Bucket=name, Key="k")
    s3.delete_bucket(Bucket=name)


def test_path_style_with_and_without_a_slash(wire, bucket):
    for path in (f"/{bucket}", f"/{bucket}/"):
        assert b"ListBucketResult" in wire.send("GET", path).body


def test_missing_bucket_by_host(wire):
    answer = wire.send("GET", "/", {"host": f"conformance-never-made.s3.localhost:{wire.port}"})
    assert_error(answer, "NoSuchBucket", 404)


def test_double_slashes_are_kept(wire, s3, bucket):
    assert wire.send("PUT", f"/{bucket}//a//b/", {}, b"x").status == 200
    assert [entry["Key"] for entry in s3.list_objects_v2(Bucket=bucket)["Contents"]] == ["/a//b/"]


def test_dots_are_no_way_up(wire, s3, bucket):
    assert wire.send("PUT", f"/{bucket}/../../etc/x", {}, b"x").status == 200
    assert [entry["Key"] for entry in s3.list_objects_v2(Bucket=bucket)["Contents"]] == ["../../etc/x"]


def test_empty_value_of_a_subresource(wire, s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"x", Tagging="a=1")
    assert b"<Key>a</Key>" in wire.send("GET", f"/{bucket}/k?tagging=").body
    assert b"LocationConstraint" in wire.send("GET", f"/{bucket}?location=").body


def test_operation_name_that_sdks_add_is_ignored(wire, bucket):
    assert wire.send("PUT", f"/{bucket}/k?x-id=PutObject", {}, b"x").status == 200
    assert wire.send("GET", f"/{bucket}/k?x-id=GetObject").body == b"x"
