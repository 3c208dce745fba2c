"""Writes Tests/AWSWireTests/SignatureVectors.swift: requests signed by botocore at one fixed time.

Run from the root of the repository, with botocore installed: python Conformance/make_signature_vectors.py
"""

import datetime
import json
import pathlib
from urllib.parse import urlsplit

import botocore.auth
from botocore.awsrequest import AWSRequest
from botocore.compat import HTTPHeaders
from botocore.credentials import Credentials

NOW = datetime.datetime(2026, 11, 24, 8, 8, 7, tzinfo=datetime.timezone.utc)
KEY = ("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
TOKEN = "IQoJb3JpZ2luX2VjE+/=="

HEADER, S3, QUERY, S3_QUERY = (
    botocore.auth.SigV4Auth,
    botocore.auth.S3SigV4Auth,
    botocore.auth.SigV4QueryAuth,
    botocore.auth.S3SigV4QueryAuth,
)

JSON = {"Content-Type": "application/x-amz-json-1.1"}
FORM = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}

REQUESTS = [
    (HEADER, "sts", "POST", "http://localhost:4566/", FORM, b"Action=GetCallerIdentity&Version=2011-06-15", False),
    (HEADER, "sts", "GET", "http://localhost:4566/?Version=2011-06-15&Action=GetCallerIdentity", {}, b"", False),
    (HEADER, "ecs", "POST", "http://localhost:4566/",
     {**JSON, "X-Amz-Target": "AmazonEC2ContainerServiceV20141113.ListClusters"}, b"{}", True),
    (HEADER, "monitoring", "POST",
     "http://localhost:4566/service/GraniteServiceVersion20100801/operation/PutMetricData",
     {"Content-Type": "application/cbor", "smithy-protocol": "rpc-v2-cbor"}, b"\xa0", False),
    (HEADER, "execute-api", "GET", "http://localhost:4566/a//b/../c%20d/./%E2%9C%93/?z=1&a=%2F&a=&b", {}, b"", False),
    (HEADER, "execute-api", "GET", "http://localhost:4566/../..?B=1&a=2&A=3", {"X-Amz-Note": "  a   b  c "}, b"", False),
    (S3, "s3", "GET", "http://localhost:4566/", {}, b"", False),
    (S3, "s3", "GET", "http://localhost:4566/bucket/a%20b%2F%2Fc//d/../%E2%9C%93%2B%2A~._-", {}, b"", False),
    (S3, "s3", "GET",
     "http://localhost:4566/bucket?list-type=2&prefix=a%2Bb%26c%3D%20%F0%9F%8D%8E&delimiter=%2F&start-after=", {}, b"",
     False),
    (S3, "s3", "GET", "http://localhost:4566/bucket?versions&key-marker=a&Key-marker=b", {}, b"", False),
    (S3, "s3", "PUT", "http://bucket.localhost:4566/key%25%23%3F",
     {"Content-Type": "text/plain", "x-amz-meta-Two": "two  words ", "x-amz-tagging": "a=b&c=d%20e"}, b"hello", True),
    (S3, "s3", "PUT", "https://bucket.s3.amazonaws.com/key", {"Content-MD5": "XUFAKrxLKna5cZ2REBfFkg=="}, b"hello", False),
    (S3, "s3", "POST", "http://localhost:4566/bucket?delete", {"Expect": "100-continue", "User-Agent": "x"}, b"<Delete/>",
     False),
    (S3_QUERY, "s3", "GET", "http://localhost:4566/bucket/a%20b/%E2%9C%93", {}, b"", False),
    (S3_QUERY, "s3", "GET",
     "http://localhost:4566/bucket/key?response-content-disposition=attachment%3B%20filename%3D%22a%20b%22&versionId=null",
     {}, b"", True),
    (S3_QUERY, "s3", "PUT", "http://bucket.localhost:4566/key", {"Content-Type": "text/plain", "x-amz-acl": "private"},
     b"", False),
    (QUERY, "sts", "GET", "http://localhost:4566/?Action=GetCallerIdentity&Version=2011-06-15", {}, b"", True),
]


def sign(auth, service, method, url, headers, body, with_token):
    request = AWSRequest(method=method, url=url, data=body, headers=HTTPHeaders.from_dict(headers))
    credentials = Credentials(*KEY, TOKEN if with_token else None)
    auth(credentials, service, "eu-central-1").add_auth(request)
    parts = urlsplit(request.url)
    sent = {name: value for name, value in request.headers.items()}
    sent.setdefault("Host", parts.netloc)
    authorization = sent.pop("Authorization", "")
    return service, method, urlsplit(url).path or "/", urlsplit(url).query, parts.query, headers, sent, body, with_token, \
        authorization


def text(value):
    return json.dumps(value, ensure_ascii=False)


def pairs(headers):
    return "[" + ", ".join(f"({text(name)}, {text(value)})" for name, value in headers.items()) + "]"


def main():
    botocore.auth.get_current_datetime = lambda remove_tzinfo=True: NOW.replace(tzinfo=None) if remove_tzinfo else NOW
    lines = [
        "// Written by Conformance/make_signature_vectors.py: requests as botocore signs them. Do not edit.",
        "// swift-format-ignore-file",
        "",
        "/// A request that botocore signed.",
        "struct SignatureVector: Sendable {",
        "    let service: String",
        "    let method: String",
        "    let path: String",
        "    /// Before and after signing.",
        "    let query: String",
        "    let signedQuery: String",
        "    let headers: [(String, String)]",
        "    let signedHeaders: [(String, String)]",
        "    let body: [UInt8]",
        "    let hasToken: Bool",
        "    /// Empty where the query string is signed.",
        "    let authorization: String",
        "",
        f"    static let accessKeyID = {text(KEY[0])}",
        f"    static let secretAccessKey = {text(KEY[1])}",
        f"    static let sessionToken = {text(TOKEN)}",
        '    static let region = "eu-central-1"',
        '    static let time = "20261124T080807Z"',
        "",
        "    static let all: [SignatureVector] = [",
    ]
    for request in REQUESTS:
        service, method, path, query, signed_query, headers, sent, body, with_token, authorization = sign(*request)
        lines += [
            "        SignatureVector(",
            f"            service: {text(service)}, method: {text(method)}, path: {text(path)},",
            f"            query: {text(query)},",
            f"            signedQuery: {text(signed_query)},",
            f"            headers: {pairs(headers)},",
            f"            signedHeaders: {pairs(sent)},",
            f"            body: {list(body)}, hasToken: {'true' if with_token else 'false'},",
            f"            authorization: {text(authorization)}),",
        ]
    lines += ["    ]", "}", ""]
    pathlib.Path("Tests/AWSWireTests/SignatureVectors.swift").write_text("\n".join(lines))


if __name__ == "__main__":
    main()
