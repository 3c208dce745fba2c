"""Are the codecs right? botocore is asked: what it sends must be read as it was meant, and what is answered must be
parsed to what was given, for every operation that has shapes, in every protocol of its service.

Values are made from the models at random, from fixed seeds. The codecs run in the `wireprobe` process; WIREPROBE names
it, or it is looked for under .build.
"""
import base64
import datetime
import json
import math
import os
import pathlib
import random
import subprocess
import types
import urllib.parse

import botocore.awsrequest
import botocore.handlers
import botocore.loaders
import botocore.model
import botocore.parsers
import botocore.serialize
import botocore.utils
import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent
ROUNDS = int(os.environ.get("WIRE_ROUNDS", "25"))
MODELS = {"elasticloadbalancing": "elbv2"}
PROTOCOLS = {"rest-xml": "rest-xml", "query": "query", "ec2": "ec2", "json-1.0": "json", "json-1.1": "json",
             "rpc-v2-cbor": "smithy-rpc-v2-cbor"}
UTC = datetime.timezone.utc
TEXT = "abcXYZ 0189-._~/+&=%?#<>'\";:,@éß漢🐝\t\n"
HEADER_TEXT = "abcXYZ0189-._~/+&=%?#<>';:@"


class Probe:
    def __init__(self):
        candidates = [os.environ.get("WIREPROBE")] + [ROOT / ".build" / kind / "wireprobe" for kind in ("release", "debug")]
        binary = next((str(c) for c in candidates if c and os.path.exists(c)), None)
        assert binary, "wireprobe is not built: swift build --product wireprobe"
        self.process = subprocess.Popen([binary], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def ask(self, kind, target=None, **fields):
        question = {"kind": kind, **fields}
        if target:
            question |= {"service": target[0], "operation": target[1], "protocol": target[2]}
        self.process.stdin.write(json.dumps(question).encode() + b"\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        assert "failure" not in answer, (answer["failure"], question)
        answer["body"] = base64.b64decode(answer.get("body", ""))
        return answer


PROBE = Probe()
TARGETS = [tuple(line.split()) for line in PROBE.ask("list")["operations"]]
LOADER = botocore.loaders.Loader()
SERVICES = {}


def service_model(name):
    if name not in SERVICES:
        model = MODELS.get(name, name)
        SERVICES[name] = botocore.model.ServiceModel(LOADER.load_service_model(model, "service-2"), model)
    return SERVICES[name]


def operation_model(target):
    return service_model(target[0]).operation_model(target[1])


# Values at random.

class Values:
    """Makes values for shapes, such as every protocol can carry."""

    def __init__(self, seed, protocol, is_output):
        self.random = random.Random(seed)
        self.protocol = protocol
        self.is_output = is_output

    def structure(self, shape, depth=0):
        members = list(shape.members.items())
        required = set(shape.required_members)
        if getattr(shape, "is_tagged_union", False):
            members = [self.random.choice(members)]
            required = {members[0][0]}
        value = {}
        for name, member in members:
            if name in required or self.random.random() < (0.6 if depth < 3 else 0.25):
                made = self.value(member, depth + 1)
                if made is not None:
                    value[name] = made
        return value

    def value(self, shape, depth, location=None):
        location = shape.serialization.get("location", location)
        if depth > 7 and shape.type_name in ("structure", "list", "map"):
            return None
        match shape.type_name:
            case "structure":
                # Some protocols have no form for a structure without members.
                return self.structure(shape, depth) or None
            case "list":
                items = [self.value(shape.member, depth + 1, location) for _ in range(self.random.randint(1, 3))]
                return [item for item in items if item is not None] or None
            case "map":
                keys = {self.text(shape.key, location) for _ in range(self.random.randint(1, 3))}
                if location == "headers":
                    keys = {key.lower() for key in keys}
                made = {key: self.value(shape.value, depth + 1) if location != "headers" else self.header_text()
                        for key in sorted(keys)}
                return {key: value for key, value in made.items() if value is not None} or None
            case "string" | "character":
                return self.text(shape, location)
            case "boolean":
                return self.random.random() < 0.5
            case "integer":
                return self.random.choice([0, 1, -1, 23, 24, 255, 256, 65536, 2**31 - 1, -(2**31)])
            case "long":
                return self.random.choice([0, 7, 2**32, 2**53 + 1, 2**63 - 1, -(2**63)])
            case "float" | "double":
                return self.random.choice(
                    [0.0, 1.5, -0.25, 1e300 if shape.type_name == "double" else 8.0, math.inf, -math.inf, math.nan,
                     self.random.uniform(-1e6, 1e6)])
            case "timestamp":
                seconds = self.random.randint(0, 4_000_000_000)
                milliseconds = 0
                is_date = shape.serialization.get("timestampFormat", "rfc822" if location == "header" else "") == "rfc822"
                if self.is_output and not is_date:
                    milliseconds = self.random.choice([0, self.random.randint(0, 999)])
                return datetime.datetime.fromtimestamp(seconds, UTC) + datetime.timedelta(milliseconds=milliseconds)
            case "blob":
                if shape.serialization.get("streaming") or "payload" in str(shape.metadata):
                    return self.header_text().encode()
                return self.random.randbytes(self.random.randint(0, 20))
        raise AssertionError(shape.type_name)

    def text(self, shape, location):
        if getattr(shape, "enum", None) and self.random.random() < 0.9:
            return self.random.choice(shape.enum)
        if location in ("header", "headers"):
            return self.header_text()
        text = TEXT
        # XML of botocore keeps no carriage return; ours does.
        if self.protocol not in ("rest-xml",) or self.is_output:
            text += "\r"
        if self.protocol in ("json", "smithy-rpc-v2-cbor"):
            text += "\x01\\\x7f"
        least = 1 if location == "uri" else 0
        return "".join(self.random.choice(text) for _ in range(self.random.randint(least, 12)))

    def header_text(self):
        return "".join(self.random.choice(HEADER_TEXT) for _ in range(self.random.randint(1, 12)))


def plain(value, shape):
    """A value as the probe's JSON has it."""
    match shape.type_name:
        case "structure":
            return {name: plain(item, shape.members[name]) for name, item in value.items()}
        case "list":
            return [plain(item, shape.member) for item in value]
        case "map":
            return {key: plain(item, shape.value) for key, item in value.items()}
        case "timestamp":
            if is_text_in_skylab(shape):
                return value.isoformat()
            return value.timestamp()
        case "blob":
            return base64.b64encode(value if isinstance(value, bytes) else value.encode()).decode()
        case "float" | "double":
            if math.isnan(value) or math.isinf(value):
                return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return value


def is_text_in_skylab(shape):
    # S3 keeps whatever text a client put there.
    return shape.name == "Expires"


def same(a, b, shape, path=""):
    """Compares a value with what came back, as JSON of the probe or as botocore's own types."""
    if b is None:
        raise AssertionError(f"{path} is missing")
    match shape.type_name:
        case "structure":
            assert isinstance(b, dict), path
            extra = {k: v for k, v in b.items() if k not in a and v not in ({}, None) and k != "ResponseMetadata"}
            assert not extra, f"{path}: {extra} was never given"
            for name, item in a.items():
                same(item, b.get(name), shape.members[name], f"{path}.{name}")
        case "list":
            assert len(a) == len(b), f"{path}: {a} {b}"
            for index, (one, two) in enumerate(zip(a, b)):
                same(one, two, shape.member, f"{path}[{index}]")
        case "map":
            assert set(a) == set(b), f"{path}: {a} {b}"
            for key in a:
                same(a[key], b[key], shape.value, f"{path}[{key}]")
        case "timestamp":
            if not isinstance(b, datetime.datetime):
                b = botocore.utils.parse_timestamp(b)
            assert abs((a - b).total_seconds()) < 0.0015, f"{path}: {a} {b}"
        case "blob":
            if isinstance(b, str):
                b = base64.b64decode(b) if not shape.serialization.get("raw") else b.encode()
            assert a == b, path
        case "float" | "double":
            b = float(b)
            assert a == b or math.isnan(a) and math.isnan(b) or abs(a - b) <= abs(a) * 1e-6, f"{path}: {a} {b}"
        case _:
            assert a == b, f"{path}: {a!r} {b!r}"


def name_of(target):
    return "-".join(target)


def seeds(target):
    return [f"{name_of(target)} {round}" for round in range(ROUNDS)]


def serialized(target, value):
    """The request that botocore would send."""
    operation = operation_model(target)
    serializer = botocore.serialize.create_serializer(PROTOCOLS[target[2]], include_validation=False)
    request = serializer.serialize_to_request(value, operation)
    path, _, fixed = request["url_path"].partition("?")
    query = dict(urllib.parse.parse_qsl(fixed, keep_blank_values=True))
    query |= {key: str(value) for key, value in (request["query_string"] or {}).items()}
    body = request["body"]
    if isinstance(body, dict):
        body = urllib.parse.urlencode(body, doseq=True).encode()
    elif isinstance(body, str):
        body = body.encode()
    return {
        "method": request["method"], "path": path, "query": query,
        "headers": {key: str(value) for key, value in request["headers"].items()},
        "body": base64.b64encode(body or b"").decode(),
    }


@pytest.mark.parametrize("target", TARGETS, ids=name_of)
def test_requests_of_botocore_are_read_as_meant(target):
    shape = operation_model(target).input_shape
    if shape is None:
        pytest.skip("no input")
    for seed in seeds(target):
        value = Values(seed, PROTOCOLS[target[2]], is_output=False).structure(shape)
        answer = PROBE.ask("decode", target, **serialized(target, value))
        read = json.loads(answer["document"])
        # A body that streams is always there, if only with nothing in it.
        payload = shape.serialization.get("payload")
        if payload and payload not in value and read.get(payload) == "":
            read.pop(payload)
        same(value, read, shape, seed)


def parsed(target, answer, shape):
    response = {"status_code": answer["status"], "headers": botocore.awsrequest.HeadersDict(answer["headers"]),
                "body": answer["body"], "context": {}}
    return botocore.parsers.create_parser(PROTOCOLS[target[2]]).parse(response, shape)


@pytest.mark.parametrize("target", TARGETS, ids=name_of)
def test_answers_are_parsed_by_botocore_as_meant(target):
    shape = operation_model(target).output_shape
    if shape is None:
        shape = botocore.model.StructureShape("Nothing", {"type": "structure", "members": {}})
    for seed in seeds(target):
        value = Values(seed, PROTOCOLS[target[2]], is_output=True).structure(shape)
        answer = PROBE.ask("encode", target, document=json.dumps(plain(value, shape)))
        result = parsed(target, answer, operation_model(target).output_shape)
        if target[1] == "GetBucketLocation":
            botocore.handlers.parse_get_bucket_location(result, types.SimpleNamespace(raw=True, content=answer["body"]))
            result = {key: item for key, item in result.items() if item}
            value = {key: item for key, item in value.items() if item}
        payload = shape.serialization.get("payload")
        if payload and shape.members[payload].type_name == "blob" and payload in value:
            # botocore hands a stream through; here it had no stream to hand.
            assert value.pop(payload) == result.pop(payload).encode()
        if payload in result and result[payload] in ("", {}):
            result.pop(payload)
        same(value, result, shape, seed)
        # botocore looks for the id of rpcv2Cbor only where there is an output.
        if target[2] != "rest-xml" and (operation_model(target).output_shape or target[2] != "rpc-v2-cbor"):
            assert result["ResponseMetadata"]["RequestId"] == "REQUEST-ID", seed
        # Skylab's own client reads the same.
        again = json.loads(answer["document"])
        if payload and payload in again and payload not in value:
            again.pop(payload)
        same(value, again, shape, f"client {seed}")


@pytest.mark.parametrize("target", TARGETS, ids=name_of)
def test_errors_are_parsed_by_botocore_as_meant(target):
    operation = operation_model(target)
    message = "It <failed> & \"how\"; é漢"
    for error in [*operation.error_shapes, None]:
        code = error.name if error is not None else "SomeException"
        status = (error.metadata.get("error", {}).get("httpStatusCode") if error is not None else None) or 400
        details = {}
        if error is not None:
            details = {name: f"value of {name}" for name, member in error.members.items()
                       if member.type_name == "string" and not member.enum and name.lower() != "message"}
        answer = PROBE.ask("error", target, code=code, message=message, status=status, details=details)
        result = parsed(target, answer, operation.output_shape)
        wanted = error.metadata.get("error", {}).get("code", code) if error is not None and PROTOCOLS[target[2]] != "rest-xml" else code
        if target[0] == "ecs":
            wanted = code
        assert result["Error"]["Code"] == wanted
        assert result["Error"]["Message"] == message
        if target[2] == "rest-xml":
            assert b"<RequestId>REQUEST-ID</RequestId><HostId>HOST-ID</HostId></Error>" in answer["body"]
        else:
            assert result["ResponseMetadata"]["RequestId"] == "REQUEST-ID"
            assert answer["headers"]["x-amzn-requestid"] == "REQUEST-ID"
        if error is not None:
            modelled = parsed(target, answer, error)
            for name, detail in details.items():
                assert modelled[name] == detail
        assert answer["document"] == f"{wanted}\n{message}\nREQUEST-ID"


def test_validation_speaks_as_aws():
    answer = PROBE.ask("validate", ("ecs", "DescribeTasks", "json-1.1"), document="{}")
    assert answer["document"] == (
        "1 validation error detected: Value null at 'tasks' failed to satisfy constraint: Member must not be null")
