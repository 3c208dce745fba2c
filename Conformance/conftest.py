"""Fixtures: one ephemeral Skylab for the session, clients for it, and buckets that go away with their test.

CONFORMANCE_ENDPOINT=http://host:port runs the suite against a server that is already there, whoever's it is;
its keys then come from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, its region from AWS_REGION.
"""

import os
import shutil
import subprocess
import sys
import uuid
from pathlib import Path
from urllib.parse import urlsplit

import boto3
import pytest
from botocore.config import Config

from support.labapp import Moto
from support.server import Credentials, Skylab
from support.wire import Wire

REGION = os.environ.get("AWS_REGION", "ap-south-1")
EXTERNAL = os.environ.get("CONFORMANCE_ENDPOINT")


def pytest_collection_modifyitems(items):
    if EXTERNAL:
        for item in items:
            if item.get_closest_marker("skylab_only"):
                item.add_marker(pytest.mark.skip(reason="needs Skylab's own process"))


def client(service: str, endpoint: str, credentials: Credentials, region: str = REGION, **config):
    """A boto3 client that neither retries nor reads the machine's AWS configuration."""
    session = boto3.Session(
        aws_access_key_id=credentials.access_key,
        aws_secret_access_key=credentials.secret_key,
        aws_session_token=credentials.session_token,
        region_name=region)
    defaults = {"retries": {"total_max_attempts": 1}, "connect_timeout": 5, "read_timeout": 60}
    return session.client(service, endpoint_url=endpoint, config=Config(**{**defaults, **config}))


@pytest.fixture(scope="session", autouse=True)
def isolated_configuration(tmp_path_factory):
    """No test reads or writes the AWS files of whoever runs it, nor reaches beyond this machine for credentials."""
    folder = tmp_path_factory.mktemp("aws")
    changes = pytest.MonkeyPatch()
    for name in [n for n in os.environ if n.startswith("AWS_")]:
        changes.delenv(name)
    changes.setenv("AWS_CONFIG_FILE", str(folder / "config"))
    changes.setenv("AWS_SHARED_CREDENTIALS_FILE", str(folder / "credentials"))
    changes.setenv("AWS_EC2_METADATA_DISABLED", "true")
    yield
    changes.undo()


EXTERNAL_CREDENTIALS = Credentials(
    os.environ.get("AWS_ACCESS_KEY_ID", "testing"), os.environ.get("AWS_SECRET_ACCESS_KEY", "testing"))


@pytest.fixture(scope="session")
def skylab(tmp_path_factory):
    """The session's server; None where the suite runs against another."""
    if EXTERNAL:
        yield None
        return
    server = Skylab(tmp_path_factory.mktemp("skylab") / "skylab.log")
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def moto(tmp_path_factory):
    """An S3 and STS that are not ours: the client side's tests run against it as well."""
    server = Moto(tmp_path_factory.mktemp("moto") / "moto.log")
    yield server
    server.stop()


@pytest.fixture
def make_skylab(tmp_path, request):
    """Starts servers of the test's own: `make_skylab(state=DIR)`; all are gone after it."""
    started = []

    def make(state: Path | None = None, port: int | None = None, arguments: tuple[str, ...] = ()) -> Skylab:
        server = Skylab(tmp_path / f"skylab-{len(started)}.log", state, port, arguments)
        started.append(server)
        return server.start()

    yield make
    for server in started:
        server.process and server.process.poll() is None and server.stop()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """A failed test shows the end of its server's log."""
    outcome = yield
    report = outcome.get_result()
    server = getattr(item, "funcargs", {}).get("skylab")
    if report.failed and server is not None and server.log.exists():
        report.sections.append(("skylab's log, its end", "\n".join(server.log.read_text().splitlines()[-8:])))
        report.sections.append(("skylab's whole log", str(keep(server.log))))


def keep(log: Path) -> Path:
    """A copy of the log where it outlives pytest's temporary folders."""
    folder = Path(__file__).resolve().parents[1] / "build" / "test"
    folder.mkdir(parents=True, exist_ok=True)
    return Path(shutil.copy(log, folder / log.name))


@pytest.fixture(scope="session")
def skylab_endpoint(skylab) -> str:
    return EXTERNAL or skylab.endpoint


@pytest.fixture(scope="session")
def credentials(skylab) -> Credentials:
    return EXTERNAL_CREDENTIALS if skylab is None else skylab.credentials()


@pytest.fixture(scope="session")
def region() -> str:
    return REGION


@pytest.fixture(scope="session")
def s3(skylab_endpoint, credentials):
    return client("s3", skylab_endpoint, credentials, max_pool_connections=40)


@pytest.fixture(scope="session")
def sts(skylab_endpoint, credentials):
    return client("sts", skylab_endpoint, credentials)


@pytest.fixture(scope="session")
def wire(skylab_endpoint, credentials) -> Wire:
    parts = urlsplit(skylab_endpoint)
    return Wire(parts.hostname, parts.port, credentials, REGION)


@pytest.fixture(scope="session")
def aws(skylab_endpoint, credentials):
    """Runs the real `aws` command: `aws("s3", "ls")` gives what it printed; a failure is told with its output."""
    environment = {
        **os.environ,
        "AWS_ENDPOINT_URL": skylab_endpoint,
        "AWS_ACCESS_KEY_ID": credentials.access_key,
        "AWS_SECRET_ACCESS_KEY": credentials.secret_key,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_PAGER": "",
        "AWS_MAX_ATTEMPTS": "1",
        "PYTHONWARNINGS": "ignore",
    }
    command = Path(sys.executable).with_name("aws")

    def run(*arguments: str, check: bool = True, **options) -> subprocess.CompletedProcess:
        ran = subprocess.run(
            [command, *map(str, arguments)], capture_output=True, text=True, timeout=110, env=environment, **options)
        if check and ran.returncode != 0:
            pytest.fail(f"aws {' '.join(map(str, arguments))} ended with {ran.returncode}\n{ran.stdout}{ran.stderr}")
        return ran

    return run


def unique_name(prefix: str = "conformance") -> str:
    return f"{prefix}-{uuid.uuid4().hex[:16]}"


def empty_and_delete(s3, bucket: str) -> None:
    """Removes a bucket with all that is in it; fine where it is gone already."""
    try:
        for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
            entries = page.get("Versions", []) + page.get("DeleteMarkers", [])
            objects = [{"Key": entry["Key"], "VersionId": entry["VersionId"]} for entry in entries]
            if objects:
                s3.delete_objects(Bucket=bucket, Delete={"Objects": objects, "Quiet": True})
        for upload in s3.list_multipart_uploads(Bucket=bucket).get("Uploads", []):
            s3.abort_multipart_upload(Bucket=bucket, Key=upload["Key"], UploadId=upload["UploadId"])
        s3.delete_bucket(Bucket=bucket)
    except s3.exceptions.NoSuchBucket:
        pass


@pytest.fixture
def make_bucket(s3):
    """Makes buckets: `make_bucket(versioning="Enabled")` gives the name; all are removed after the test."""
    made = []

    def make(versioning: str | None = None, **arguments) -> str:
        name = unique_name()
        configuration = {"LocationConstraint": REGION} if REGION != "us-east-1" else {}
        configuration |= arguments.pop("CreateBucketConfiguration", {})
        if configuration:
            arguments["CreateBucketConfiguration"] = configuration
        s3.create_bucket(Bucket=name, **arguments)
        made.append(name)
        if versioning:
            s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": versioning})
        return name

    yield make
    for name in made:
        empty_and_delete(s3, name)


@pytest.fixture
def bucket(make_bucket) -> str:
    return make_bucket()


@pytest.fixture
def versioned(make_bucket) -> str:
    return make_bucket(versioning="Enabled")
