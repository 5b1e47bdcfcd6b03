"""Exports of the deployed stack: pages, files in the answer, and files behind an address."""

from __future__ import annotations

import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import duckdb
import pyarrow.parquet
import pytest

from functions.rollups import refresh
from functions.shared import auth, db
from tests.support.online import beside
from tests.support.stack import Database, Wire

USERS = 80_000


@pytest.fixture
def key(stack: Any, database: Database, setting: Callable[..., None]) -> Iterator[dict[str, str]]:
    """Headers of an analyst; a key is stored hashed, so that it can be made from here."""
    with beside(database.server.app_url, setting):
        issued = auth.issue("ada", ["analyst"])
        yield {"Authorization": f"Bearer {issued}", "Accept": "*/*"}


@pytest.fixture
def day(key: dict[str, str]) -> str:
    """A day that no other test writes to, on which each of many users has a row of tilt."""
    db.query(
        """
        insert into tilt.events (id, occurred_at, user_id, tilt_score, signals, context)
        select md5('exports' || n)::uuid, '2019-05-06 12:00Z', format('<b>%%s","', n), 1, '[]', ''
        from generate_series(1, %s) as n
        where not exists (select from tilt.events where occurred_at = '2019-05-06 12:00Z')
        """,
        (USERS,),
    )
    while True:
        if not db.query("select 1 as one from rollups.dirty_buckets where bucket < '2020-01-01Z'"):
            return "from=2019-05-06&to=2019-05-07"
        refresh.run(db.connection())


def download(url: str, headers: dict[str, str]) -> tuple[bytes, Any, str]:
    """What a client gets that follows redirects, and from where."""
    with urllib.request.urlopen(urllib.request.Request(url, headers=headers)) as answered:
        return answered.read(), answered.headers, answered.url


def test_a_page_of_the_deployed_function(http: Wire, day: str, key: dict[str, str]) -> None:
    listed = http("GET", "/api/rollups", headers=key).json["rollups"]
    assert "tilt.user_days" in {one["name"] for one in listed}
    page = http("GET", f"/api/rollups/tilt.user_days?{day}&limit=3", headers=key).json
    assert len(page["rows"]) == 3
    assert page["next_cursor"]
    assert http("GET", "/api/rollups").status == 401


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_a_large_file_comes_from_the_bucket(
    stack: Any, day: str, key: dict[str, str], kind: str, tmp_path: Path
) -> None:
    url = f"{stack.url}/api/rollups/tilt.user_days?{day}&format={kind}"
    link = "&link=true" if kind == "parquet" else ""  # which is small
    if link:
        request = urllib.request.Request(url + link, headers=key)
        with urllib.request.urlopen(request) as answered:
            assert answered.status == 201
            location = answered.headers["Location"]
        body, headers, where = download(stack.url + location, {})
    else:
        body, headers, where = download(url, key)
    assert where.startswith(f"{stack.url}/_s3/")
    assert stack.cloud.token not in where
    assert headers["Content-Disposition"].startswith('attachment; filename="tilt.user_days_2019')
    file = tmp_path / f"days.{kind}"
    file.write_bytes(body)
    found = duckdb.sql(f"select count(*), count(distinct user_id), sum(events) from '{file}'")
    assert found.fetchall() == [(USERS, USERS, USERS)]
    again = download(url, key)[0]
    assert again == body


def test_a_small_file_is_the_answer_itself(
    stack: Any, day: str, key: dict[str, str], tmp_path: Path
) -> None:
    """API Gateway turns base64 into the bytes of Parquet."""
    url = f"{stack.url}/api/rollups/tilt.user_days?{day}&format=parquet&columns=day,events"
    body, headers, where = download(url, key)
    assert where == url
    assert headers["Content-Type"] == "application/vnd.apache.parquet"
    assert headers["X-Row-Count"] == str(USERS)
    (tmp_path / "days.parquet").write_bytes(body)
    assert pyarrow.parquet.read_table(tmp_path / "days.parquet").num_rows == USERS


def test_nobody_reads_the_bucket_without_an_address(stack: Any, http: Wire) -> None:
    assert http("GET", "/_s3/").status == 403
    s3 = boto3.client("s3", **stack.cloud.access)
    buckets = [one["Name"] for one in s3.list_buckets()["Buckets"]]
    [name] = [one for one in buckets if "exportsbucket" in one.lower()]
    for stored in s3.list_objects_v2(Bucket=name).get("Contents", []):
        assert http("GET", f"/_s3/{name}/{stored['Key']}").status == 403
