"""Checks of AWS errors."""

import xml.etree.ElementTree as ElementTree
from contextlib import contextmanager

import pytest
from botocore.exceptions import ClientError


@contextmanager
def refused(code: str | tuple[str, ...], status: int | None = None):
    """The block must fail with this AWS error code (one of them) and HTTP status."""
    codes = (code,) if isinstance(code, str) else code
    with pytest.raises(ClientError) as caught:
        yield caught
    answer = caught.value.response
    seen = (answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"])
    assert seen[0] in codes, f"{seen}: {answer['Error'].get('Message')}"
    if status is not None:
        assert seen[1] == status, f"{seen}: {answer['Error'].get('Message')}"


def error_members(body: bytes) -> dict[str, str]:
    """The members of an S3 `<Error>` body."""
    root = ElementTree.fromstring(body)
    assert root.tag == "Error", body
    return {member.tag: member.text or "" for member in root}


def assert_error(response, code: str | tuple[str, ...], status: int) -> dict[str, str]:
    """A raw answer must be this S3 error; gives back the members of its body."""
    codes = (code,) if isinstance(code, str) else code
    assert response.status == status, f"{response.status} {response.body[:600]!r}"
    members = error_members(response.body)
    assert members["Code"] in codes, members
    return members
