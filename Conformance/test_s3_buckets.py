"""Buckets: names, regions, existence, listing, deletion, tags."""

import xml.etree.ElementTree as ElementTree

import pytest
from botocore.exceptions import ClientError

from conftest import REGION, client, unique_name
from support.errors import assert_error, refused

ELSEWHERE = "eu-west-1" if REGION != "eu-west-1" else "ap-south-1"
CONSTRAINT = f"<CreateBucketConfiguration><LocationConstraint>{REGION}</LocationConstraint></CreateBucketConfiguration>"


def test_created_bucket_is_there(s3, make_bucket):
    name = make_bucket()
    head = s3.head_bucket(Bucket=name)
    assert head["BucketRegion"] == REGION
    assert head["BucketArn"] == f"arn:aws:s3:::{name}"
    listed = {entry["Name"]: entry for entry in s3.list_buckets()["Buckets"]}
    assert listed[name]["CreationDate"].tzinfo is not None


def test_create_answers_location(s3, region):
    name = unique_name()
    answer = s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": region})
    assert name in answer["Location"]
    assert answer["BucketArn"] == f"arn:aws:s3:::{name}"
    s3.delete_bucket(Bucket=name)


@pytest.mark.parametrize("configuration", [None, {"LocationConstraint": ELSEWHERE}])
def test_location_constraint_must_be_the_endpoints_region(s3, configuration):
    arguments = {"CreateBucketConfiguration": configuration} if configuration else {}
    with refused(("IllegalLocationConstraintException", "InvalidLocationConstraint"), 400):
        s3.create_bucket(Bucket=unique_name(), **arguments)


@pytest.mark.parametrize("name", [
    "ab", "a" * 64, "Conformance-upper", "under_score", "-leading", "trailing-", ".leading", "trailing.", "two..dots",
    "192.168.5.4", "xn--conformance", "sthree-conformance", "amzn-s3-demo-conformance", "conformance-s3alias",
    "conformance--ol-s3", "conformance.mrap", "conformance--x-s3", "sp%20ace",
])
def test_names_that_are_none(wire, name):
    answer = wire.send("PUT", f"/{name}", {}, CONSTRAINT.encode())
    members = assert_error(answer, "InvalidBucketName", 400)
    assert members["BucketName"] == name.replace("%20", " ")


@pytest.mark.parametrize("name", ["abc", "a.b-c", "1conformance1", "x" * 63])
def test_names_that_are_some(s3, region, name):
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": region})
    s3.delete_bucket(Bucket=name)


def test_own_bucket_again(s3, bucket, region):
    with refused("BucketAlreadyOwnedByYou", 409):
        s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": region})


def test_create_with_malformed_body(wire):
    name = unique_name()
    assert_error(wire.send("PUT", f"/{name}", {}, b"<CreateBucketConfiguration><Location"), "MalformedXML", 400)
    assert wire.send("HEAD", f"/{name}").status == 404


MISSING = "conformance-never-made"


@pytest.mark.parametrize("call", [
    lambda s3: s3.list_objects(Bucket=MISSING),
    lambda s3: s3.list_objects_v2(Bucket=MISSING),
    lambda s3: s3.list_object_versions(Bucket=MISSING),
    lambda s3: s3.list_multipart_uploads(Bucket=MISSING),
    lambda s3: s3.get_bucket_location(Bucket=MISSING),
    lambda s3: s3.get_bucket_versioning(Bucket=MISSING),
    lambda s3: s3.put_bucket_versioning(Bucket=MISSING, VersioningConfiguration={"Status": "Enabled"}),
    lambda s3: s3.get_bucket_tagging(Bucket=MISSING),
    lambda s3: s3.delete_bucket(Bucket=MISSING),
    lambda s3: s3.put_object(Bucket=MISSING, Key="k", Body=b"x"),
    lambda s3: s3.get_object(Bucket=MISSING, Key="k"),
    lambda s3: s3.delete_object(Bucket=MISSING, Key="k"),
    lambda s3: s3.delete_objects(Bucket=MISSING, Delete={"Objects": [{"Key": "k"}]}),
    lambda s3: s3.create_multipart_upload(Bucket=MISSING, Key="k"),
    lambda s3: s3.copy_object(Bucket=MISSING, Key="k", CopySource=f"{MISSING}/j"),
    lambda s3: s3.get_object_tagging(Bucket=MISSING, Key="k"),
])
def test_missing_bucket(s3, call):
    with refused("NoSuchBucket", 404) as caught:
        call(s3)
    assert caught.value.response["Error"]["BucketName"] == MISSING


def test_head_of_missing_bucket_has_no_body(wire):
    answer = wire.send("HEAD", f"/{MISSING}")
    assert (answer.status, answer.body) == (404, b"")


def test_delete_empty_bucket(wire, s3, make_bucket):
    name = make_bucket()
    answer = wire.send("DELETE", f"/{name}")
    assert (answer.status, answer.body) == (204, b"")
    with pytest.raises(ClientError):
        s3.head_bucket(Bucket=name)


def test_delete_refused_while_an_object_is_there(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"")
    with refused("BucketNotEmpty", 409):
        s3.delete_bucket(Bucket=bucket)


def test_delete_refused_while_only_a_delete_marker_is_there(s3, versioned):
    marker = s3.delete_object(Bucket=versioned, Key="never")["VersionId"]
    with refused("BucketNotEmpty", 409):
        s3.delete_bucket(Bucket=versioned)
    s3.delete_object(Bucket=versioned, Key="never", VersionId=marker)
    s3.delete_bucket(Bucket=versioned)


def test_delete_refused_while_only_an_old_version_is_there(s3, versioned):
    version = s3.put_object(Bucket=versioned, Key="k", Body=b"x")["VersionId"]
    marker = s3.delete_object(Bucket=versioned, Key="k")["VersionId"]
    s3.delete_object(Bucket=versioned, Key="k", VersionId=marker)
    with refused("BucketNotEmpty", 409):
        s3.delete_bucket(Bucket=versioned)
    s3.delete_object(Bucket=versioned, Key="k", VersionId=version)
    s3.delete_bucket(Bucket=versioned)


def test_open_upload_does_not_hold_a_bucket(s3, bucket):
    s3.create_multipart_upload(Bucket=bucket, Key="k")
    s3.delete_bucket(Bucket=bucket)


def test_bucket_made_anew_is_empty(s3, region, make_bucket):
    name = make_bucket(versioning="Enabled")
    version = s3.put_object(Bucket=name, Key="k", Body=b"old")["VersionId"]
    s3.delete_object(Bucket=name, Key="k", VersionId=version)
    s3.delete_bucket(Bucket=name)
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": region})
    assert "Status" not in s3.get_bucket_versioning(Bucket=name)
    assert s3.list_objects_v2(Bucket=name)["KeyCount"] == 0


def test_location(s3, bucket):
    assert s3.get_bucket_location(Bucket=bucket)["LocationConstraint"] == REGION


def test_location_is_the_text_of_the_root_element(wire, bucket):
    root = ElementTree.fromstring(wire.send("GET", f"/{bucket}?location").body)
    assert root.tag == "{http://s3.amazonaws.com/doc/2006-03-01/}LocationConstraint"
    assert root.text == REGION


def test_list_buckets_in_pages(s3, make_bucket):
    prefix = unique_name("pages")[:20]
    names = sorted(f"{prefix}-{n}" for n in range(5))
    for name in names:
        s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    seen, token, pages = [], None, 0
    while True:
        page = s3.list_buckets(Prefix=prefix, MaxBuckets=2, **({"ContinuationToken": token} if token else {}))
        seen += [entry["Name"] for entry in page["Buckets"]]
        pages += 1
        token = page.get("ContinuationToken")
        if not token:
            break
    for name in names:
        s3.delete_bucket(Bucket=name)
    assert (seen, pages) == (names, 3)
    assert page["Prefix"] == prefix


def test_list_buckets_by_region(s3, bucket):
    here = s3.list_buckets(Prefix=bucket, BucketRegion=REGION)["Buckets"]
    assert [(entry["Name"], entry["BucketRegion"]) for entry in here] == [(bucket, REGION)]
    assert s3.list_buckets(Prefix=bucket, BucketRegion=ELSEWHERE).get("Buckets", []) == []


@pytest.mark.parametrize("count", ["0", "10001", "-1", "many"])
def test_list_buckets_page_size_out_of_bounds(wire, count):
    assert_error(wire.send("GET", f"/?max-buckets={count}"), "InvalidArgument", 400)


class TestTags:
    def test_none_at_first(self, s3, bucket):
        with refused("NoSuchTagSet", 404):
            s3.get_bucket_tagging(Bucket=bucket)

    def test_put_get_delete(self, s3, bucket):
        tags = [{"Key": "Course", "Value": "DS252"}, {"Key": "team", "Value": ""}]
        s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": tags})
        read = s3.get_bucket_tagging(Bucket=bucket)["TagSet"]
        assert sorted(read, key=lambda tag: tag["Key"]) == tags
        s3.delete_bucket_tagging(Bucket=bucket)
        with refused("NoSuchTagSet", 404):
            s3.get_bucket_tagging(Bucket=bucket)

    def test_put_replaces(self, s3, bucket):
        for key in ("a", "b"):
            s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": [{"Key": key, "Value": "1"}]})
        assert s3.get_bucket_tagging(Bucket=bucket)["TagSet"] == [{"Key": "b", "Value": "1"}]

    def test_given_at_creation(self, s3, make_bucket):
        name = make_bucket(CreateBucketConfiguration={"Tags": [{"Key": "Course", "Value": "DS252"}]})
        assert s3.get_bucket_tagging(Bucket=name)["TagSet"] == [{"Key": "Course", "Value": "DS252"}]

    @pytest.mark.parametrize("tags, codes", [
        ([{"Key": "k", "Value": "1"}, {"Key": "k", "Value": "2"}], "InvalidTag"),
        ([{"Key": "aws:own", "Value": "1"}], "InvalidTag"),
        ([{"Key": "k" * 129, "Value": "1"}], "InvalidTag"),
        ([{"Key": "k", "Value": "v" * 257}], "InvalidTag"),
        ([{"Key": "", "Value": "v"}], ("InvalidTag", "MalformedXML")),
        ([{"Key": f"k{n}", "Value": "1"} for n in range(51)], ("InvalidTag", "BadRequest", "TooManyTags")),
    ])
    def test_refused(self, skylab_endpoint, credentials, bucket, tags, codes):
        unchecked = client("s3", skylab_endpoint, credentials, parameter_validation=False)
        with refused(codes, 400):
            unchecked.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": tags})
        with refused("NoSuchTagSet", 404):
            unchecked.get_bucket_tagging(Bucket=bucket)


@pytest.mark.parametrize("operation", ["analytics", "inventory", "metrics", "intelligent-tiering"])
def test_configurations_not_built_are_refused_by_name(wire, bucket, operation):
    answer = wire.send("PUT", f"/{bucket}?{operation}&id=x", {}, b"<Configuration/>")
    assert_error(answer, "NotImplemented", 501)


def test_answers_carry_their_identity(wire, bucket):
    answer = wire.send("GET", f"/{bucket}?list-type=2")
    assert answer.headers["x-amz-request-id"] and answer.headers["x-amz-id-2"]
    assert answer.headers["Server"] == "AmazonS3" and answer.headers["Date"].endswith("GMT")
    assert answer.headers["Content-Type"].startswith("application/xml")
    assert answer.body.startswith(b"<?xml")


def test_errors_carry_their_identity(wire):
    answer = wire.send("GET", f"/{MISSING}/some/key")
    members = assert_error(answer, "NoSuchBucket", 404)
    assert members["RequestId"] == answer.headers["x-amz-request-id"]
    assert members["HostId"] == answer.headers["x-amz-id-2"]
    assert members["Message"] == "The specified bucket does not exist"
    assert answer.headers["Content-Type"].startswith("application/xml")
    assert answer.body.startswith(b"<?xml")


def test_each_request_has_an_id_of_its_own(wire, bucket):
    ids = {wire.send("HEAD", f"/{bucket}").headers["x-amz-request-id"] for _ in range(5)}
    assert len(ids) == 5
