"""Presigned addresses of the local cloud, as the edge shows and takes them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import boto3
import pytest
from aiohttp import web
from botocore.config import Config

from infra.local import cloud as local_cloud
from infra.local import downloads
from infra.local.edge import Behind, Edge
from tests.support.edge import GATEWAY, MARK, Client, Cloud, is_the_gateways

TOKEN = "the session/token+of a cloud="
ORIGIN = "http://127.0.0.1:4566"
KEY = "A-b_9/tilt.user_days_2026-03-01T120000Z.csv"


def presign(origin: str = ORIGIN, token: str = TOKEN) -> str:
    """An address as a function makes it."""
    access = local_cloud.Cloud(int(origin.rpartition(":")[2]), token).access
    access["config"] = Config(signature_version="s3v4", s3={"addressing_style": "virtual"})
    place = {"Bucket": "files", "Key": KEY}
    address: str = boto3.client("s3", **access).generate_presigned_url("get_object", place, 900)
    return address


def test_the_token_is_not_shown_and_found_again() -> None:
    address = presign()
    shown = downloads.hide_cloud(address, ORIGIN)
    assert shown.startswith(f"/_s3/files/{KEY}?")
    assert "Token" not in shown
    found = downloads.find_file(shown, ORIGIN, TOKEN)
    assert found is not None
    assert urlsplit(found)[:3] == urlsplit(address)[:3]
    assert parse_qs(urlsplit(found).query) == parse_qs(urlsplit(address).query)


@pytest.mark.parametrize(
    "forged",
    [
        lambda shown: shown.replace("tilt.", "ttt."),
        lambda shown: shown.replace("Expires=900", "Expires=9000"),
        lambda shown: shown.partition("?")[0],
        lambda shown: f"{shown}&response-content-type=text/html",
        lambda shown: shown.replace("X-Amz-Date=", "X-Amz-Date=x"),
        lambda shown: shown.replace("%2F", "/", 2).replace("aws4_request", ""),
        lambda shown: shown.rpartition("X-Amz-Signature")[0] + "X-Amz-Signature=%C3%A9",
        lambda shown: "/_s3/",
    ],
)
def test_no_other_file_is_found(forged: object) -> None:
    shown = forged(downloads.hide_cloud(presign(), ORIGIN))  # type: ignore[operator]
    assert downloads.find_file(shown, ORIGIN, TOKEN) is None


def test_what_was_signed_for_another_cloud_is_not_found() -> None:
    shown = downloads.hide_cloud(presign(token="another"), ORIGIN)
    assert downloads.find_file(shown, ORIGIN, TOKEN) is None


def test_an_address_expires(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = downloads.hide_cloud(presign(), ORIGIN)
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 890)
    assert downloads.find_file(shown, ORIGIN, TOKEN)
    monkeypatch.setattr(time, "time", lambda: now + 910)
    assert downloads.find_file(shown, ORIGIN, TOKEN) is None


@pytest.mark.parametrize(
    "location", ["/v1/battles/1", "https://example.org/x?X-Amz-Signature=1", f"{ORIGIN}/x"]
)
def test_other_locations_stay_as_they_are(location: str) -> None:
    assert downloads.hide_cloud(location, ORIGIN) == location


@pytest.fixture
def ask(cloud: Cloud) -> Iterator[Client]:
    edge = Edge(0, GATEWAY, lambda: Behind(cloud.url, token=TOKEN), lambda _: None)
    yield Client(edge)
    edge.close()


def test_a_client_follows_a_redirect_to_the_file(ask: Client, cloud: Cloud) -> None:
    origin = cloud.url.partition("/_aws")[0]
    sent = {**MARK, "Location": presign(origin)}
    cloud.answer = lambda: web.Response(status=303, headers=sent)
    location = ask("GET", "/api/rollups/x").headers["Location"]
    content = {"Content-Type": "text/csv", "Content-Disposition": "attachment", "x-amz-id-2": "1"}
    cloud.answer = lambda: web.Response(status=206, body=b"day\n" * 100_000, headers=content)
    reply = ask("GET", location, headers={"Range": "bytes=0-399999", "X-Api-Key": "secret"})
    assert (reply.status, reply.body) == (206, b"day\n" * 100_000)
    assert reply.headers["Content-Type"] == "text/csv"
    assert reply.headers["Content-Disposition"] == "attachment"
    assert "x-amz-id-2" not in reply.headers
    asked = cloud.seen[-1]
    assert asked.headers["Range"] == "bytes=0-399999"
    assert asked.headers["x-amz-security-token"] == TOKEN
    assert "X-Api-Key" not in asked.headers
    assert asked.path == f"/files/{KEY}"


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "POST", "HEAD"])
def test_what_is_not_signed_does_not_reach_the_cloud(
    ask: Client, cloud: Cloud, method: str
) -> None:
    reply = ask(method, "/_s3/tiltyard-artifacts/x")
    assert reply.status == 403
    assert method == "HEAD" or is_the_gateways(reply)
    assert not cloud.seen
