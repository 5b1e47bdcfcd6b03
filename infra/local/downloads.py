"""Files of exports at the edge: presigned addresses of the local cloud's S3, without its token.

In AWS such an address names the bucket's own host. Here it would name the cloud's port and hold
its session token, with which anybody may do anything to the stack. So the edge puts a path of its
own into `Location`, and adds the token to what is asked there if that is what it was signed with.
"""

from __future__ import annotations

import hashlib
import hmac
import time
from datetime import UTC, datetime
from urllib.parse import parse_qsl, quote, urlsplit

import aiohttp
from aiohttp import web
from yarl import URL

PREFIX = "/_s3/"
_TOKEN = "X-Amz-Security-Token"  # noqa: S105  its name
_SIGNATURE = "X-Amz-Signature"
_SECRET = "local"  # noqa: S105  of every local cloud; the token alone is a secret
_PASSING = ("Content-Type", "Content-Disposition", "Content-Length", "Content-Range", "ETag")
_SECONDS = aiohttp.ClientTimeout(total=None, sock_connect=2, sock_read=35)


def hide_cloud(location: str, origin: str) -> str:
    """A `Location` as the client sees it: that of a file of the cloud at `origin` is our path."""
    if not location.startswith(f"{origin}/") or _SIGNATURE not in location:
        return location
    path, _, query = location.removeprefix(f"{origin}/").partition("?")
    return f"{PREFIX}{path}?{_join(_pairs(query, without=_TOKEN))}"


def find_file(target: str, origin: str, token: str) -> str | None:
    """The cloud's address of a file, if the path was signed with the token and is still good."""
    path, _, query = target.partition("?")
    resource = f"/{path.removeprefix(PREFIX)}"
    pairs = [*_pairs(query, without=_TOKEN), (_TOKEN, token)]
    try:
        signature, is_young = _sign(resource, urlsplit(origin).netloc, pairs)
    except (KeyError, ValueError):
        return None
    sent = dict(pairs).get(_SIGNATURE, "")
    if not is_young or not hmac.compare_digest(signature.encode(), sent.encode()):
        return None
    return f"{origin}{resource}?{_join(pairs)}"


def _sign(resource: str, host: str, pairs: list[tuple[str, str]]) -> tuple[str, bool]:
    """The signature that a presigned address must have, and whether it is still good.

    https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html
    """
    given = dict(pairs)
    date, (_, *scope) = given["X-Amz-Date"], given["X-Amz-Credential"].split("/")
    begun = datetime.strptime(date, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    unsigned = _join(sorted(pair for pair in pairs if pair[0] != _SIGNATURE))
    request = ["GET", resource, unsigned, f"host:{host}", "", "host", "UNSIGNED-PAYLOAD"]
    digest = hashlib.sha256("\n".join(request).encode()).hexdigest()
    text = "\n".join(["AWS4-HMAC-SHA256", date, "/".join(scope), digest])
    key = f"AWS4{_SECRET}".encode()
    for part in scope:
        key = hmac.digest(key, part.encode(), "sha256")
    is_young = time.time() < begun.timestamp() + int(given["X-Amz-Expires"])
    return hmac.digest(key, text.encode(), "sha256").hex(), is_young


async def send_file(
    request: web.BaseRequest, client: aiohttp.ClientSession, address: str, token: tuple[str, str]
) -> web.StreamResponse:
    """Hands a file on as it comes, or the part of it that is asked for."""
    ranges = [("Range", value) for value in request.headers.getall("Range", [])]
    async with client.get(
        URL(address, encoded=True), headers=[*ranges, token], timeout=_SECONDS
    ) as answered:
        response = web.StreamResponse(status=answered.status)
        for name in _PASSING:
            if name in answered.headers:
                response.headers[name] = answered.headers[name]
        response.headers["Access-Control-Allow-Origin"] = "*"  # the bucket's CORS rule
        await response.prepare(request)
        async for part in answered.content.iter_chunked(1 << 16):
            await response.write(part)
        await response.write_eof()
        return response


def _pairs(query: str, without: str) -> list[tuple[str, str]]:
    return [pair for pair in parse_qsl(query, keep_blank_values=True) if pair[0] != without]


def _join(pairs: list[tuple[str, str]]) -> str:
    return "&".join(
        f"{quote(name, safe='-_.~')}={quote(value, safe='-_.~')}" for name, value in pairs
    )
