"""Multipart uploads: parts, completion, their etags and checksums, lists, abort, copies of parts."""

import os
import xml.etree.ElementTree as ElementTree
from concurrent.futures import ThreadPoolExecutor

import pytest
from botocore.exceptions import ClientError

from support.checksums import checksum, composite, etag, multipart_etag
from support.errors import assert_error, refused

MIB = 1024 * 1024
BIG = os.urandom(5 * MIB)
SMALL = os.urandom(1000)


class Upload:
    """One multipart upload in a test's hands."""

    def __init__(self, s3, bucket, key="k", **arguments):
        self.s3, self.bucket, self.key = s3, bucket, key
        self.created = s3.create_multipart_upload(Bucket=bucket, Key=key, **arguments)
        self.id = self.created["UploadId"]
        self.names = {"Bucket": bucket, "Key": key, "UploadId": self.id}

    def part(self, number, body, **arguments):
        answer = self.s3.upload_part(**self.names, PartNumber=number, Body=body, **arguments)
        kept = {name: value for name, value in answer.items() if name.startswith("Checksum") and name != "ChecksumType"}
        return {"PartNumber": number, "ETag": answer["ETag"], **kept}

    def complete(self, parts, **arguments):
        return self.s3.complete_multipart_upload(**self.names, MultipartUpload={"Parts": parts}, **arguments)

    def abort(self):
        return self.s3.abort_multipart_upload(**self.names)

    def parts(self, **arguments):
        return self.s3.list_parts(**self.names, **arguments)


@pytest.fixture
def upload(s3, bucket):
    def begin(key="k", **arguments):
        return Upload(s3, bucket, key, **arguments)
    return begin


def test_whole_way(s3, bucket, upload):
    it = upload(ContentType="text/plain", Metadata={"a": "1"}, Tagging="t=1", StorageClass="STANDARD_IA")
    parts = [BIG, BIG[::-1], SMALL]
    done = it.complete([it.part(number, body) for number, body in enumerate(parts, 1)])
    assert done["ETag"] == multipart_etag(parts)
    assert (done["Bucket"], done["Key"]) == (bucket, "k") and done["Location"]
    read = s3.get_object(Bucket=bucket, Key="k")
    assert read["Body"].read() == b"".join(parts)
    assert (read["ContentType"], read["Metadata"], read["TagCount"]) == ("text/plain", {"a": "1"}, 1)
    assert (read["ETag"], read["StorageClass"]) == (multipart_etag(parts), "STANDARD_IA")
    assert "Uploads" not in s3.list_multipart_uploads(Bucket=bucket)


def test_nothing_shows_before_completion(s3, bucket, upload):
    it = upload()
    it.part(1, BIG)
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0
    with refused("NoSuchKey", 404):
        s3.get_object(Bucket=bucket, Key="k")


def test_parts_in_any_order_and_with_gaps(s3, bucket, upload):
    it = upload()
    last, first = it.part(10_000, SMALL), it.part(7, BIG)
    assert it.complete([first, last])["ETag"] == multipart_etag([BIG, SMALL])
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == BIG + SMALL


def test_parts_at_once(s3, bucket, upload):
    it, bodies = upload(), [os.urandom(5 * MIB) for _ in range(6)]
    with ThreadPoolExecutor(6) as pool:
        parts = list(pool.map(it.part, range(1, 7), bodies))
    it.complete(parts)
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"".join(bodies)


def test_same_part_again_replaces(s3, bucket, upload):
    it = upload()
    it.part(1, b"first")
    assert it.complete([it.part(1, b"second")])["ETag"] == multipart_etag([b"second"])
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"second"


def test_replaced_part_cannot_be_completed(upload):
    it = upload()
    old = it.part(1, b"first")
    it.part(1, b"second")
    with refused("InvalidPart", 400):
        it.complete([old])


def test_parts_left_out_are_dropped(s3, bucket, upload):
    it = upload()
    it.part(1, BIG)
    it.complete([it.part(2, SMALL)])
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == SMALL


def test_empty_part(s3, bucket, upload):
    it = upload()
    it.complete([it.part(1, b"")])
    assert s3.head_object(Bucket=bucket, Key="k")["ContentLength"] == 0


class TestPartNumbers:
    @pytest.mark.parametrize("number", ["0", "10001", "-1", "x", "", "1.0", "99999999999999999999"])
    def test_out_of_bounds(self, wire, bucket, upload, number):
        it = upload()
        answer = wire.send("PUT", f"/{bucket}/k?partNumber={number}&uploadId={it.id}", {}, b"x")
        members = assert_error(answer, "InvalidArgument", 400)
        assert members["Message"] == "Part number must be an integer between 1 and 10000, inclusive"
        assert members["ArgumentName"] == "partNumber"
        assert "Parts" not in it.parts()

    def test_reading_by_part(self, s3, bucket, upload):
        it, bodies = upload(), [BIG, BIG[:-1] + b"x", SMALL]
        it.complete([it.part(number, body) for number, body in enumerate(bodies, 1)])
        total, at = sum(map(len, bodies)), 0
        for number, body in enumerate(bodies, 1):
            read = s3.get_object(Bucket=bucket, Key="k", PartNumber=number)
            assert read["ResponseMetadata"]["HTTPStatusCode"] == 206
            assert read["Body"].read() == body and read["PartsCount"] == 3
            assert read["ContentRange"] == f"bytes {at}-{at + len(body) - 1}/{total}"
            at += len(body)
        head = s3.head_object(Bucket=bucket, Key="k", PartNumber=3)
        assert (head["ContentLength"], head["PartsCount"]) == (len(SMALL), 3)

    def test_reading_a_part_that_is_not_there(self, s3, bucket, upload):
        it = upload()
        it.complete([it.part(1, SMALL)])
        with refused(("InvalidPartNumber", "InvalidRange"), 416):
            s3.get_object(Bucket=bucket, Key="k", PartNumber=2)

    def test_reading_a_part_and_a_range(self, s3, bucket, upload):
        it = upload()
        it.complete([it.part(1, SMALL)])
        with refused("InvalidRequest", 400):
            s3.get_object(Bucket=bucket, Key="k", PartNumber=1, Range="bytes=0-1")


class TestCompletion:
    def test_part_too_small(self, s3, bucket, upload):
        it = upload()
        parts = [it.part(1, SMALL), it.part(2, SMALL)]
        with refused("EntityTooSmall", 400) as caught:
            it.complete(parts)
        told = caught.value.response["Error"]
        assert (told["MinSizeAllowed"], told["ProposedSize"], told["PartNumber"]) == ("5242880", "1000", "1")
        assert told["ETag"].strip('"') == parts[0]["ETag"].strip('"')
        assert len(it.parts()["Parts"]) == 2, "the upload is still open"

    def test_wrong_order(self, upload):
        it = upload()
        parts = [it.part(1, BIG), it.part(2, SMALL)]
        with refused("InvalidPartOrder", 400):
            it.complete(parts[::-1])

    def test_same_part_twice(self, upload):
        it = upload()
        part = it.part(1, BIG)
        with refused("InvalidPartOrder", 400):
            it.complete([part, part])

    def test_unknown_part(self, upload):
        it = upload()
        part = it.part(1, BIG)
        with refused("InvalidPart", 400):
            it.complete([part, {"PartNumber": 2, "ETag": part["ETag"]}])

    def test_wrong_etag(self, upload):
        it = upload()
        it.part(1, SMALL)
        with refused("InvalidPart", 400):
            it.complete([{"PartNumber": 1, "ETag": etag(b"other")}])

    def test_etag_without_quotes(self, upload):
        it = upload()
        part = it.part(1, SMALL)
        it.complete([{"PartNumber": 1, "ETag": part["ETag"].strip('"')}])

    @pytest.mark.parametrize("document", [
        b"", b"<CompleteMultipartUpload/>", b"<CompleteMultipartUpload></CompleteMultipartUpload>", b"<Complete", b"text",
        b"<CompleteMultipartUpload><Part><PartNumber>1</PartNumber></Part></CompleteMultipartUpload>",
        b"<CompleteMultipartUpload><Part><ETag>x</ETag></Part></CompleteMultipartUpload>",
        b"<CompleteMultipartUpload><Part><PartNumber>one</PartNumber><ETag>x</ETag></Part></CompleteMultipartUpload>",
    ])
    def test_malformed(self, wire, s3, bucket, upload, document):
        it = upload()
        it.part(1, SMALL)
        answer = wire.send("POST", f"/{bucket}/k?uploadId={it.id}", {}, document)
        assert_error(answer, ("MalformedXML", "InvalidRequest", "MissingRequestBodyError"), 400)
        assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0

    def test_repeated_answers_the_same(self, upload):
        it = upload()
        parts = [it.part(1, SMALL)]
        first, second = it.complete(parts), it.complete(parts)
        assert (first["ETag"], first["Key"]) == (second["ETag"], second["Key"])

    def test_repeated_makes_no_second_version(self, s3, versioned):
        it = Upload(s3, versioned)
        parts = [it.part(1, SMALL)]
        assert it.complete(parts)["VersionId"] == it.complete(parts)["VersionId"]
        assert len(s3.list_object_versions(Bucket=versioned)["Versions"]) == 1

    def test_only_if_absent(self, s3, bucket, upload):
        s3.put_object(Bucket=bucket, Key="k", Body=b"there")
        it = upload()
        parts = [it.part(1, SMALL)]
        with refused("PreconditionFailed", 412):
            it.complete(parts, IfNoneMatch="*")
        assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"there"
        s3.delete_object(Bucket=bucket, Key="k")
        it.complete(parts, IfNoneMatch="*")

    def test_size_that_the_client_expects(self, upload):
        it = upload()
        parts = [it.part(1, SMALL)]
        with refused("InvalidRequest", 400):
            it.complete(parts, MpuObjectSize=len(SMALL) + 1)
        it.complete(parts, MpuObjectSize=len(SMALL))

    def test_a_version_each(self, s3, versioned):
        ids = []
        for body in (b"1", b"2"):
            it = Upload(s3, versioned)
            ids.append(it.complete([it.part(1, body)])["VersionId"])
        assert [entry["VersionId"] for entry in s3.list_object_versions(Bucket=versioned)["Versions"]] == ids[::-1]

    def test_the_upload_begun_later_is_current_whichever_ended_last(self, s3, versioned):
        earlier, later = Upload(s3, versioned), Upload(s3, versioned)
        later.complete([later.part(1, b"later")])
        earlier.complete([earlier.part(1, b"earlier")])
        assert s3.get_object(Bucket=versioned, Key="k")["Body"].read() == b"later"

    def test_many_parts(self, s3, bucket, upload):
        it, body = upload(), os.urandom(5 * MIB)
        source = f"{bucket}/source"
        s3.put_object(Bucket=bucket, Key="source", Body=body)
        with ThreadPoolExecutor(8) as pool:
            tags = list(pool.map(
                lambda n: s3.upload_part_copy(**it.names, PartNumber=n, CopySource=source)["CopyPartResult"]["ETag"],
                range(1, 41)))
        done = it.complete([{"PartNumber": n, "ETag": tag} for n, tag in enumerate(tags, 1)])
        assert done["ETag"] == multipart_etag([body] * 40)
        assert s3.head_object(Bucket=bucket, Key="k")["ContentLength"] == 40 * len(body)
        at = 39 * len(body) - 10
        read = s3.get_object(Bucket=bucket, Key="k", Range=f"bytes={at}-{at + 19}")["Body"].read()
        assert read == body[-10:] + body[:10]


class TestUnknownUpload:
    @pytest.mark.parametrize("call", [
        lambda it: it.part(1, b"x"),
        lambda it: it.complete([{"PartNumber": 1, "ETag": etag(b"x")}]),
        lambda it: it.abort(),
        lambda it: it.parts(),
    ], ids=["part", "complete", "abort", "list"])
    @pytest.mark.parametrize("name", ["no-such-upload", "../../x", "a b", "x" * 500], ids=["none", "path", "space", "long"])
    def test_never_begun(self, upload, call, name):
        it = upload()
        it.names["UploadId"] = name
        with refused("NoSuchUpload", 404):
            call(it)

    def test_after_abort(self, upload):
        it = upload()
        part = it.part(1, SMALL)
        it.abort()
        for call in (lambda: it.part(2, b"x"), lambda: it.complete([part]), it.parts):
            with refused("NoSuchUpload", 404):
                call()

    def test_of_another_key(self, s3, upload):
        it, other = upload("a"), upload("b")
        with refused("NoSuchUpload", 404):
            s3.upload_part(**{**it.names, "UploadId": other.id}, PartNumber=1, Body=b"x")


def test_abort_answers_204(wire, bucket, upload):
    it = upload()
    answer = wire.send("DELETE", f"/{bucket}/k?uploadId={it.id}")
    assert (answer.status, answer.body) == (204, b"")


class TestLists:
    def test_parts(self, upload):
        it = upload()
        sent = [it.part(number, bytes(number)) for number in (3, 1, 2)]
        listed = it.parts()
        assert [(p["PartNumber"], p["Size"]) for p in listed["Parts"]] == [(1, 1), (2, 2), (3, 3)]
        assert {p["ETag"] for p in listed["Parts"]} == {p["ETag"] for p in sent}
        assert listed["StorageClass"] == "STANDARD" and listed["IsTruncated"] is False
        assert listed["Initiator"]["ID"] and listed["Owner"]["ID"]

    def test_parts_in_pages(self, upload):
        it = upload()
        for number in range(1, 8):
            it.part(number, b"x")
        seen, marker = [], 0
        while True:
            page = it.parts(MaxParts=3, PartNumberMarker=marker)
            seen.append([p["PartNumber"] for p in page.get("Parts", [])])
            if not page["IsTruncated"]:
                break
            marker = page["NextPartNumberMarker"]
        assert seen == [[1, 2, 3], [4, 5, 6], [7]]

    def test_uploads(self, s3, bucket, upload):
        begun = [upload(key) for key in ("b", "a", "b", "dir/x", "dir/y")]
        listed = s3.list_multipart_uploads(Bucket=bucket)
        assert [u["Key"] for u in listed["Uploads"]] == ["a", "b", "b", "dir/x", "dir/y"]
        assert {u["UploadId"] for u in listed["Uploads"]} == {it.id for it in begun}
        assert [u["UploadId"] for u in listed["Uploads"] if u["Key"] == "b"] == [begun[0].id, begun[2].id], "oldest first"

    def test_uploads_by_prefix_and_delimiter(self, s3, bucket, upload):
        for key in ("a", "dir/x", "dir/y", "other/z"):
            upload(key)
        listed = s3.list_multipart_uploads(Bucket=bucket, Delimiter="/")
        assert [u["Key"] for u in listed["Uploads"]] == ["a"]
        assert [p["Prefix"] for p in listed["CommonPrefixes"]] == ["dir/", "other/"]
        listed = s3.list_multipart_uploads(Bucket=bucket, Prefix="dir/")
        assert [u["Key"] for u in listed["Uploads"]] == ["dir/x", "dir/y"]

    def test_uploads_in_pages(self, s3, bucket, upload):
        begun = sorted(((key, upload(key).id) for key in ("a", "b", "b", "b", "c")), key=lambda pair: pair[0])
        seen, more = [], {}
        for _ in range(6):
            page = s3.list_multipart_uploads(Bucket=bucket, MaxUploads=2, **more)
            seen += [(u["Key"], u["UploadId"]) for u in page.get("Uploads", [])]
            if not page["IsTruncated"]:
                break
            more = {"KeyMarker": page["NextKeyMarker"], "UploadIdMarker": page["NextUploadIdMarker"]}
        assert sorted(seen) == sorted(begun) and len(seen) == 5

    def test_key_marker_alone(self, s3, bucket, upload):
        for key in ("a", "b", "b", "c"):
            upload(key)
        listed = s3.list_multipart_uploads(Bucket=bucket, KeyMarker="b")
        assert [u["Key"] for u in listed["Uploads"]] == ["c"]

    @pytest.mark.parametrize("query", ["max-uploads=-1", "max-uploads=x"])
    def test_page_size_that_is_none(self, wire, bucket, query):
        assert_error(wire.send("GET", f"/{bucket}?uploads&{query}"), "InvalidArgument", 400)

    def test_begun_at(self, wire, bucket):
        root = ElementTree.fromstring(wire.send("POST", f"/{bucket}/k?uploads").body)
        assert root.tag.endswith("InitiateMultipartUploadResult")


class TestChecksums:
    @pytest.mark.parametrize("algorithm", ["CRC32", "SHA1", "SHA256"])
    def test_composite(self, s3, bucket, upload, algorithm):
        it = upload(ChecksumAlgorithm=algorithm)
        assert it.created["ChecksumAlgorithm"] == algorithm and it.created["ChecksumType"] == "COMPOSITE"
        parts = [it.part(1, BIG, ChecksumAlgorithm=algorithm), it.part(2, SMALL, ChecksumAlgorithm=algorithm)]
        assert parts[1][f"Checksum{algorithm}"] == checksum(algorithm, SMALL)
        done = it.complete(parts)
        assert done[f"Checksum{algorithm}"] == composite(algorithm, [BIG, SMALL])
        head = s3.head_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")
        assert (head[f"Checksum{algorithm}"], head["ChecksumType"]) == (composite(algorithm, [BIG, SMALL]), "COMPOSITE")

    def test_full_object(self, s3, bucket, upload):
        it = upload(ChecksumAlgorithm="CRC32", ChecksumType="FULL_OBJECT")
        done = it.complete([it.part(1, BIG), it.part(2, SMALL)])
        assert (done["ChecksumCRC32"], done["ChecksumType"]) == (checksum("CRC32", BIG + SMALL), "FULL_OBJECT")

    def test_full_object_of_a_sha_is_refused(self, upload):
        with refused("InvalidRequest", 400):
            upload(ChecksumAlgorithm="SHA256", ChecksumType="FULL_OBJECT")

    def test_without_any_crc64nvme_of_the_whole(self, wire, s3, bucket):
        root = ElementTree.fromstring(wire.send("POST", f"/{bucket}/k?uploads").body)
        upload_id = root.findtext("{http://s3.amazonaws.com/doc/2006-03-01/}UploadId")
        tag = wire.send("PUT", f"/{bucket}/k?partNumber=1&uploadId={upload_id}", {}, SMALL).headers["ETag"]
        s3.complete_multipart_upload(
            Bucket=bucket, Key="k", UploadId=upload_id, MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": tag}]})
        head = s3.head_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")
        assert (head["ChecksumCRC64NVME"], head["ChecksumType"]) == (checksum("CRC64NVME", SMALL), "FULL_OBJECT")

    def test_wrong_checksum_of_a_part(self, wire, bucket, upload):
        it = upload(ChecksumAlgorithm="SHA256")
        answer = wire.send("PUT", f"/{bucket}/k?partNumber=1&uploadId={it.id}",
                           {"x-amz-checksum-sha256": checksum("SHA256", b"other")}, SMALL)
        assert_error(answer, "BadDigest", 400)
        assert "Parts" not in it.parts()

    def test_wrong_checksum_at_completion(self, upload):
        it = upload(ChecksumAlgorithm="SHA256")
        part = it.part(1, SMALL, ChecksumAlgorithm="SHA256")
        with refused("InvalidPart", 400):
            it.complete([{**part, "ChecksumSHA256": checksum("SHA256", b"other")}])

    def test_wrong_full_checksum_at_completion(self, upload):
        it = upload(ChecksumAlgorithm="CRC32", ChecksumType="FULL_OBJECT")
        part = it.part(1, SMALL)
        with refused("BadDigest", 400):
            it.complete([part], ChecksumCRC32=checksum("CRC32", b"other"), ChecksumType="FULL_OBJECT")

    def test_part_with_another_algorithm(self, upload):
        it = upload(ChecksumAlgorithm="SHA256")
        with refused("InvalidRequest", 400):
            it.part(1, SMALL, ChecksumAlgorithm="SHA1")

    def test_attributes_tell_the_parts(self, s3, bucket, upload):
        it = upload(ChecksumAlgorithm="SHA256")
        it.complete([it.part(1, BIG, ChecksumAlgorithm="SHA256"), it.part(2, SMALL, ChecksumAlgorithm="SHA256")])
        wanted = ["ObjectParts", "ETag", "Checksum", "ObjectSize"]
        told = s3.get_object_attributes(Bucket=bucket, Key="k", ObjectAttributes=wanted)
        assert told["ObjectParts"]["TotalPartsCount"] == 2 and told["ObjectSize"] == len(BIG) + len(SMALL)
        assert [(p["PartNumber"], p["Size"], p["ChecksumSHA256"]) for p in told["ObjectParts"]["Parts"]] == [
            (1, len(BIG), checksum("SHA256", BIG)), (2, len(SMALL), checksum("SHA256", SMALL))]
        page = s3.get_object_attributes(Bucket=bucket, Key="k", ObjectAttributes=wanted, MaxParts=1)["ObjectParts"]
        assert (page["IsTruncated"], page["NextPartNumberMarker"], len(page["Parts"])) == (True, 1, 1)
        rest = s3.get_object_attributes(
            Bucket=bucket, Key="k", ObjectAttributes=wanted, PartNumberMarker=1)["ObjectParts"]
        assert [p["PartNumber"] for p in rest["Parts"]] == [2]


class TestPartCopy:
    @pytest.fixture
    def source(self, s3, bucket):
        s3.put_object(Bucket=bucket, Key="source", Body=BIG + SMALL)
        return f"{bucket}/source"

    def copy(self, s3, it, source, number=1, **arguments):
        answer = s3.upload_part_copy(**it.names, PartNumber=number, CopySource=source, **arguments)
        return {"PartNumber": number, "ETag": answer["CopyPartResult"]["ETag"]}

    def test_whole_and_range(self, s3, bucket, upload, source):
        it = upload()
        parts = [self.copy(s3, it, source), self.copy(s3, it, source, 2, CopySourceRange="bytes=10-19")]
        assert parts[1]["ETag"] == etag(BIG[10:20])
        it.complete(parts)
        assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == BIG + SMALL + BIG[10:20]

    @pytest.mark.parametrize("asked", ["bytes=0-", "bytes=-5", "0-5", "bytes=a-b", "bytes=5-1", "items=0-5", "bytes=0-5,7-9"])
    def test_range_malformed(self, s3, upload, source, asked):
        it = upload()
        with refused(("InvalidArgument", "InvalidRange")):
            self.copy(s3, it, source, CopySourceRange=asked)
        assert "Parts" not in it.parts()

    def test_range_beyond_the_end(self, s3, upload, source):
        it = upload()
        with refused(("InvalidArgument", "InvalidRange")) as caught:
            self.copy(s3, it, source, CopySourceRange=f"bytes=0-{len(BIG) + len(SMALL)}")
        assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] in (400, 416)

    def test_from_a_version(self, s3, versioned):
        old = s3.put_object(Bucket=versioned, Key="source", Body=b"old")["VersionId"]
        s3.put_object(Bucket=versioned, Key="source", Body=b"new")
        it = Upload(s3, versioned)
        answer = s3.upload_part_copy(
            **it.names, PartNumber=1, CopySource={"Bucket": versioned, "Key": "source", "VersionId": old})
        assert answer["CopySourceVersionId"] == old
        assert answer["CopyPartResult"]["ETag"] == etag(b"old")

    def test_missing_source(self, s3, bucket, upload):
        with refused("NoSuchKey", 404):
            self.copy(s3, upload(), f"{bucket}/never")

    def test_condition(self, s3, upload, source):
        with refused("PreconditionFailed", 412):
            self.copy(s3, upload(), source, CopySourceIfMatch=etag(b"other"))


def test_metadata_over_two_kilobytes(upload):
    with refused("MetadataTooLarge", 400):
        upload(Metadata={"a": "x" * 2048})


def test_key_too_long(s3, bucket):
    with refused("KeyTooLongError", 400):
        s3.create_multipart_upload(Bucket=bucket, Key="x" * 1025)


def test_abort_races_completion(s3, bucket, upload):
    """Whichever wins, the outcome is whole: the object is there, or nothing is."""
    for n in range(10):
        it = upload(f"k{n}")
        parts = [it.part(1, SMALL)]

        def attempt(call):
            try:
                call()
                return True
            except ClientError as error:
                assert error.response["Error"]["Code"] == "NoSuchUpload"
                return False

        with ThreadPoolExecutor(2) as pool:
            completed, _ = pool.map(attempt, [lambda: it.complete(parts), it.abort])
        there = s3.list_objects_v2(Bucket=bucket, Prefix=f"k{n}")["KeyCount"] == 1
        assert there == completed
