"""The client that labapp and the CLI share, on servers that are not ours: where its credentials, region and endpoint
come from, how it signs, and what it does when things go wrong.

Every endpoint of labapp on moto (test_labapp.py) shows the same client right about S3's operations."""

import datetime
import json
import zlib
from base64 import b64encode
from contextlib import contextmanager
from email.utils import format_datetime

import pytest

from conftest import client
from support.fake_server import refusal, reply, serving
from support.labapp import Labapp, clean_environment

REGION = "eu-central-1"


@contextmanager
def app(folder, **settings):
    settings = {"S3_BUCKET": "a-bucket", "AWS_REGION": REGION, "AWS_MAX_ATTEMPTS": "2"} | settings
    process = Labapp(folder / "labapp.log", clean_environment(**settings))
    try:
        yield process
    finally:
        process.stop()


KEYS = {"AWS_ACCESS_KEY_ID": "AKIDENV", "AWS_SECRET_ACCESS_KEY": "env-secret"}
MISSING = refusal(404, "NoSuchKey")


def document(key_id: str, expires_in: float = 3600, **more) -> bytes:
    """Credentials as ECS and EC2 hand them out."""
    expiration = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=expires_in)
    return json.dumps({
        "AccessKeyId": key_id, "SecretAccessKey": "secret", "Token": f"token-of-{key_id}",
        "Expiration": expiration.strftime("%Y-%m-%dT%H:%M:%SZ"), **more}).encode()


def signer_of(request) -> tuple[str, str]:
    """Access key and region that a request was signed with."""
    scope = request.headers["Authorization"].split("Credential=")[1].split(",")[0].split("/")
    return scope[0], scope[2]


class TestCredentials:
    def test_environment(self, tmp_path):
        with serving(MISSING) as (s3, seen), app(
                tmp_path, AWS_ENDPOINT_URL=s3, AWS_SESSION_TOKEN="the-token", **KEYS) as labapp:
            assert labapp.get("/text/k").status_code == 404
        assert signer_of(seen[0]) == ("AKIDENV", REGION)
        assert seen[0].headers["x-amz-security-token"] == "the-token"

    def test_half_of_the_environment(self, tmp_path):
        with serving(MISSING) as (s3, seen), app(
                tmp_path, AWS_ENDPOINT_URL=s3, AWS_ACCESS_KEY_ID="id") as labapp:
            assert labapp.get("/text/k").json()["code"] == "NoCredentials"
        assert not seen

    def test_profile_of_the_credentials_file(self, tmp_path):
        keys = tmp_path / "credentials"
        keys.write_text("[default]\naws_access_key_id = no\naws_secret_access_key = no\n"
                        "[dev]\naws_access_key_id = AKIDDEV ; mine\naws_secret_access_key = s\n")
        with serving(MISSING) as (s3, seen), app(
                tmp_path, AWS_ENDPOINT_URL=s3, AWS_PROFILE="dev", AWS_SHARED_CREDENTIALS_FILE=str(keys)) as labapp:
            labapp.get("/text/k")
        assert signer_of(seen[0])[0] == "AKIDDEV"

    def test_home_directory(self, tmp_path):
        (tmp_path / ".aws").mkdir()
        (tmp_path / ".aws/credentials").write_text("[default]\naws_access_key_id=AKIDHOME\naws_secret_access_key=s")
        with serving(MISSING) as (s3, seen), app(tmp_path, AWS_ENDPOINT_URL=s3, HOME=str(tmp_path)) as labapp:
            labapp.get("/text/k")
        assert signer_of(seen[0])[0] == "AKIDHOME"

    def test_profile_that_is_not_there(self, tmp_path):
        with app(tmp_path, AWS_PROFILE="nobody", AWS_ENDPOINT_URL="http://127.0.0.1:9") as labapp:
            answer = labapp.get("/text/k")
        assert answer.status_code == 500 and "nobody" in answer.json()["error"]

    def test_environment_comes_before_files(self, tmp_path):
        keys = tmp_path / "credentials"
        keys.write_text("[default]\naws_access_key_id = AKIDFILE\naws_secret_access_key = s\n")
        with serving(MISSING) as (s3, seen), app(
                tmp_path, AWS_ENDPOINT_URL=s3, AWS_SHARED_CREDENTIALS_FILE=str(keys), **KEYS) as labapp:
            labapp.get("/text/k")
        assert signer_of(seen[0])[0] == "AKIDENV"

    def test_role_of_a_profile(self, tmp_path, moto):
        """AssumeRole at moto's STS; its keys then read from moto's S3."""
        s3 = client("s3", moto.endpoint, moto.credentials, REGION)
        s3.create_bucket(Bucket="of-the-role", CreateBucketConfiguration={"LocationConstraint": REGION})
        s3.put_object(Bucket="of-the-role", Key="k", Body=b"by role")
        config = tmp_path / "config"
        config.write_text("[profile task]\nrole_arn = arn:aws:iam::123456789012:role/task\nsource_profile = base\n"
                          "[profile base]\naws_access_key_id = testing\naws_secret_access_key = testing\n")
        with app(tmp_path, S3_BUCKET="of-the-role", AWS_PROFILE="task", AWS_CONFIG_FILE=str(config),
                 AWS_ENDPOINT_URL=moto.endpoint) as labapp:
            assert labapp.get("/text/k").json()["text"] == "by role"

    def test_ecs_task_role(self, tmp_path):
        def agent(handler, _):
            reply(handler, 200, document("ASIATASK"))

        token = tmp_path / "token"
        token.write_text("from-file\n")
        with serving(agent) as (agent_url, asked), serving(MISSING) as (s3, seen), app(
                tmp_path, AWS_ENDPOINT_URL=s3, AWS_CONTAINER_CREDENTIALS_FULL_URI=f"{agent_url}/v2/c?id=1",
                AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=str(token)) as labapp:
            for _ in range(3):
                labapp.get("/text/k")
        assert [(r.path, r.headers["Authorization"]) for r in asked] == [("/v2/c?id=1", "from-file")]
        assert {signer_of(r)[0] for r in seen} == {"ASIATASK"}
        assert seen[0].headers["x-amz-security-token"] == "token-of-ASIATASK"

    def test_ecs_agent_that_stumbles(self, tmp_path):
        def agent(handler, number):
            reply(handler, 500) if number == 1 else reply(handler, 200, document("ASIATASK"))

        with serving(agent) as (agent_url, asked), serving(MISSING) as (s3, seen), app(
                tmp_path, AWS_ENDPOINT_URL=s3, AWS_CONTAINER_CREDENTIALS_FULL_URI=agent_url,
                AWS_CONTAINER_AUTHORIZATION_TOKEN="inline") as labapp:
            assert labapp.get("/text/k").status_code == 404
        assert len(asked) == 2 and asked[0].headers["Authorization"] == "inline"

    def test_ecs_agent_that_is_none(self, tmp_path):
        with app(tmp_path, AWS_ENDPOINT_URL="http://127.0.0.1:9",
                 AWS_CONTAINER_CREDENTIALS_FULL_URI="http://example.com/credentials") as labapp:
            answer = labapp.get("/text/k")
        assert answer.status_code == 500 and "AWS_CONTAINER_CREDENTIALS_FULL_URI" in answer.json()["error"]

    def test_renewed_before_they_expire(self, tmp_path):
        """Keys with less than five minutes left are used, and renewed; many requests make one renewal."""
        def agent(handler, number):
            reply(handler, 200, document(f"ASIA{number}", expires_in=60 if number == 1 else 3600))

        with serving(agent) as (agent_url, asked), serving(refusal(400, "ExpiredToken")) as (s3, seen), app(
                tmp_path, AWS_ENDPOINT_URL=s3, AWS_CONTAINER_CREDENTIALS_FULL_URI=agent_url) as labapp:
            labapp.get("/text/k")
        # S3 called the first keys expired, and the call went out again with new ones.
        assert [signer_of(r)[0] for r in seen] == ["ASIA1", "ASIA2"] and len(asked) == 2

    def test_instance_profile(self, tmp_path):
        def metadata(handler, _):
            if handler.command == "PUT" and handler.path == "/latest/api/token":
                return reply(handler, 200, b"session-token")
            if handler.headers["x-aws-ec2-metadata-token"] != "session-token":
                return reply(handler, 401)
            roles = "/latest/meta-data/iam/security-credentials/"
            pages = {roles: b"my-role\n", f"{roles}my-role": document("ASIAEC2", Code="Success")}
            page = pages.get(handler.path)
            reply(handler, 200, page) if page else reply(handler, 404)

        with serving(metadata) as (imds, asked), serving(MISSING) as (s3, seen), app(
                tmp_path, AWS_ENDPOINT_URL=s3, AWS_EC2_METADATA_DISABLED="false",
                AWS_EC2_METADATA_SERVICE_ENDPOINT=imds) as labapp:
            labapp.get("/text/k")
        assert [r.method for r in asked] == ["PUT", "GET", "GET"]
        assert int(asked[0].headers["x-aws-ec2-metadata-token-ttl-seconds"]) >= 60
        assert signer_of(seen[0])[0] == "ASIAEC2"

    def test_no_secret_in_the_log(self, tmp_path):
        with serving(MISSING) as (s3, _), app(
                tmp_path, AWS_ENDPOINT_URL=s3, LOG_LEVEL="trace", AWS_SESSION_TOKEN="hush-token", **KEYS) as labapp:
            labapp.get("/text/k")
            log = labapp.log.read_text()
        assert "GetObject" in log and "env-secret" not in log and "hush-token" not in log and "Signature=" not in log


class TestEndpoint:
    def test_of_the_service_wins(self, tmp_path):
        with serving(MISSING) as (s3, seen), app(
                tmp_path, AWS_ENDPOINT_URL="http://127.0.0.1:9", AWS_ENDPOINT_URL_S3=s3, **KEYS) as labapp:
            labapp.get("/text/a/b%20c")
        assert seen[0].path == "/a-bucket/a/b%20c" or seen[0].path.startswith("/a-bucket/a/b%20c?")

    def test_path_of_the_endpoint(self, tmp_path):
        with serving(MISSING) as (s3, seen), app(tmp_path, AWS_ENDPOINT_URL=f"{s3}/base/", **KEYS) as labapp:
            labapp.get("/text/k")
        assert seen[0].path.split("?")[0] == "/base/a-bucket/k"

    def test_services_section(self, tmp_path):
        config = tmp_path / "config"
        with serving(MISSING) as (s3, seen):
            config.write_text(f"[default]\nservices = local\n\n[services local]\ns3 =\n  endpoint_url = {s3}\n")
            with app(tmp_path, AWS_CONFIG_FILE=str(config), **KEYS) as labapp:
                labapp.get("/text/k")
        assert seen[0].headers["Host"] == s3.removeprefix("http://")


class TestRequests:
    def test_put_carries_what_sdks_send(self, tmp_path):
        def answer(handler, _):
            reply(handler, 200, ETag='"e"')

        with serving(answer) as (s3, seen), app(tmp_path, AWS_ENDPOINT_URL=s3, **KEYS) as labapp:
            assert labapp.post("/text", json={"key": "k", "text": "hello"}).status_code == 200
        headers = seen[0].headers
        assert headers["x-amz-checksum-crc32"] == b64encode(zlib.crc32(b"hello").to_bytes(4, "big")).decode()
        assert headers["x-amz-sdk-checksum-algorithm"] == "CRC32"
        assert len(headers["x-amz-content-sha256"]) == 64 and headers["Content-Length"] == "5"
        assert headers["User-Agent"].startswith("skylab/")
        assert "x-amz-checksum-crc32" in headers["Authorization"]

    def test_checksums_only_where_required(self, tmp_path):
        def answer(handler, _):
            reply(handler, 200, ETag='"e"')

        with serving(answer) as (s3, seen), app(
                tmp_path, AWS_ENDPOINT_URL=s3, AWS_REQUEST_CHECKSUM_CALCULATION="when_required", **KEYS) as labapp:
            labapp.post("/text", json={"key": "k", "text": "hello"})
        assert "x-amz-checksum-crc32" not in seen[0].headers

    def test_wrong_clock_is_put_right(self, tmp_path):
        """S3's `Date` tells its time; the call goes out once more, signed with that, and so do all later ones."""
        there = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=3)

        def answer(handler, number):
            handler.date_time_string = lambda timestamp=None: format_datetime(there, usegmt=True)
            refusal(*((403, "RequestTimeTooSkewed") if number == 1 else (404, "NoSuchKey")))(handler, number)

        with serving(answer) as (s3, seen), app(tmp_path, AWS_ENDPOINT_URL=s3, **KEYS) as labapp:
            assert labapp.get("/text/k").json()["code"] == "NoSuchKey"
            labapp.get("/text/k")
        hours = [r.headers["x-amz-date"][:11] for r in seen]
        assert hours[1] == hours[2] == there.strftime("%Y%m%dT%H") and hours[0] != hours[1]

    def test_connections_are_kept(self, tmp_path):
        peers = []

        def answer(handler, number):
            peers.append(handler.client_address)
            MISSING(handler, number)

        with serving(answer) as (s3, _), app(tmp_path, AWS_ENDPOINT_URL=s3, **KEYS) as labapp:
            for _ in range(5):
                labapp.get("/text/k")
        assert len(set(peers)) <= 2
