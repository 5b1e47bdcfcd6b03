"""Files that never change, at the local edge."""

from __future__ import annotations

import pytest
from aiohttp import web

from tests.support.edge import MARK, Client, Cloud

FOREVER = {**MARK, "Cache-Control": "public, max-age=31536000, immutable", "ETag": '"1"'}


def answer(cloud: Cloud, headers: dict[str, str], status: int = 200) -> None:
    cloud.answer = lambda: web.Response(status=status, body=b"export {};", headers=headers)


def test_what_never_changes_is_asked_for_once(ask: Client, cloud: Cloud) -> None:
    answer(cloud, FOREVER)
    replies = [ask("GET", "/console/0a/app.js") for _ in range(3)]
    assert {reply.body for reply in replies} == {b"export {};"}
    assert all(FOREVER.items() <= reply.headers.items() for reply in replies)
    assert len(cloud.seen) == 1


def test_who_takes_gzip_and_who_does_not_are_answered_apart(ask: Client, cloud: Cloud) -> None:
    answer(cloud, FOREVER)
    for accepts in ("gzip, br", "identity", "gzip, br", "identity"):
        ask("GET", "/console/0a/app.js", headers={"Accept-Encoding": accepts})
    assert len(cloud.seen) == 2


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/console/0a/app.js", {**MARK, "Cache-Control": "public, max-age=300"}, 200),
        ("/console/0a/app.js", MARK, 200),
        ("/console/0a/app.js", FOREVER, 404),
        ("/api/stats", FOREVER, 200),
        ("/", FOREVER, 200),
    ],
)
def test_all_else_is_asked_for_each_time(
    ask: Client, cloud: Cloud, path: str, headers: dict[str, str], status: int
) -> None:
    answer(cloud, headers, status)
    assert [ask("GET", path).status for _ in range(2)] == [status, status]
    assert len(cloud.seen) == 2


def test_a_question_whether_it_changed_goes_to_the_function(ask: Client, cloud: Cloud) -> None:
    answer(cloud, FOREVER)
    ask("GET", "/console/0a/app.js")
    ask("GET", "/console/0a/app.js", headers={"If-None-Match": '"1"'})
    ask("HEAD", "/console/0a/app.js")
    assert len(cloud.seen) == 3
