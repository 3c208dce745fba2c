"""The `skylab` command and its server: start, stop, state, accounts, reset."""

import json
import os
import signal
import socket
import stat
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from conftest import REGION, client, unique_name
from support.errors import refused
from support.server import STOP_WITHIN_SECONDS, Credentials, binary, cli, eventually, free_port, parse_exports
from support.wire import Wire, head

pytestmark = pytest.mark.skylab_only


def make_bucket(s3, name):
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    return name


class TestHealth:
    def test_tells_how_it_is(self, skylab):
        health = skylab.health()
        assert health["status"] == "ok" and health["region"] == REGION
        assert len(health["account"]) == 12 and health["ephemeral"] is True

    def test_needs_no_signature_and_changes_nothing(self, skylab):
        assert requests.post(f"{skylab.endpoint}/_skylab/health", timeout=5).status_code == 405
        assert requests.head(f"{skylab.endpoint}/_skylab/health", timeout=5).status_code == 200

    def test_metrics(self, skylab, s3):
        s3.list_buckets()
        text = requests.get(f"{skylab.endpoint}/_skylab/metrics", timeout=5).text
        assert "# TYPE" in text and "ListBuckets" in text


class TestReset:
    def test_empties_an_ephemeral_server(self, make_skylab):
        server = make_skylab()
        s3 = client("s3", server.endpoint, server.credentials())
        name = make_bucket(s3, "reset-me")
        s3.put_object(Bucket=name, Key="k", Body=b"x" * 1_000_000)
        s3.create_multipart_upload(Bucket=name, Key="open")
        assert requests.post(f"{server.endpoint}/_skylab/reset", timeout=5).status_code == 200
        assert s3.list_buckets()["Buckets"] == []
        make_bucket(s3, name)
        assert s3.list_objects_v2(Bucket=name)["KeyCount"] == 0
        assert "Uploads" not in s3.list_multipart_uploads(Bucket=name)

    def test_under_load(self, make_skylab):
        server = make_skylab()
        s3 = client("s3", server.endpoint, server.credentials(), max_pool_connections=20)

        def work(n):
            try:
                s3.put_object(Bucket="reset-me", Key=f"k{n}", Body=b"x" * (n * 5000))
            except s3.exceptions.NoSuchBucket:
                pass

        for _ in range(5):
            make_bucket(s3, "reset-me")
            with ThreadPoolExecutor(8) as pool:
                jobs = [pool.submit(work, n) for n in range(60)]
                assert requests.post(f"{server.endpoint}/_skylab/reset", timeout=10).status_code == 200
                for job in jobs:
                    job.result()
            assert s3.list_buckets()["Buckets"] == []

    def test_never_a_server_that_keeps_its_state(self, make_skylab, tmp_path):
        server = make_skylab(state=tmp_path / "state")
        s3 = client("s3", server.endpoint, server.credentials())
        name = make_bucket(s3, unique_name())
        assert requests.post(f"{server.endpoint}/_skylab/reset", timeout=5).status_code in (403, 409)
        assert [b["Name"] for b in s3.list_buckets()["Buckets"]] == [name]

    def test_not_by_get(self, skylab):
        assert requests.get(f"{skylab.endpoint}/_skylab/reset", timeout=5).status_code == 405


class TestState:
    def test_survives_a_stop_and_a_start(self, make_skylab, tmp_path):
        state = tmp_path / "state"
        server = make_skylab(state=state)
        before = server.environment()
        s3 = client("s3", server.endpoint, server.credentials())
        name = make_bucket(s3, unique_name())
        s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
        ids = [s3.put_object(Bucket=name, Key="k", Body=b"x" * n, Tagging="a=1")["VersionId"] for n in (10, 2_000_000)]
        upload = s3.create_multipart_upload(Bucket=name, Key="m")["UploadId"]
        part = s3.upload_part(Bucket=name, Key="m", UploadId=upload, PartNumber=1, Body=b"part")
        assert server.stop() == 0

        again = make_skylab(state=state, port=server.port)
        assert again.environment() == before
        assert [s3.get_object(Bucket=name, Key="k", VersionId=i)["ContentLength"] for i in ids] == [10, 2_000_000]
        assert s3.get_object_tagging(Bucket=name, Key="k")["TagSet"] == [{"Key": "a", "Value": "1"}]
        s3.complete_multipart_upload(
            Bucket=name, Key="m", UploadId=upload, MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]})
        assert s3.get_object(Bucket=name, Key="m")["Body"].read() == b"part"

    def test_secret_is_for_its_owner_alone(self, make_skylab, tmp_path):
        state = tmp_path / "state"
        server = make_skylab(state=state)
        secret = server.credentials().secret_key
        holders = [f for f in state.rglob("*") if f.is_file() and secret.encode() in f.read_bytes()]
        assert len(holders) == 1
        assert stat.S_IMODE(holders[0].stat().st_mode) == 0o600

    def test_secret_is_never_logged(self, make_skylab):
        server = make_skylab()
        s3 = client("s3", server.endpoint, server.credentials())
        url = s3.generate_presigned_url("list_buckets")
        requests.get(url, timeout=5)
        server.stop()
        log = server.log.read_text()
        assert "ListBuckets" in log
        assert server_secret_free(log, s3, url)

    def test_second_server_on_the_same_state_is_refused(self, make_skylab, tmp_path):
        state = tmp_path / "state"
        server = make_skylab(state=state)
        ran = cli("up", "--state", str(state), "--port", str(free_port()))
        assert ran.returncode != 0 and str(state) in ran.stderr
        assert server.health()["status"] == "ok"

    def test_lock_does_not_outlive_kill_9(self, make_skylab, tmp_path):
        server = make_skylab(state=tmp_path / "state")
        server.kill()
        assert make_skylab(state=tmp_path / "state").health()["status"] == "ok"

    def test_ephemeral_state_is_gone_afterwards(self, make_skylab):
        server = make_skylab()
        told = json.loads(server.log.read_text().splitlines()[0])
        folder = Path(told["stateDirectory"])
        assert folder.is_dir() and stat.S_IMODE(folder.stat().st_mode) & 0o077 == 0
        server.stop()
        assert not folder.exists()

    def test_state_that_cannot_be_made(self, tmp_path):
        (tmp_path / "file").write_text("")
        ran = cli("up", "--state", str(tmp_path / "file" / "x"), "--port", str(free_port()))
        assert ran.returncode != 0 and "Error" in ran.stderr and "Fatal" not in ran.stderr

    def test_damaged_database_is_told(self, make_skylab, tmp_path):
        """At the start, or with each call that needs it; by a crash never."""
        state = tmp_path / "state"
        server = make_skylab(state=state)
        s3 = client("s3", server.endpoint, server.credentials())
        server.stop()
        databases = list(state.rglob("*.sqlite"))
        assert databases
        for database in databases:
            database.write_bytes(b"this is no database" * 1000)
        try:
            again = make_skylab(state=state, port=server.port)
        except RuntimeError as refusal:
            assert "ended with 1" in str(refusal)
            return
        with refused("InternalError", 500):
            s3.list_buckets()
        assert again.health()["version"]


def server_secret_free(log, s3, url):
    secret = s3._request_signer._credentials.secret_key
    signature = url.partition("X-Amz-Signature=")[2].partition("&")[0]
    return secret not in log and (not signature or signature not in log)


class TestStartAndStop:
    def test_port_taken(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            ran = cli("up", "--ephemeral", "--port", str(taken.getsockname()[1]))
        assert ran.returncode != 0 and "in use" in ran.stderr

    def test_port_0_takes_a_free_one_and_tells_it(self, tmp_path):
        process = subprocess.Popen(
            [binary(), "up", "--ephemeral", "--port", "0", "--json"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        try:
            told = json.loads(process.stdout.readline())
            assert told["port"] > 0 and told["pid"] == process.pid
            assert requests.get(f"http://127.0.0.1:{told['port']}/_skylab/health", timeout=5).status_code == 200
        finally:
            process.terminate()
            assert process.wait(STOP_WITHIN_SECONDS) == 0

    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
    def test_signal_ends_it_well(self, make_skylab, number):
        server = make_skylab()
        server.process.send_signal(number)
        assert server.process.wait(STOP_WITHIN_SECONDS) == 0

    def test_request_in_flight_finishes(self, make_skylab, tmp_path):
        state = tmp_path / "state"
        server = make_skylab(state=state)
        credentials = server.credentials()
        make_bucket(client("s3", server.endpoint, credentials), "in-flight")
        wire = Wire("127.0.0.1", server.port, credentials, REGION)
        body = b"x" * 100_000
        with wire.connect() as connection:
            connection.send(head("PUT", "/in-flight/k", wire.signed_headers("PUT", "/in-flight/k", {}, body)), body[:50_000])
            health = server.health()  # By now the server has the first half in its hands, or at least in its socket.
            assert health["status"] == "ok"
            server.process.send_signal(signal.SIGTERM)
            connection.send(body[50_000:])
            assert connection.receive("PUT").status == 200
        assert server.process.wait(STOP_WITHIN_SECONDS) == 0
        again = make_skylab(state=state)
        s3 = client("s3", again.endpoint, credentials)
        assert s3.get_object(Bucket="in-flight", Key="k")["Body"].read() == body

    def test_idle_connections_do_not_hold_it_up(self, make_skylab):
        server = make_skylab()
        with requests.Session() as session:
            session.get(f"{server.endpoint}/_skylab/health", timeout=5)
            assert server.stop() == 0

    def test_detached(self, tmp_path):
        state, port = tmp_path / "state", str(free_port())
        ran = cli("up", "--detach", "--state", str(state), "--port", port)
        assert ran.returncode == 0, ran.stderr
        try:
            assert requests.get(f"http://127.0.0.1:{port}/_skylab/health", timeout=5).status_code == 200
            assert cli("status", "--port", port).returncode == 0
            told = json.loads(cli("status", "--port", port, "--json").stdout)
            assert told["status"] == "ok"
            exports = parse_exports(cli("env", "--port", port).stdout)
            assert exports["AWS_ENDPOINT_URL"].endswith(f":{port}") and exports["AWS_REGION"] == REGION
            assert json.loads(cli("env", "--port", port, "--json").stdout)["AWS_ACCESS_KEY_ID"] == exports["AWS_ACCESS_KEY_ID"]
            client("s3", f"http://127.0.0.1:{port}", Credentials(
                exports["AWS_ACCESS_KEY_ID"], exports["AWS_SECRET_ACCESS_KEY"])).list_buckets()
            assert eventually(lambda: "ListBuckets" in cli("logs", "--port", port).stdout)
        finally:
            assert cli("down", "--port", port).returncode == 0
        assert cli("down", "--port", port).returncode == 1
        assert cli("status", "--port", port).returncode == 1

    @pytest.mark.parametrize("command", ["status", "down", "env", "logs"])
    def test_where_no_server_is(self, command):
        ran = cli(command, "--port", str(free_port()))
        assert ran.returncode == 1 and "skylab up" in ran.stderr and ran.stdout == ""

    def test_version(self):
        ran = cli("version")
        assert ran.returncode == 0 and ran.stdout.strip()
        assert cli("--version").stdout.strip() in ran.stdout

    @pytest.mark.parametrize("arguments", [
        ("--port", "70000"), ("--port", "x"), ("--account", "123"), ("--account", "12345678901x"), ("--region", "no where"),
        ("--speed", "0"), ("--speed", "-1"), ("--unheardof",)])
    def test_arguments_that_make_no_sense(self, arguments):
        ran = cli("up", "--ephemeral", *arguments)
        assert ran.returncode not in (0, 1) or "Error" in ran.stderr
        assert ran.returncode != 0 and ran.stderr.strip()


class TestAccounts:
    def test_id_may_be_chosen(self, make_skylab):
        server = make_skylab(arguments=("--account", "123456789012"))
        assert client("sts", server.endpoint, server.credentials()).get_caller_identity()["Account"] == "123456789012"

    def test_region_may_be_chosen(self, make_skylab):
        server = make_skylab(arguments=("--region", "us-east-1"))
        assert server.environment()["AWS_REGION"] == "us-east-1"
        s3 = client("s3", server.endpoint, server.credentials(), "us-east-1")
        s3.create_bucket(Bucket="classic")
        s3.create_bucket(Bucket="classic")  # Only us-east-1 takes one's own bucket again.
        assert s3.get_bucket_location(Bucket="classic")["LocationConstraint"] is None

    def test_own_key_only(self, skylab):
        with refused("InvalidAccessKeyId", 403):
            client("s3", skylab.endpoint, Credentials("test", "test")).list_buckets()


class TestOpen:
    @pytest.fixture
    def server(self, make_skylab):
        return make_skylab(arguments=("--open",))

    def test_any_key_is_taken_and_it_is_said(self, server):
        assert server.health()["open"] is True
        for key in ("test", "AKIAIOSFODNN7EXAMPLE", "x"):
            sts = client("sts", server.endpoint, Credentials(key, "whatever"))
            assert sts.get_caller_identity()["Account"] == server.health()["account"]
        assert "open" in server.log.read_text().lower()

    def test_key_of_twelve_digits_is_that_account(self, server):
        sts = client("sts", server.endpoint, Credentials("210987654321", "test"))
        assert sts.get_caller_identity()["Account"] == "210987654321"

    def test_buckets_belong_to_accounts(self, server):
        mine = client("s3", server.endpoint, Credentials("111111111111", "test"))
        other = client("s3", server.endpoint, Credentials("222222222222", "test"))
        name = make_bucket(mine, unique_name())
        mine.put_object(Bucket=name, Key="k", Body=b"x")
        with refused("BucketAlreadyExists", 409):
            make_bucket(other, name)
        assert other.list_buckets()["Buckets"] == []
        for call in (lambda: other.get_object(Bucket=name, Key="k"), lambda: other.list_objects_v2(Bucket=name),
                     lambda: other.put_object(Bucket=name, Key="k", Body=b"y"), lambda: other.delete_bucket(Bucket=name),
                     lambda: other.copy_object(Bucket=name, Key="z", CopySource=f"{name}/k")):
            with refused("AccessDenied", 403):
                call()
        assert mine.get_object(Bucket=name, Key="k")["Body"].read() == b"x"

    def test_expected_owner(self, server):
        mine = client("s3", server.endpoint, Credentials("111111111111", "test"))
        name = make_bucket(mine, unique_name())
        mine.list_objects_v2(Bucket=name, ExpectedBucketOwner="111111111111")
        with refused("AccessDenied", 403):
            mine.list_objects_v2(Bucket=name, ExpectedBucketOwner="222222222222")

    def test_only_on_loopback(self):
        ran = cli("up", "--ephemeral", "--open", "--host", "0.0.0.0", "--port", str(free_port()))
        assert ran.returncode != 0 and "loopback" in ran.stderr.lower()


def test_open_files_at_rest(skylab, s3, bucket):
    """Connections that came and went leave no descriptor behind."""
    folder = Path(f"/proc/{skylab.process.pid}/fd")
    before = len(os.listdir(folder))
    for _ in range(100):
        requests.get(f"{skylab.endpoint}/_skylab/health", timeout=5, headers={"connection": "close"})
    assert len(os.listdir(folder)) <= before + 5
