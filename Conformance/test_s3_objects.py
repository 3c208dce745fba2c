"""One object: written, read, described, in part, on conditions."""

import base64
import hashlib
import os
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from botocore.exceptions import ClientError

from support.checksums import etag
from support.errors import assert_error, refused

BODY = bytes(range(256)) * 20


@pytest.fixture
def put(s3, bucket):
    def put(body=BODY, key="k", **arguments):
        return s3.put_object(Bucket=bucket, Key=key, Body=body, **arguments)
    return put


@pytest.fixture
def get(s3, bucket):
    def get(key="k", **arguments):
        return s3.get_object(Bucket=bucket, Key=key, **arguments)
    return get


class TestBody:
    @pytest.mark.parametrize("size", [0, 1, 255, 4096, 65_535, 65_536, 65_537, 1_048_576, 5_242_881])
    def test_bytes_come_back(self, put, get, size):
        body = os.urandom(size)
        assert put(body)["ETag"] == etag(body)
        read = get()
        assert read["Body"].read() == body
        assert (read["ContentLength"], read["ETag"]) == (size, etag(body))

    def test_head_tells_the_same_without_the_body(self, wire, bucket, put):
        put(ContentType="text/plain", Metadata={"a": "1"})
        got, head = wire.send("GET", f"/{bucket}/k"), wire.send("HEAD", f"/{bucket}/k")
        told = {"content-length", "content-type", "etag", "last-modified", "accept-ranges", "x-amz-meta-a"}
        assert {n.lower(): v for n, v in head.headers.items() if n.lower() in told} == {
            n.lower(): v for n, v in got.headers.items() if n.lower() in told}
        assert told <= {n.lower() for n in head.headers}
        assert head.body == b"" and got.body == BODY

    def test_put_replaces(self, put, get):
        put(b"first", ContentType="text/plain", Metadata={"a": "1"})
        put(b"second")
        read = get()
        assert (read["Body"].read(), read["ContentType"], read["Metadata"]) == (b"second", "binary/octet-stream", {})

    def test_missing_key(self, s3, bucket):
        with refused("NoSuchKey", 404) as caught:
            s3.get_object(Bucket=bucket, Key="no/such key")
        assert caught.value.response["Error"]["Key"] == "no/such key"
        with refused("404", 404):
            s3.head_object(Bucket=bucket, Key="no/such key")

    def test_last_modified_has_whole_seconds_and_is_listed_the_same(self, s3, bucket, put, get):
        put()
        listed = s3.list_objects_v2(Bucket=bucket)["Contents"][0]
        assert listed["LastModified"].replace(microsecond=0) == get()["LastModified"]

    def test_concurrent_writers_never_mix(self, put, get):
        bodies = [bytes([n]) * 300_000 for n in range(8)]
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(put, bodies))
        assert get()["Body"].read() in bodies

    def test_many_connections_at_once(self, s3, bucket):
        with ThreadPoolExecutor(32) as pool:
            list(pool.map(lambda n: s3.put_object(Bucket=bucket, Key=f"k{n}", Body=str(n).encode()), range(200)))
            read = list(pool.map(lambda n: s3.get_object(Bucket=bucket, Key=f"k{n}")["Body"].read(), range(200)))
        assert read == [str(n).encode() for n in range(200)]


class TestMetadata:
    def test_user_metadata(self, put, get):
        put(Metadata={"Note": "a  b", "empty": "", "x-y_z": "1;2,3"})
        assert get()["Metadata"] == {"note": "a  b", "empty": "", "x-y_z": "1;2,3"}

    def test_names_are_lower_cased(self, wire, bucket):
        wire.send("PUT", f"/{bucket}/k", {"X-Amz-Meta-UPPER": "Value"}, b"x")
        names = wire.send("HEAD", f"/{bucket}/k").headers.keys()
        assert "x-amz-meta-upper" in names

    def test_two_kilobytes_in_sum(self, put, get):
        put(Metadata={"a": "x" * 2047})
        assert get()["Metadata"] == {"a": "x" * 2047}

    def test_more_is_refused_and_nothing_stored(self, put, get):
        with refused("MetadataTooLarge", 400):
            put(Metadata={"a": "x" * 1024, "b": "x" * 1024})
        with refused("NoSuchKey"):
            get()

    def test_system_metadata(self, put, get):
        put(ContentType="text/html; charset=utf-8", CacheControl="max-age=60", ContentDisposition='attachment; filename="a"',
            ContentEncoding="gzip", ContentLanguage="de, en", Expires="Thu, 01 Dec 2033 16:00:00 GMT",
            WebsiteRedirectLocation="/elsewhere")
        read = get()
        assert read["ContentType"] == "text/html; charset=utf-8"
        assert read["CacheControl"] == "max-age=60"
        assert read["ContentDisposition"] == 'attachment; filename="a"'
        assert read["ContentEncoding"] == "gzip"
        assert read["ContentLanguage"] == "de, en"
        assert read["ExpiresString"] == "Thu, 01 Dec 2033 16:00:00 GMT"
        assert read["WebsiteRedirectLocation"] == "/elsewhere"

    def test_content_type_unless_told(self, wire, bucket):
        wire.send("PUT", f"/{bucket}/k", {}, b"x")
        assert wire.send("HEAD", f"/{bucket}/k").headers["Content-Type"] == "binary/octet-stream"

    def test_storage_class(self, s3, bucket, put, get):
        put(StorageClass="STANDARD_IA")
        assert get()["StorageClass"] == "STANDARD_IA"
        assert s3.list_objects_v2(Bucket=bucket)["Contents"][0]["StorageClass"] == "STANDARD_IA"

    def test_standard_is_listed_but_not_sent(self, s3, bucket, put, get):
        put()
        assert "StorageClass" not in get()
        assert s3.list_objects_v2(Bucket=bucket)["Contents"][0]["StorageClass"] == "STANDARD"

    def test_unknown_storage_class(self, put):
        with refused("InvalidStorageClass", 400):
            put(StorageClass="CHEAPEST")

    def test_server_side_encryption_is_told(self, put, get):
        put()
        assert get()["ServerSideEncryption"] == "AES256"

    def test_response_overrides(self, put, get):
        put(ContentType="text/plain")
        read = get(ResponseContentType="text/html", ResponseCacheControl="no-store", ResponseContentLanguage="fr",
                   ResponseContentEncoding="br", ResponseContentDisposition="inline",
                   ResponseExpires="Thu, 01 Dec 2033 16:00:00 GMT")
        assert (read["ContentType"], read["CacheControl"], read["ContentLanguage"]) == ("text/html", "no-store", "fr")
        assert (read["ContentEncoding"], read["ContentDisposition"]) == ("br", "inline")
        assert get()["ContentType"] == "text/plain"


class TestRanges:
    @pytest.mark.parametrize("asked, first, last", [
        ("bytes=0-0", 0, 0), ("bytes=0-9", 0, 9), ("bytes=100-199", 100, 199), ("bytes=5000-", 5000, 5119),
        ("bytes=-1", 5119, 5119), ("bytes=-100", 5020, 5119), ("bytes=-9999", 0, 5119), ("bytes=5119-5119", 5119, 5119),
        ("bytes=5000-999999", 5000, 5119),
    ])
    def test_one_range(self, put, get, asked, first, last):
        put()
        read = get(Range=asked)
        assert read["ResponseMetadata"]["HTTPStatusCode"] == 206
        assert read["ContentRange"] == f"bytes {first}-{last}/{len(BODY)}"
        assert read["ContentLength"] == last - first + 1
        assert read["Body"].read() == BODY[first:last + 1]

    @pytest.mark.parametrize("asked", ["bytes=5120-", "bytes=5120-6000", "bytes=-0", "bytes=99999-99999"])
    def test_beyond_the_end(self, wire, bucket, put, asked):
        put()
        members = assert_error(wire.send("GET", f"/{bucket}/k", {"range": asked}), "InvalidRange", 416)
        assert members["ActualObjectSize"] == str(len(BODY))
        assert members["RangeRequested"] == asked
        assert members["Message"] == "The requested range is not satisfiable"

    @pytest.mark.parametrize("asked", ["bytes=0-1,5-6", "bytes=9-5", "bytes=a-b", "items=0-5", "bytes=", "bytes"])
    def test_not_understood_is_the_whole_object(self, wire, bucket, put, asked):
        put()
        answer = wire.send("GET", f"/{bucket}/k", {"range": asked})
        assert (answer.status, answer.body) == (200, BODY)

    def test_of_an_empty_object(self, put, get):
        put(b"")
        with refused("InvalidRange", 416):
            get(Range="bytes=0-0")

    def test_head(self, s3, bucket, put):
        put()
        head = s3.head_object(Bucket=bucket, Key="k", Range="bytes=10-19")
        assert (head["ContentLength"], head["ContentRange"]) == (10, f"bytes 10-19/{len(BODY)}")

    def test_part_number_of_an_object_without_parts(self, put, get):
        put()
        read = get(PartNumber=1)
        assert read["Body"].read() == BODY
        with refused(("InvalidPartNumber", "InvalidRange"), 416):
            get(PartNumber=2)

    def test_large_object_in_slices(self, s3, bucket):
        body = os.urandom(3_000_000)
        s3.put_object(Bucket=bucket, Key="k", Body=body)
        read = b"".join(
            s3.get_object(Bucket=bucket, Key="k", Range=f"bytes={at}-{at + 299_998}")["Body"].read()
            for at in range(0, len(body), 299_999))
        assert read == body


class TestReadConditions:
    """RFC 9110's precedence: If-Match before If-Unmodified-Since, If-None-Match before If-Modified-Since."""

    @pytest.fixture
    def stored(self, put, get):
        tag = put()["ETag"]
        modified = get()["LastModified"]
        return {
            "tag": tag, "other": '"0123456789abcdef0123456789abcdef"', "modified": modified,
            "before": modified - timedelta(hours=1), "after": modified + timedelta(hours=1)}

    @pytest.mark.parametrize("conditions, status", [
        ({"IfMatch": "tag"}, 200),
        ({"IfMatch": "other"}, 412),
        ({"IfNoneMatch": "tag"}, 304),
        ({"IfNoneMatch": "other"}, 200),
        ({"IfModifiedSince": "before"}, 200),
        ({"IfModifiedSince": "modified"}, 304),
        ({"IfUnmodifiedSince": "before"}, 412),
        ({"IfUnmodifiedSince": "modified"}, 200),
        ({"IfUnmodifiedSince": "after"}, 200),
        ({"IfMatch": "tag", "IfUnmodifiedSince": "before"}, 200),
        ({"IfMatch": "other", "IfUnmodifiedSince": "after"}, 412),
        ({"IfNoneMatch": "tag", "IfModifiedSince": "before"}, 304),
        ({"IfNoneMatch": "other", "IfModifiedSince": "modified"}, 200),
        ({"IfMatch": "tag", "IfNoneMatch": "tag"}, 304),
    ])
    @pytest.mark.parametrize("operation", ["get_object", "head_object"])
    def test_one_by_one_and_together(self, s3, bucket, stored, operation, conditions, status):
        arguments = {name: stored[value] for name, value in conditions.items()}
        try:
            answer = getattr(s3, operation)(Bucket=bucket, Key="k", **arguments)
        except ClientError as error:
            answer = error.response
            if status == 412 and operation == "get_object":
                assert answer["Error"]["Code"] == "PreconditionFailed"
        assert answer["ResponseMetadata"]["HTTPStatusCode"] == status

    def test_not_modified_has_no_body_and_tells_the_etag(self, wire, bucket, stored):
        answer = wire.send("GET", f"/{bucket}/k", {"if-none-match": stored["tag"]})
        assert (answer.status, answer.body, answer.headers["ETag"]) == (304, b"", stored["tag"])

    def test_failed_condition_is_named(self, wire, bucket, stored):
        members = assert_error(wire.send("GET", f"/{bucket}/k", {"if-match": stored["other"]}), "PreconditionFailed", 412)
        assert members["Condition"] == "If-Match"

    @pytest.mark.parametrize("value", ["*", "{tag}", "{bare}", "{other}, {tag}"])
    def test_forms_of_if_match(self, wire, bucket, stored, value):
        value = value.format(tag=stored["tag"], bare=stored["tag"].strip('"'), other=stored["other"])
        assert wire.send("GET", f"/{bucket}/k", {"if-match": value}).status == 200


class TestWriteConditions:
    def test_only_if_absent(self, put, get):
        put(b"first", IfNoneMatch="*")
        with refused("PreconditionFailed", 412) as caught:
            put(b"second", IfNoneMatch="*")
        assert caught.value.response["Error"]["Condition"] == "If-None-Match"
        assert get()["Body"].read() == b"first"

    def test_marker_counts_as_absent(self, s3, versioned):
        s3.put_object(Bucket=versioned, Key="k", Body=b"1")
        s3.delete_object(Bucket=versioned, Key="k")
        s3.put_object(Bucket=versioned, Key="k", Body=b"2", IfNoneMatch="*")
        assert s3.get_object(Bucket=versioned, Key="k")["Body"].read() == b"2"

    def test_only_if_the_same(self, put, get):
        tag = put(b"first")["ETag"]
        put(b"second", IfMatch=tag)
        with refused("PreconditionFailed", 412):
            put(b"third", IfMatch=tag)
        assert get()["Body"].read() == b"second"

    def test_if_match_where_nothing_is(self, put):
        with refused("NoSuchKey", 404):
            put(IfMatch=etag(b"x"))

    def test_if_match_where_a_marker_is(self, s3, versioned):
        tag = s3.put_object(Bucket=versioned, Key="k", Body=b"1")["ETag"]
        s3.delete_object(Bucket=versioned, Key="k")
        with refused("NoSuchKey", 404):
            s3.put_object(Bucket=versioned, Key="k", Body=b"2", IfMatch=tag)

    def test_if_none_match_takes_only_the_star(self, wire, s3, bucket):
        answer = wire.send("PUT", f"/{bucket}/k", {"if-none-match": '"abc"'}, b"x")
        assert answer.status in (400, 501), answer.body
        assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0

    def test_one_of_many_racers_wins(self, s3, bucket, get):
        def race(n):
            try:
                s3.put_object(Bucket=bucket, Key="k", Body=str(n).encode(), IfNoneMatch="*")
                return n
            except ClientError as error:
                assert error.response["Error"]["Code"] in ("PreconditionFailed", "ConditionalRequestConflict")
                return None
        with ThreadPoolExecutor(16) as pool:
            winners = [n for n in pool.map(race, range(32)) if n is not None]
        assert len(winners) == 1
        assert get()["Body"].read() == str(winners[0]).encode()

    def test_counter_by_compare_and_swap(self, s3, bucket, get):
        s3.put_object(Bucket=bucket, Key="k", Body=b"0")

        def increment(_):
            while True:
                read = get()
                value = int(read["Body"].read())
                try:
                    s3.put_object(Bucket=bucket, Key="k", Body=str(value + 1).encode(), IfMatch=read["ETag"])
                    return
                except ClientError as error:
                    assert error.response["Error"]["Code"] in ("PreconditionFailed", "ConditionalRequestConflict")

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(increment, range(24)))
        assert get()["Body"].read() == b"24"

    def test_delete_if_match(self, s3, bucket, put):
        tag = put()["ETag"]
        with refused("PreconditionFailed", 412):
            s3.delete_object(Bucket=bucket, Key="k", IfMatch=etag(b"other"))
        s3.delete_object(Bucket=bucket, Key="k", IfMatch=tag)
        assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0


NASTY_KEYS = [
    "a", " ", "  leading and trailing  ", ".", "..", "../../etc/passwd", "a/../b", "./a", "/", "//", "/leading", "trailing/",
    "a//b", "a+b", "a b", "a%20b", "%2e%2e%2f", "%", "%zz", "a?b", "a#b", "a&b=c", "a;b", 'quote"<>\'`', "back\\slash", "{}|^[]~",
    "\u00fc\u00f1\u00ed", "u\u0308", "日本語/テキスト", "😀/🧪", "\u200b", "\ufeffbom", "new\nline", "tab\t", "\x01\x02\x1f", "\x7f", "\u0085",
    "\ufffe", "CON", "aux.txt", "index.html?versionId=null", "versions", "?uploads", "x" * 1024, "é" * 512, "😀" * 256,
    "/".join(["d"] * 512),
]


class TestKeys:
    @pytest.mark.parametrize("key", NASTY_KEYS, ids=lambda key: ascii(key[:24]))
    def test_any_key_works(self, s3, bucket, key):
        body = key.encode()
        s3.put_object(Bucket=bucket, Key=key, Body=body)
        assert s3.get_object(Bucket=bucket, Key=key)["Body"].read() == body
        assert [entry["Key"] for entry in s3.list_objects_v2(Bucket=bucket)["Contents"]] == [key]
        s3.delete_object(Bucket=bucket, Key=key)
        assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0

    def test_all_together_are_told_apart_and_sorted(self, s3, bucket):
        for key in NASTY_KEYS:
            s3.put_object(Bucket=bucket, Key=key, Body=key.encode())
        listed = [entry["Key"] for entry in s3.list_objects_v2(Bucket=bucket)["Contents"]]
        assert listed == sorted(NASTY_KEYS, key=lambda key: key.encode())
        for key in NASTY_KEYS:
            assert s3.get_object(Bucket=bucket, Key=key)["Body"].read() == key.encode()

    @pytest.mark.parametrize("key", ["x" * 1025, "é" * 512 + "x", "😀" * 257], ids=["ascii", "two bytes", "four bytes"])
    def test_too_long(self, s3, bucket, key):
        with refused("KeyTooLongError", 400) as caught:
            s3.put_object(Bucket=bucket, Key=key, Body=b"")
        assert caught.value.response["Error"]["MaxSizeAllowed"] == "1024"
        assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0

    @pytest.mark.parametrize("key", ["%ff", "a%c3", "%c0%ae", "%ed%a0%80"])
    def test_invalid_utf8(self, wire, s3, bucket, key):
        assert_error(wire.send("PUT", f"/{bucket}/{key}", {}, b"x"), "InvalidURI", 400)
        assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0

    def test_plus_is_a_plus(self, wire, s3, bucket):
        wire.send("PUT", f"/{bucket}/a%2Bb", {}, b"x")
        assert [entry["Key"] for entry in s3.list_objects_v2(Bucket=bucket)["Contents"]] == ["a+b"]

    def test_decoded_once(self, wire, s3, bucket):
        wire.send("PUT", f"/{bucket}/%2525", {}, b"x")
        assert [entry["Key"] for entry in s3.list_objects_v2(Bucket=bucket)["Contents"]] == ["%25"]


class TestDelete:
    def test_of_nothing_is_fine(self, wire, bucket):
        answer = wire.send("DELETE", f"/{bucket}/never")
        assert (answer.status, answer.body) == (204, b"")

    def test_many(self, s3, bucket):
        keys = [f"k{n:04}" for n in range(1000)]
        with ThreadPoolExecutor(16) as pool:
            list(pool.map(lambda key: s3.put_object(Bucket=bucket, Key=key, Body=b""), keys))
        answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": key} for key in keys]})
        assert [entry["Key"] for entry in answer["Deleted"]] == keys and "Errors" not in answer
        assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0

    def test_too_many(self, s3, bucket):
        with refused("MalformedXML", 400):
            s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": str(n)} for n in range(1001)]})

    def test_none(self, wire, bucket):
        body = b"<Delete></Delete>"
        digest = base64.b64encode(hashlib.md5(body).digest()).decode()
        assert_error(wire.send("POST", f"/{bucket}?delete", {"content-md5": digest}, body), "MalformedXML", 400)

    def test_quiet(self, s3, bucket, put):
        put()
        answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "k"}, {"Key": "never"}], "Quiet": True})
        assert "Deleted" not in answer and "Errors" not in answer
        assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0

    def test_markers_and_versions(self, s3, versioned):
        version = s3.put_object(Bucket=versioned, Key="k", Body=b"x")["VersionId"]
        first = s3.delete_objects(Bucket=versioned, Delete={"Objects": [{"Key": "k"}]})["Deleted"][0]
        assert first["DeleteMarker"] is True and first["DeleteMarkerVersionId"]
        assert "VersionId" not in first
        both = s3.delete_objects(Bucket=versioned, Delete={"Objects": [
            {"Key": "k", "VersionId": first["DeleteMarkerVersionId"]}, {"Key": "k", "VersionId": version}]})["Deleted"]
        by_id = {entry["VersionId"]: entry for entry in both}
        assert by_id[first["DeleteMarkerVersionId"]]["DeleteMarker"] is True
        assert by_id[first["DeleteMarkerVersionId"]]["DeleteMarkerVersionId"] == first["DeleteMarkerVersionId"]
        assert "DeleteMarker" not in by_id[version]
        assert "Versions" not in s3.list_object_versions(Bucket=versioned)

    def test_one_bad_key_does_not_hold_up_the_others(self, s3, versioned):
        s3.put_object(Bucket=versioned, Key="good", Body=b"x")
        answer = s3.delete_objects(Bucket=versioned, Delete={"Objects": [
            {"Key": "good"}, {"Key": "bad", "VersionId": "no such form of id"}]})
        assert [entry["Key"] for entry in answer["Deleted"]] == ["good"]
        assert [(entry["Key"], entry["Code"]) for entry in answer["Errors"]] == [("bad", answer["Errors"][0]["Code"])]
        assert answer["Errors"][0]["Code"] in ("NoSuchVersion", "InvalidArgument")

    def test_needs_a_digest(self, wire, bucket):
        body = b"<Delete><Object><Key>k</Key></Object></Delete>"
        assert_error(wire.send("POST", f"/{bucket}?delete", {}, body), ("InvalidRequest", "MissingContentMD5"), 400)

    def test_wrong_digest(self, wire, s3, bucket, put):
        put()
        body = b"<Delete><Object><Key>k</Key></Object></Delete>"
        digest = base64.b64encode(hashlib.md5(b"other").digest()).decode()
        assert_error(wire.send("POST", f"/{bucket}?delete", {"content-md5": digest}, body), "BadDigest", 400)
        assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 1


class TestAttributes:
    WANTED = ["ETag", "Checksum", "ObjectParts", "StorageClass", "ObjectSize"]

    def test_plain_object(self, s3, bucket, put):
        put(ChecksumAlgorithm="SHA256")
        read = s3.get_object_attributes(Bucket=bucket, Key="k", ObjectAttributes=self.WANTED)
        assert read["ETag"] == etag(BODY).strip('"')
        assert (read["ObjectSize"], read["StorageClass"]) == (len(BODY), "STANDARD")
        assert read["Checksum"]["ChecksumSHA256"] == base64.b64encode(hashlib.sha256(BODY).digest()).decode()
        assert read["Checksum"]["ChecksumType"] == "FULL_OBJECT"
        assert "ObjectParts" not in read

    def test_only_what_was_asked(self, s3, bucket, put):
        put()
        read = s3.get_object_attributes(Bucket=bucket, Key="k", ObjectAttributes=["ObjectSize"])
        assert read["ObjectSize"] == len(BODY) and "ETag" not in read and "StorageClass" not in read

    def test_of_a_version(self, s3, versioned):
        old = s3.put_object(Bucket=versioned, Key="k", Body=b"12345")["VersionId"]
        s3.put_object(Bucket=versioned, Key="k", Body=b"1")
        read = s3.get_object_attributes(Bucket=versioned, Key="k", VersionId=old, ObjectAttributes=["ObjectSize"])
        assert (read["ObjectSize"], read["VersionId"]) == (5, old)

    def test_missing(self, s3, bucket):
        with refused("NoSuchKey", 404):
            s3.get_object_attributes(Bucket=bucket, Key="never", ObjectAttributes=["ETag"])

    @pytest.mark.parametrize("wanted", [None, "Colour", ""])
    def test_wanted_list_is_checked(self, wire, bucket, put, wanted):
        put()
        headers = {"x-amz-object-attributes": wanted} if wanted is not None else {}
        assert_error(wire.send("GET", f"/{bucket}/k?attributes", headers), ("InvalidArgument", "InvalidRequest"), 400)


def test_reads_while_the_key_is_written_over_give_one_whole_write(s3, bucket):
    bodies = [bytes([letter]) * 200_000 for letter in b"abcd"]
    s3.put_object(Bucket=bucket, Key="k", Body=bodies[0])

    def write():
        for number in range(60):
            s3.put_object(Bucket=bucket, Key="k", Body=bodies[number % 4])

    def read():
        return [s3.get_object(Bucket=bucket, Key="k")["Body"].read() for _ in range(60)]

    with ThreadPoolExecutor(4) as pool:
        writer = pool.submit(write)
        readers = [pool.submit(read) for _ in range(3)]
        writer.result()
        assert all(body in bodies for reader in readers for body in reader.result())
