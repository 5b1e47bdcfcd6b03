"""Signatures of AWS calls, version 4: a post to a socket costs little else.

The same bytes as botocore's SigV4Auth, for calls without a query, in a fifth of its time; its test
holds the two against each other.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import time
from functools import cache, lru_cache
from typing import NamedTuple
from urllib.parse import SplitResult, quote

_ALGORITHM = "AWS4-HMAC-SHA256"
_PORTS = {"http": 80, "https": 443}


class Credentials(NamedTuple):
    """What a function's role lets it sign with, as Lambda hands it over."""

    access_key: str
    secret_key: str
    token: str | None


def sign(
    method: str,
    address: SplitResult,
    body: bytes,
    service: str,
    headers: dict[str, str],
    region_name: str = "",
) -> dict[str, str]:
    """The headers of a call, with those that sign it; for this function's region by default."""
    credentials = load_credentials()
    where = region_name or region()
    at = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    signed = headers | {"X-Amz-Date": at}
    if credentials.token:
        signed["X-Amz-Security-Token"] = credentials.token
    meant = {name.lower(): value for name, value in signed.items()} | {"host": _get_host(address)}
    names = ";".join(sorted(meant))
    request = "\n".join(
        (
            method,
            quote(address.path, safe="/~") or "/",
            "",
            *(f"{name}:{meant[name]}" for name in sorted(meant)),
            "",
            names,
            hashlib.sha256(body).hexdigest(),
        )
    )
    scope = f"{at[:8]}/{where}/{service}/aws4_request"
    text = f"{_ALGORITHM}\n{at}\n{scope}\n{hashlib.sha256(request.encode()).hexdigest()}"
    key = _derive_key(credentials.secret_key, at[:8], where, service)
    signature = hmac.digest(key, text.encode(), "sha256").hex()
    signed["Authorization"] = (
        f"{_ALGORITHM} Credential={credentials.access_key}/{scope}, "
        f"SignedHeaders={names}, Signature={signature}"
    )
    return signed


@cache
def region() -> str:
    """The region of this function."""
    return os.environ.get("AWS_REGION", "us-east-1")


@cache
def load_credentials() -> Credentials:
    """They hold as long as the process: Lambda gives a new one others."""
    return Credentials(
        os.environ["AWS_ACCESS_KEY_ID"],
        os.environ["AWS_SECRET_ACCESS_KEY"],
        os.environ.get("AWS_SESSION_TOKEN"),
    )


def _get_host(address: SplitResult) -> str:
    """As http.client writes it."""
    host = address.hostname or ""
    is_usual = address.port in (None, _PORTS[address.scheme])
    return host if is_usual else f"{host}:{address.port}"


@lru_cache(maxsize=8)
def _derive_key(secret: str, *parts: str) -> bytes:
    """The key of a day, a region and a service."""
    key = f"AWS4{secret}".encode()
    for part in (*parts, "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    return key
