"""The lab's app as its course has it in Flask, for the benchmarks beside labapp: the same endpoints, the same answers."""

import hashlib
import os
import time
from datetime import datetime, timezone

import boto3
from botocore.exceptions import ClientError
from flask import Flask, Response, jsonify, request

APP_NAME = os.environ.get("APP_NAME", "ds252-flask")
BUCKET = os.environ["S3_BUCKET"]
REGION = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or "us-east-1"
ROUNDS = int(os.environ.get("MICRO_HASH_ROUNDS", "50000"))

app = Flask(__name__)
s3 = boto3.client("s3", region_name=REGION)


@app.get("/healthz")
def healthz():
    return jsonify(ok=True, service="flask", app=APP_NAME, bucket=BUCKET, region=REGION,
                   time_utc=datetime.now(timezone.utc).isoformat(), pid=os.getpid())


@app.route("/hash", methods=["GET", "POST"])
def hash_rounds():
    body = request.get_json(silent=True) or {}
    data = request.values.get("data") or body.get("data") or ""
    started, began = datetime.now(timezone.utc), time.perf_counter()
    digest = hashlib.sha256(data.encode()).digest()
    for _ in range(ROUNDS - 1):
        digest = hashlib.sha256(digest).digest()
    return jsonify(ok=True, endpoint="/hash", started_utc=started.isoformat(), input_len=len(data), rounds=ROUNDS,
                   digest_hex=digest.hex(), timings_ms={"total_ms": (time.perf_counter() - began) * 1000})


@app.post("/text")
def put_text():
    fields = request.get_json(silent=True) or request.form
    key, text = fields.get("key"), fields.get("text")
    if not key or text is None:
        return jsonify(ok=False, error="key and text are needed", code="BadRequest"), 400
    answer = s3.put_object(Bucket=BUCKET, Key=key, Body=text.encode(), ContentType="text/plain; charset=utf-8")
    version = answer.get("VersionId")
    return jsonify(ok=True, bucket=BUCKET, key=key, versionId=version, version_id=version, etag=answer["ETag"],
                   bytes=len(text.encode()))


@app.get("/text")
def get_text():
    answer = s3.get_object(Bucket=BUCKET, Key=request.args.get("key", ""))
    return Response(answer["Body"].read(), content_type="text/plain; charset=utf-8")


@app.get("/list")
def list_keys():
    answer = s3.list_objects_v2(Bucket=BUCKET, Prefix=request.args.get("prefix", ""))
    items = [{"key": e["Key"], "size": e["Size"], "lastModified": e["LastModified"].isoformat()}
             for e in answer.get("Contents", [])]
    return jsonify(ok=True, bucket=BUCKET, prefix=request.args.get("prefix", ""), items=items)


@app.errorhandler(ClientError)
def refused(error):
    status = error.response["ResponseMetadata"]["HTTPStatusCode"]
    return jsonify(ok=False, error=error.response["Error"]["Message"], code=error.response["Error"]["Code"]), status
