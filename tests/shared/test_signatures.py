"""Signatures: byte by byte what botocore's SigV4 makes."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime
from urllib.parse import quote, urlsplit

import pytest
from botocore import auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import example, given
from hypothesis import strategies as st

from functions.shared import signatures

TEXTS = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=40)
HOSTS = (
    "http://127.0.0.1:4566",
    "http://localhost",
    "https://abc.execute-api.eu-central-1.amazonaws.com",
    "https://abc.execute-api.eu-central-1.amazonaws.com:443",
    "https://Lambda.eu-central-1.amazonaws.com:8443",
)


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    for cached in (signatures.load_credentials, signatures.region):
        cached.cache_clear()
    yield
    for cached in (signatures.load_credentials, signatures.region):
        cached.cache_clear()


def sign_as_botocore(
    method: str, url: str, body: bytes, service: str, headers: dict[str, str]
) -> dict[str, str]:
    credentials = Credentials(*signatures.load_credentials())
    request = AWSRequest(method, url, data=body, headers=headers)
    auth.SigV4Auth(credentials, service, signatures.region()).add_auth(request)
    return dict(request.headers.items())


@given(
    method=st.sampled_from(["POST", "GET", "DELETE"]),
    host=st.sampled_from(HOSTS),
    name=TEXTS,
    body=st.binary(max_size=300),
    service=st.sampled_from(["execute-api", "lambda"]),
    headers=st.sampled_from(
        [{}, {"X-Amz-Invocation-Type": "Event", "Content-Type": "application/json"}]
    ),
    key=TEXTS,
    token=st.none() | TEXTS,
    seconds=st.integers(0, 4_000_000_000),
)
@example("POST", HOSTS[2], "L0SM9cOFvHcCIhw=", b"{}", "execute-api", {}, "k/+", "t==", 0)
def test_they_are_those_of_botocore(
    method: str,
    host: str,
    name: str,
    body: bytes,
    service: str,
    headers: dict[str, str],
    key: str,
    token: str | None,
    seconds: int,
) -> None:
    url = f"{host}/live/@connections/a{quote(name, safe='')}"
    with pytest.MonkeyPatch.context() as patch:
        freeze(patch, seconds)
        set_credentials(patch, key, token)
        own = signatures.sign(method, urlsplit(url), body, service, headers)
        assert own == sign_as_botocore(method, url, body, service, headers)


def freeze(patch: pytest.MonkeyPatch, seconds: int) -> None:
    at = time.gmtime(seconds)
    patch.setattr(time, "gmtime", lambda *_: at)

    now = datetime(*at[:6])
    patch.setattr(auth, "get_current_datetime", lambda: now)


def set_credentials(patch: pytest.MonkeyPatch, key: str, token: str | None) -> None:
    patch.setenv("AWS_ACCESS_KEY_ID", "ASIAEXAMPLE")
    patch.setenv("AWS_SECRET_ACCESS_KEY", key)
    patch.setenv("AWS_REGION", "eu-central-1")
    if token is None:
        patch.delenv("AWS_SESSION_TOKEN", raising=False)
    else:
        patch.setenv("AWS_SESSION_TOKEN", token)
    signatures.load_credentials.cache_clear()
    signatures.region.cache_clear()
