"""The real `aws` command: what a student types."""

import json
import os
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from conftest import REGION, empty_and_delete, unique_name
from support.checksums import multipart_etag
from support.server import binary

MIB = 1024 * 1024


def tree(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


@pytest.fixture
def files(tmp_path) -> Path:
    folder = tmp_path / "files"
    for name, content in {"index.html": b"<h1>hello</h1>", "css/site.css": b"body {}", "ä b/+&.txt": b"x", "empty": b""}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def test_life_of_a_bucket(aws, s3):
    name = unique_name("cli")
    assert f"make_bucket: {name}" in aws("s3", "mb", f"s3://{name}").stdout
    assert name in aws("s3", "ls").stdout
    aws("s3", "cp", "-", f"s3://{name}/k", input="content")
    assert aws("s3", "rb", f"s3://{name}", check=False).returncode == 1
    assert f"remove_bucket: {name}" in aws("s3", "rb", f"s3://{name}", "--force").stdout
    assert name not in aws("s3", "ls").stdout


def test_copy_there_and_back(aws, bucket, tmp_path):
    (tmp_path / "a").write_bytes(b"content")
    aws("s3", "cp", tmp_path / "a", f"s3://{bucket}/dir/a", "--metadata", "note=hello", "--content-type", "text/x-test")
    aws("s3", "cp", f"s3://{bucket}/dir/a", f"s3://{bucket}/dir/b")
    aws("s3", "cp", f"s3://{bucket}/dir/b", tmp_path / "b")
    assert (tmp_path / "b").read_bytes() == b"content"
    head = json.loads(aws("s3api", "head-object", "--bucket", bucket, "--key", "dir/b").stdout)
    assert (head["Metadata"], head["ContentType"]) == ({"note": "hello"}, "text/x-test")
    listed = aws("s3", "ls", f"s3://{bucket}", "--recursive", "--summarize").stdout
    assert "dir/a" in listed and "Total Objects: 2" in listed and "Total Size: 14" in listed
    assert "PRE dir/" in aws("s3", "ls", f"s3://{bucket}").stdout


def test_large_file_in_parts(aws, s3, bucket, tmp_path):
    data = os.urandom(40 * MIB + 12_345)
    (tmp_path / "large").write_bytes(data)
    aws("s3", "cp", tmp_path / "large", f"s3://{bucket}/large", "--no-progress")
    head = s3.head_object(Bucket=bucket, Key="large")
    assert head["ETag"] == multipart_etag([data[at:at + 8 * MIB] for at in range(0, len(data), 8 * MIB)])
    aws("s3", "cp", f"s3://{bucket}/large", tmp_path / "back", "--no-progress")
    assert (tmp_path / "back").read_bytes() == data
    aws("s3", "cp", f"s3://{bucket}/large", f"s3://{bucket}/copy", "--no-progress")
    assert s3.head_object(Bucket=bucket, Key="copy")["ContentLength"] == len(data)
    aws("s3", "mv", f"s3://{bucket}/copy", f"s3://{bucket}/moved", "--no-progress")
    assert s3.get_object(Bucket=bucket, Key="moved")["Body"].read() == data
    assert sorted(e["Key"] for e in s3.list_objects_v2(Bucket=bucket)["Contents"]) == ["large", "moved"]
    assert "Uploads" not in s3.list_multipart_uploads(Bucket=bucket)


def test_stream(aws, bucket):
    aws("s3", "cp", "-", f"s3://{bucket}/k", input="piped")
    assert aws("s3", "cp", f"s3://{bucket}/k", "-").stdout == "piped"


def test_sync(aws, s3, bucket, files, tmp_path):
    aws("s3", "sync", files, f"s3://{bucket}/site")
    assert "upload" not in aws("s3", "sync", files, f"s3://{bucket}/site").stdout, "nothing has changed"
    aws("s3", "sync", f"s3://{bucket}/site", tmp_path / "back")
    assert tree(tmp_path / "back") == tree(files)
    (files / "index.html").write_bytes(b"<h1>hello again</h1>")
    (files / "css/site.css").unlink()
    changed = aws("s3", "sync", files, f"s3://{bucket}/site", "--delete").stdout
    assert changed.count("upload:") == 1 and changed.count("delete:") == 1
    aws("s3", "sync", f"s3://{bucket}/site", f"s3://{bucket}/mirror")
    assert s3.get_object(Bucket=bucket, Key="mirror/ä b/+&.txt")["Body"].read() == b"x"


def test_move_and_remove(aws, s3, bucket, files):
    aws("s3", "mv", files, f"s3://{bucket}/", "--recursive")
    assert not tree(files)
    aws("s3", "rm", f"s3://{bucket}/index.html")
    aws("s3", "rm", f"s3://{bucket}/", "--recursive", "--exclude", "*", "--include", "css/*")
    assert sorted(e["Key"] for e in s3.list_objects_v2(Bucket=bucket)["Contents"]) == ["empty", "ä b/+&.txt"]


def test_presign(aws, bucket):
    aws("s3", "cp", "-", f"s3://{bucket}/k", input="content")
    url = aws("s3", "presign", f"s3://{bucket}/k", "--expires-in", "60").stdout.strip()
    with urllib.request.urlopen(url, timeout=10) as answer:
        assert answer.read() == b"content"


def test_missing_key_is_told(aws, bucket, tmp_path):
    ran = aws("s3", "cp", f"s3://{bucket}/never", tmp_path / "x", check=False)
    assert ran.returncode == 1 and "404" in ran.stderr
    ran = aws("s3api", "get-object", "--bucket", bucket, "--key", "never", tmp_path / "x", check=False)
    assert ran.returncode in (254, 255) and "NoSuchKey" in ran.stderr


def test_activity_1_as_typed(aws, tmp_path):
    """Versioning as the lab has it: two versions, an old one read and restored, delete, undelete, removal for good."""
    name = unique_name("activity")
    api = lambda *arguments: json.loads(aws("s3api", *arguments).stdout or "{}")
    api("create-bucket", "--bucket", name, "--create-bucket-configuration", f"LocationConstraint={REGION}")
    api("put-bucket-versioning", "--bucket", name, "--versioning-configuration", "Status=Enabled")
    assert api("get-bucket-versioning", "--bucket", name)["Status"] == "Enabled"
    ids = []
    for text in ("first", "second"):
        (tmp_path / "page").write_text(text)
        ids.append(api("put-object", "--bucket", name, "--key", "site/prod/index.html", "--body", str(tmp_path / "page"))["VersionId"])
    listed = api("list-object-versions", "--bucket", name, "--prefix", "site/")
    assert [v["VersionId"] for v in listed["Versions"]] == ids[::-1]
    api("get-object", "--bucket", name, "--key", "site/prod/index.html", "--version-id", ids[0], str(tmp_path / "old"))
    assert (tmp_path / "old").read_text() == "first"
    api("copy-object", "--bucket", name, "--key", "site/prod/index.html", "--copy-source", f"{name}/site/prod/index.html?versionId={ids[0]}")
    assert aws("s3", "cp", f"s3://{name}/site/prod/index.html", "-").stdout == "first"
    marker = api("delete-object", "--bucket", name, "--key", "site/prod/index.html")
    assert marker["DeleteMarker"] is True
    assert aws("s3", "ls", f"s3://{name}/site/prod/", check=False).stdout == ""
    api("delete-object", "--bucket", name, "--key", "site/prod/index.html", "--version-id", marker["VersionId"])
    assert "index.html" in aws("s3", "ls", f"s3://{name}/site/prod/").stdout
    api("delete-object", "--bucket", name, "--key", "site/prod/index.html", "--version-id", ids[1])
    assert len(api("list-object-versions", "--bucket", name)["Versions"]) == 2


def test_pages(aws, s3, bucket):
    for n in range(25):
        s3.put_object(Bucket=bucket, Key=f"k{n:02}", Body=b"")
    listed = json.loads(aws("s3api", "list-objects-v2", "--bucket", bucket, "--page-size", "10").stdout)
    assert len(listed["Contents"]) == 25
    first = json.loads(aws("s3api", "list-objects-v2", "--bucket", bucket, "--max-items", "7").stdout)
    assert len(first["Contents"]) == 7 and first["NextToken"]


def test_waiters(aws, bucket):
    aws("s3api", "wait", "bucket-exists", "--bucket", bucket)
    aws("s3", "cp", "-", f"s3://{bucket}/k", input="x")
    aws("s3api", "wait", "object-exists", "--bucket", bucket, "--key", "k")
    aws("s3api", "wait", "object-not-exists", "--bucket", bucket, "--key", "never")
    aws("s3api", "wait", "bucket-not-exists", "--bucket", unique_name())


def test_caller_identity(aws):
    caller = json.loads(aws("sts", "get-caller-identity").stdout)
    assert caller["Arn"] == f"arn:aws:iam::{caller['Account']}:root"


def test_service_not_built_is_told(aws):
    ran = aws("lambda", "list-functions", check=False)
    assert ran.returncode != 0 and "Traceback" not in ran.stderr


@pytest.mark.skylab_only
def test_by_the_environment_that_skylab_prints(skylab):
    """The README's second command, in a real shell."""
    folder = Path(sys.executable).parent
    script = f'eval "$("{binary()}" env --port {skylab.port})" && aws sts get-caller-identity --query Account --output text'
    environment = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")} | {
        "PATH": f"{folder}:{os.environ['PATH']}", "PYTHONWARNINGS": "ignore"}
    ran = subprocess.run(["bash", "-c", script], capture_output=True, text=True, timeout=60, env=environment)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.strip() == skylab.health()["account"]


@pytest.fixture(autouse=True, scope="module")
def buckets_made_by_hand_go(s3):
    yield
    for prefix in ("cli-", "activity-"):
        for entry in s3.list_buckets(Prefix=prefix).get("Buckets", []):
            empty_and_delete(s3, entry["Name"])
