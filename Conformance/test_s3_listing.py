"""Listings: ListObjects (1 and 2) and ListObjectVersions against a plain model of AWS's rules."""

import random
import xml.etree.ElementTree as ElementTree
from urllib.parse import quote

import pytest

from conftest import empty_and_delete, unique_name
from support.errors import assert_error

NAMESPACE = "{http://s3.amazonaws.com/doc/2006-03-01/}"
KEYS = [
    "a", "a.txt", "a/", "a/1", "a/2/x", "a/2/y", "a0", "b/1", "b/2", "b//3", "c", "dir/sub/1", "dir/sub/2", "dir/x", "e e",
    "f+g", "h%20h", "photos/2025/a", "photos/2026/a", "photos/2026/b", "z::1::x", "z::1::y", "z::2", "é", "日本/1", "日本/2", "😀",
]


@pytest.fixture(scope="module")
def filled(s3, region):
    name = unique_name("listing")
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": region})
    for key in random.Random(1).sample(KEYS, len(KEYS)):
        s3.put_object(Bucket=name, Key=key, Body=key.encode())
    yield name
    empty_and_delete(s3, name)


def model(keys, prefix="", delimiter="", after=""):
    """What a listing shows, in order: ("key", k) and ("prefix", p), beyond `after`."""
    entries = []
    for key in sorted((k for k in keys if k.startswith(prefix)), key=str.encode):
        cut = key.find(delimiter, len(prefix)) if delimiter else -1
        entry = ("prefix", key[:cut + len(delimiter)]) if cut >= 0 else ("key", key)
        if entry[1].encode() <= after.encode() or (entry[0] == "prefix" and after.startswith(entry[1])):
            continue
        if entry not in entries:
            entries.append(entry)
    return entries


def shown(answer):
    """Keys and prefixes of a page, merged into byte order."""
    entries = [("key", entry["Key"]) for entry in answer.get("Contents", [])]
    entries += [("prefix", entry["Prefix"]) for entry in answer.get("CommonPrefixes", [])]
    return sorted(entries, key=lambda entry: entry[1].encode())


SHAPES = [
    (prefix, delimiter)
    for prefix in ["", "a", "a/", "a/2", "b/", "dir/", "photos/2026/", "z::", "日", "none", "é"]
    for delimiter in ["", "/", "::", "2", "é"]
]


class TestVersion2:
    @pytest.mark.parametrize("prefix, delimiter", SHAPES)
    def test_whole(self, s3, filled, prefix, delimiter):
        answer = s3.list_objects_v2(Bucket=filled, Prefix=prefix, Delimiter=delimiter)
        assert shown(answer) == model(KEYS, prefix, delimiter)
        assert answer["KeyCount"] == len(shown(answer)) and answer["IsTruncated"] is False
        assert answer["Name"] == filled and answer["MaxKeys"] == 1000 and answer["Prefix"] == prefix
        assert "NextContinuationToken" not in answer

    @pytest.mark.parametrize("prefix, delimiter", SHAPES)
    @pytest.mark.parametrize("size", [1, 2, 5])
    def test_in_pages(self, s3, filled, prefix, delimiter, size):
        expected, seen, token = model(KEYS, prefix, delimiter), [], None
        for _ in range(len(KEYS) + 1):
            more = {"ContinuationToken": token} if token else {}
            page = s3.list_objects_v2(Bucket=filled, Prefix=prefix, Delimiter=delimiter, MaxKeys=size, **more)
            assert page["KeyCount"] == len(shown(page)) <= size
            seen += shown(page)
            token = page.get("NextContinuationToken")
            assert page["IsTruncated"] is (token is not None) is (len(seen) < len(expected))
            if not token:
                break
        assert seen == expected

    @pytest.mark.parametrize("after", ["", "a", "a/1", "a/2", "a/2/", "a/9", "b", "c0", "photos/2025/", "zzz", "日本/1", "\U0010ffff"])
    @pytest.mark.parametrize("delimiter", ["", "/"])
    def test_start_after(self, s3, filled, after, delimiter):
        answer = s3.list_objects_v2(Bucket=filled, StartAfter=after, Delimiter=delimiter)
        assert shown(answer) == model(KEYS, "", delimiter, after)

    def test_token_wins_over_start_after(self, s3, filled):
        token = s3.list_objects_v2(Bucket=filled, MaxKeys=3)["NextContinuationToken"]
        answer = s3.list_objects_v2(Bucket=filled, ContinuationToken=token, StartAfter="z", MaxKeys=2)
        assert shown(answer) == model(KEYS)[3:5]
        assert answer["ContinuationToken"] == token

    def test_entries(self, s3, filled):
        entry = s3.list_objects_v2(Bucket=filled, Prefix="c")["Contents"][0]
        assert (entry["Size"], entry["StorageClass"]) == (1, "STANDARD")
        assert entry["ETag"] == '"4a8a08f09d37b73795649038408b5f33"'
        assert "Owner" not in entry
        assert s3.list_objects_v2(Bucket=filled, Prefix="c", FetchOwner=True)["Contents"][0]["Owner"]["ID"]

    @pytest.mark.parametrize("token", ["not a token", "AAAA"])
    def test_foreign_token(self, wire, filled, token):
        assert_error(wire.send("GET", f"/{filled}?list-type=2&continuation-token={quote(token)}"), "InvalidArgument", 400)

    @pytest.mark.parametrize("kind", ["3", "1", "x"])
    def test_unknown_list_type(self, wire, filled, kind):
        assert_error(wire.send("GET", f"/{filled}?list-type={kind}"), "InvalidArgument", 400)


class TestVersion1:
    @pytest.mark.parametrize("prefix, delimiter", SHAPES)
    def test_whole(self, s3, filled, prefix, delimiter):
        answer = s3.list_objects(Bucket=filled, Prefix=prefix, Delimiter=delimiter)
        assert shown(answer) == model(KEYS, prefix, delimiter)
        assert answer["IsTruncated"] is False and "NextMarker" not in answer
        assert all(entry["Owner"]["ID"] for entry in answer.get("Contents", []))

    @pytest.mark.parametrize("prefix, delimiter", SHAPES)
    def test_in_pages(self, s3, filled, prefix, delimiter):
        expected, seen, marker = model(KEYS, prefix, delimiter), [], ""
        for _ in range(len(KEYS) + 1):
            page = s3.list_objects(Bucket=filled, Prefix=prefix, Delimiter=delimiter, MaxKeys=2, Marker=marker)
            seen += shown(page)
            assert page["IsTruncated"] is (len(seen) < len(expected))
            assert ("NextMarker" in page) is (page["IsTruncated"] and bool(delimiter))
            if not page["IsTruncated"]:
                break
            marker = page.get("NextMarker", seen[-1][1])
        assert seen == expected

    def test_marker_is_told(self, s3, filled):
        answer = s3.list_objects(Bucket=filled, Marker="a/1")
        assert answer["Marker"] == "a/1" and shown(answer) == model(KEYS, after="a/1")


@pytest.mark.parametrize("version", ["", "list-type=2&"])
class TestPageSize:
    def test_zero(self, wire, filled, version):
        root = ElementTree.fromstring(wire.send("GET", f"/{filled}?{version}max-keys=0").body)
        assert root.findtext(f"{NAMESPACE}IsTruncated") == "false"
        assert root.find(f"{NAMESPACE}Contents") is None

    def test_over_a_thousand_is_cut(self, wire, filled, version):
        root = ElementTree.fromstring(wire.send("GET", f"/{filled}?{version}max-keys=5000").body)
        assert len(root.findall(f"{NAMESPACE}Contents")) == len(KEYS)
        assert root.findtext(f"{NAMESPACE}MaxKeys") in ("1000", "5000")

    @pytest.mark.parametrize("value", ["-1", "x", "1.5", "99999999999999999999"])
    def test_no_number(self, wire, filled, version, value):
        members = assert_error(wire.send("GET", f"/{filled}?{version}max-keys={value}"), "InvalidArgument", 400)
        assert members["ArgumentName"] in ("max-keys", "maxKeys")


@pytest.mark.parametrize("version", ["", "list-type=2&"])
class TestEncoding:
    def test_url(self, wire, filled, version):
        answer = wire.send("GET", f"/{filled}?{version}encoding-type=url&prefix={quote('日本/')}&delimiter=%2F")
        root = ElementTree.fromstring(answer.body)
        assert root.findtext(f"{NAMESPACE}EncodingType") == "url"
        assert root.findtext(f"{NAMESPACE}Prefix") == quote("日本/")
        assert [e.text for e in root.findall(f"{NAMESPACE}Contents/{NAMESPACE}Key")] == [
            quote("日本/1"), quote("日本/2")]

    def test_of_a_space_and_a_plus(self, wire, filled, version):
        body = wire.send("GET", f"/{filled}?{version}encoding-type=url").body.decode()
        assert "<Key>e+e</Key>" in body or "<Key>e%20e</Key>" in body
        assert "<Key>f%2Bg</Key>" in body and "<Key>h%2520h</Key>" in body

    def test_unknown(self, wire, filled, version):
        assert_error(wire.send("GET", f"/{filled}?{version}encoding-type=base64"), "InvalidArgument", 400)

    def test_control_characters(self, wire, s3, bucket, version):
        s3.put_object(Bucket=bucket, Key="a\x01b", Body=b"")
        body = wire.send("GET", f"/{bucket}?{version}encoding-type=url").body.decode()
        assert "<Key>a%01b</Key>" in body
        assert "<Key>a&#x1;b</Key>" in wire.send("GET", f"/{bucket}?{version.rstrip('&')}").body.decode()


def test_delete_markers_hide_keys(s3, versioned):
    for key in ("a", "b", "c"):
        s3.put_object(Bucket=versioned, Key=key, Body=b"")
    s3.delete_object(Bucket=versioned, Key="b")
    assert shown(s3.list_objects_v2(Bucket=versioned)) == [("key", "a"), ("key", "c")]
    assert shown(s3.list_objects(Bucket=versioned)) == [("key", "a"), ("key", "c")]


def test_markers_do_not_end_a_page_early(s3, versioned):
    for n in range(30):
        s3.put_object(Bucket=versioned, Key=f"k{n:02}", Body=b"")
    for n in range(29):
        s3.delete_object(Bucket=versioned, Key=f"k{n:02}")
    answer = s3.list_objects_v2(Bucket=versioned, MaxKeys=1)
    assert shown(answer) == [("key", "k29")] and answer["IsTruncated"] is False


def test_prefix_of_nothing_but_markers_is_no_common_prefix(s3, versioned):
    s3.put_object(Bucket=versioned, Key="gone/x", Body=b"")
    s3.delete_object(Bucket=versioned, Key="gone/x")
    s3.put_object(Bucket=versioned, Key="there/x", Body=b"")
    assert shown(s3.list_objects_v2(Bucket=versioned, Delimiter="/")) == [("prefix", "there/")]


class TestVersions:
    @pytest.fixture(scope="class")
    def layered(self, s3, region):
        """Keys with 1 to 4 versions and some markers; gives the bucket and its entries in listing order."""
        name = unique_name("layers")
        s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": region})
        s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
        chance, newest_first = random.Random(2), {key: [] for key in KEYS}
        for _ in range(4):
            for key in KEYS:
                if chance.random() < 0.3:
                    entry = ("marker", key, s3.delete_object(Bucket=name, Key=key)["VersionId"])
                else:
                    entry = ("version", key, s3.put_object(Bucket=name, Key=key, Body=b"x")["VersionId"])
                newest_first[key].insert(0, entry)
        yield name, [entry for key in sorted(KEYS, key=str.encode) for entry in newest_first[key]]
        empty_and_delete(s3, name)

    def entries(self, wire, bucket, query):
        """The entries of a page in document order, which boto3 does not keep, and the markers for the next."""
        answer = wire.send("GET", f"/{bucket}?versions{query}")
        assert answer.status == 200, answer.body
        root = ElementTree.fromstring(answer.body)
        found = []
        for element in root:
            kind = {"Version": "version", "DeleteMarker": "marker"}.get(element.tag.removeprefix(NAMESPACE))
            if kind:
                found.append((kind, element.findtext(f"{NAMESPACE}Key"), element.findtext(f"{NAMESPACE}VersionId")))
            elif element.tag == f"{NAMESPACE}CommonPrefixes":
                found.append(("prefix", element.findtext(f"{NAMESPACE}Prefix"), None))
        return found, root

    def test_order(self, wire, layered):
        bucket, expected = layered
        found, _ = self.entries(wire, bucket, "")
        assert found == expected

    @pytest.mark.parametrize("size", [1, 3, 7, 50])
    def test_in_pages(self, wire, layered, size):
        bucket, expected = layered
        seen, more = [], ""
        for _ in range(len(expected) + 1):
            found, root = self.entries(wire, bucket, f"&max-keys={size}{more}")
            seen += found
            if root.findtext(f"{NAMESPACE}IsTruncated") == "false":
                break
            key = root.findtext(f"{NAMESPACE}NextKeyMarker")
            version = root.findtext(f"{NAMESPACE}NextVersionIdMarker")
            more = f"&key-marker={quote(key, safe='')}&version-id-marker={quote(version, safe='')}"
        assert seen == expected

    def test_key_marker_alone_skips_the_whole_key(self, wire, layered):
        bucket, expected = layered
        found, _ = self.entries(wire, bucket, "&key-marker=a%2F1")
        assert found == [entry for entry in expected if entry[1].encode() > b"a/1"]

    def test_latest_is_the_first_of_each_key(self, wire, layered):
        bucket, _ = layered
        _, root = self.entries(wire, bucket, "")
        latest, previous = [], None
        for element in root:
            if element.tag in (f"{NAMESPACE}Version", f"{NAMESPACE}DeleteMarker"):
                key = element.findtext(f"{NAMESPACE}Key")
                latest.append((element.findtext(f"{NAMESPACE}IsLatest") == "true") == (key != previous))
                previous = key
        assert all(latest)

    def test_delimiter(self, s3, layered):
        bucket, expected = layered
        answer = s3.list_object_versions(Bucket=bucket, Delimiter="/")
        prefixes = [entry["Prefix"] for entry in answer["CommonPrefixes"]]
        assert prefixes == [name for kind, name in model(KEYS, "", "/") if kind == "prefix"]
        listed = {entry["VersionId"] for entry in answer["Versions"] + answer["DeleteMarkers"]}
        assert listed == {version for _, key, version in expected if "/" not in key}

    @pytest.mark.parametrize("size", [1, 2, 4])
    def test_delimiter_in_pages(self, s3, layered, size):
        bucket, expected = layered
        prefixes, versions, more = [], set(), {}
        for _ in range(len(expected) + 1):
            page = s3.list_object_versions(Bucket=bucket, Delimiter="/", MaxKeys=size, **more)
            entries = page.get("Versions", []) + page.get("DeleteMarkers", [])
            assert len(entries) + len(page.get("CommonPrefixes", [])) <= size
            prefixes += [entry["Prefix"] for entry in page.get("CommonPrefixes", [])]
            versions |= {entry["VersionId"] for entry in entries}
            if not page["IsTruncated"]:
                break
            more = {"KeyMarker": page["NextKeyMarker"]}
            if page.get("NextVersionIdMarker"):
                more["VersionIdMarker"] = page["NextVersionIdMarker"]
        assert prefixes == [name for kind, name in model(KEYS, "", "/") if kind == "prefix"]
        assert versions == {version for _, key, version in expected if "/" not in key}

    def test_prefix(self, wire, layered):
        bucket, expected = layered
        found, _ = self.entries(wire, bucket, "&prefix=a%2F")
        assert found == [entry for entry in expected if entry[1].startswith("a/")]

    def test_version_marker_without_key(self, wire, layered):
        bucket, expected = layered
        assert_error(wire.send("GET", f"/{bucket}?versions&version-id-marker={expected[0][2]}"), "InvalidArgument", 400)

    def test_entries(self, s3, layered):
        entry = s3.list_object_versions(Bucket=layered[0])["Versions"][0]
        assert entry["Owner"]["ID"] and entry["StorageClass"] == "STANDARD" and entry["Size"] == 1
        assert entry["ETag"] == '"9dd4e461268c8034f5c8564e155c67a6"'

    def test_query_names_are_told_apart(self, s3, wire, layered):
        bucket, _ = layered
        assert b"ListVersionsResult" in wire.send("GET", f"/{bucket}?versions").body
        assert b"VersioningConfiguration" in wire.send("GET", f"/{bucket}?versioning").body


def test_anonymous_listing_is_denied(wire, filled):
    assert_error(wire.send_as_is("GET", f"/{filled}"), "AccessDenied", 403)


def test_empty_bucket(s3, bucket):
    answer = s3.list_objects_v2(Bucket=bucket)
    assert answer["KeyCount"] == 0 and answer["IsTruncated"] is False
    versions = s3.list_object_versions(Bucket=bucket)
    assert "Versions" not in versions and "DeleteMarkers" not in versions and versions["IsTruncated"] is False
