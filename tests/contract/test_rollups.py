"""`/api/rollups`: rollups as pages and as files, for keys of scope `analyst` and for admins."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Callable, Iterator
from typing import Any

import duckdb
import pyarrow.parquet
import pytest
from moto import mock_aws

from functions.rollups import refresh
from functions.rollups.exports import delivery, files
from functions.shared import auth, aws, db
from tests.support.client import Answered, Client
from tests.support.rollups import connect, insert

pytestmark = pytest.mark.commits
DAYS = "/api/rollups/tilt.user_days"
RANGE = "from=2026-03-01&to=2026-03-04"
FORMATS = {
    "csv": "text/csv; charset=utf-8",
    "ndjson": "application/x-ndjson",
    "parquet": "application/vnd.apache.parquet",
}
BUCKET = "exports"


@pytest.fixture
def analyst(store: str) -> Client:
    """An analyst, beside three clean days of two users and a dirty day."""
    with connect(store) as connection:
        for day in (1, 2, 3):
            insert(connection, f"2026-03-0{day} 12:00Z", "ana", day / 3)
            insert(connection, f"2026-03-0{day} 13:00Z", '"><b>Zoë', 0)
        assert refresh.run(connection).left == 0
        insert(connection, "2026-03-04 12:00Z", "late")
    key = auth.issue("ada", ["analyst"])
    return Client({"X-Api-Key": key, "Accept": "*/*"})


@pytest.fixture
def bucket(setting: Callable[..., None]) -> Iterator[Any]:
    """The functions' bucket, as the template would make it: its client of S3."""
    setting(
        AWS_ACCESS_KEY_ID="test",
        AWS_SECRET_ACCESS_KEY="test",
        AWS_DEFAULT_REGION="eu-central-1",
        EXPORTS_BUCKET=BUCKET,
    )
    with mock_aws():
        aws.client.cache_clear()
        client = aws.client("s3")
        place = {"LocationConstraint": "eu-central-1"}
        client.create_bucket(Bucket=BUCKET, CreateBucketConfiguration=place)
        yield client
    aws.client.cache_clear()


def fetch(client: Client, url: str) -> tuple[Answered, bytes]:
    """An answer, and its body as API Gateway sends it."""
    answered = client.get(url)
    return answered, base64.b64decode(answered.text)


def test_the_list_says_what_each_rollup_and_column_is(analyst: Client) -> None:
    rollups = {one["name"]: one for one in analyst.get("/api/rollups").json["rollups"]}
    days = rollups["tilt.user_days"]
    assert days["comment"] == "A row is one user's tilt on one UTC day."
    assert (days["bucket"], days["width"], days["freshness"]) == (
        *("day", "P1D"),
        "Exact at every moment",
    )
    assert days["dirty_buckets"] == 1
    assert days["oldest_dirty"].startswith("2026-03-04T00:00:00")
    columns = {one["name"]: one for one in days["columns"]}
    assert list(columns)[:3] == ["day", "user_id", "events"]
    assert (columns["events"]["type"], columns["events"]["unit"]) == ("bigint", "events")
    assert columns["score_sum"]["type"] == "double"
    assert all(one["comment"] for one in days["columns"])
    assert rollups["ttt.player_all_time"]["width"] == "P1000Y"
    assert "logs.player_days" not in rollups
    assert "logs.player_days_nameless" in rollups
    assert not [name for name in rollups if "name_days" in name]


def test_a_page_has_rows_columns_and_the_sql_that_makes_them(analyst: Client) -> None:
    page = analyst.get(f"{DAYS}?{RANGE}&columns=user_id,events,day&limit=2").json
    assert [column["name"] for column in page["columns"]] == ["day", "user_id", "events"]
    assert page["rows"] == [
        ["2026-03-01T00:00:00.000Z", '"><b>Zoë', 1],
        ["2026-03-01T00:00:00.000Z", "ana", 1],
    ]
    assert page["dirty_buckets"] == 0
    assert "from tilt.user_days" in page["sql"]
    found = db.query(page["sql"], None)
    assert [list(row.values())[1:] for row in found] == [row[1:] for row in page["rows"]]
    url = f"{DAYS}?{RANGE}&columns=user_id,events,day&limit=4&cursor="
    last = analyst.get(url + page["next_cursor"]).json
    assert len(last["rows"]) == 4
    assert last["next_cursor"] is None


@pytest.mark.parametrize("name", FORMATS)
def test_a_file_is_the_same_each_time(analyst: Client, name: str) -> None:
    first, body = fetch(analyst, f"{DAYS}?{RANGE}&format={name}")
    assert first.status == 200
    assert first.headers["content-type"] == FORMATS[name]
    filename = f"tilt.user_days_2026-03-01_2026-03-04.{name}"
    assert first.headers["content-disposition"] == f'attachment; filename="{filename}"'
    assert (first.headers["x-row-count"], first.headers["x-dirty-buckets"]) == ("6", "0")
    assert fetch(analyst, f"{DAYS}?{RANGE}&format={name}")[1] == body


def test_all_formats_hold_the_rows_of_the_page(analyst: Client, tmp_path: Any) -> None:
    page = analyst.get(f"{DAYS}?dirty=include").json
    assert len(page["rows"]) == 7
    names = [column["name"] for column in page["columns"]]
    expected = [dict(zip(names, row, strict=True)) for row in page["rows"]]
    bodies = {name: fetch(analyst, f"{DAYS}?dirty=include&format={name}") for name in FORMATS}
    assert {answered.headers["x-dirty-buckets"] for answered, _ in bodies.values()} == {"1"}
    ndjson = [json.loads(line) for line in bodies["ndjson"][1].splitlines()]
    table = pyarrow.parquet.read_table(io.BytesIO(bodies["parquet"][1]))
    (tmp_path / "days.csv").write_bytes(bodies["csv"][1])
    read = duckdb.sql(f"select user_id, events, score_sum from '{tmp_path}/days.csv'").fetchall()
    for rows in (expected, ndjson, table.to_pylist()):
        assert [(row["user_id"], row["events"], row["score_sum"]) for row in rows] == read
    assert [row["day"][:10] for row in ndjson] == [row["day"][:10] for row in expected]


def test_dirty_buckets_are_left_out_unless_they_are_asked_for(analyst: Client) -> None:
    answered, body = fetch(analyst, f"{DAYS}?format=csv&columns=day,user_id")
    assert answered.headers["x-dirty-buckets"] == "1"
    assert b"late" not in body
    assert body.startswith(b'day,user_id\n2026-03-01T00:00:00Z,"""><b>Zo')
    assert b"late" in fetch(analyst, f"{DAYS}?format=csv&dirty=include")[1]


@pytest.mark.parametrize(
    ("query", "problem"),
    [
        ("format=xlsx", "format must be 'json', 'csv', 'ndjson' or 'parquet'"),
        ("from=soon", "from must be an ISO 8601 time or Unix time in ms"),
        ("from=2026-03-02&to=2026-03-02", "from must be before to"),
        ("columns=name", "columns must be columns of tilt.user_days, not 'name'"),
        ("columns=day;drop", "columns must be names of columns with commas between them"),
        ("dirty=maybe", "dirty must be 'exclude' or 'include'"),
        ("cursor=nonsense", "cursor is not one of ours, or was made for another query"),
        ("link=perhaps", "link must be true or false"),
    ],
)
def test_what_is_wrong_is_named(analyst: Client, query: str, problem: str) -> None:
    refused = analyst.get(f"{DAYS}?{query}")
    assert (refused.status, refused.json["error"]) == (400, problem)


@pytest.mark.parametrize(
    "name",
    [
        *("logs.player_days", "logs.name_days", "tilt.events", "rollups.catalog", "nothing"),
        *("tilt.user_days%3Bdrop%20table%20tilt.events", "%22tilt%22.%22user_days%22"),
    ],
)
@pytest.mark.parametrize("kind", ["json", "csv"])
def test_what_is_no_rollup_of_analysts_is_not_there(analyst: Client, name: str, kind: str) -> None:
    assert analyst.get(f"/api/rollups/{name}?format={kind}").status == 404


def test_a_range_may_be_as_long_as_time(analyst: Client) -> None:
    whole = f"{DAYS}?from=0001-01-01&to=9999-12-31T23:59:59Z"
    assert len(analyst.get(whole).json["rows"]) == 6
    assert fetch(analyst, f"{whole}&format=csv")[0].headers["x-row-count"] == "6"


def test_a_revoked_key_takes_nothing_along(analyst: Client) -> None:
    assert analyst.get("/api/rollups").status == 200
    key_id = analyst.headers["X-Api-Key"].split("_")[1]
    assert auth.revoke(key_id)
    assert analyst.get("/api/rollups").status == 403
    assert analyst.get(f"{DAYS}?format=csv").status == 403
    assert analyst.get(DAYS, headers={}).status == 401
    other = {"Authorization": f"Bearer {auth.issue('bot', ['tilt:read'])}"}
    assert analyst.get(DAYS, headers=other).status == 403


def test_a_large_file_is_behind_an_address(
    analyst: Client, bucket: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = fetch(analyst, f"{DAYS}?format=csv")[1]
    monkeypatch.setattr(delivery, "ANSWER_BYTES", len(small) - 1)
    answered = analyst.get(f"{DAYS}?format=csv")
    assert answered.status == 303
    assert answered.json == {
        "rows": 6,
        "size": len(small),
        "dirty_buckets": 1,
        "expires_in": 900,
    }
    location = answered.headers["location"]
    assert location.startswith("https://exports.s3.eu-central-1.amazonaws.com/")
    assert "X-Amz-Signature=" in location
    [stored] = bucket.list_objects_v2(Bucket=BUCKET)["Contents"]
    found = bucket.get_object(Bucket=BUCKET, Key=stored["Key"])
    assert found["Body"].read() == small
    assert found["ContentType"] == "text/csv; charset=utf-8"
    assert found["ContentDisposition"] == 'attachment; filename="tilt.user_days.csv"'


def test_who_asks_for_a_link_gets_one_for_any_file(analyst: Client, bucket: Any) -> None:
    answered = analyst.get(f"{DAYS}?format=parquet&link=true")
    assert answered.status == 201
    [stored] = bucket.list_objects_v2(Bucket=BUCKET)["Contents"]
    assert stored["Size"] == answered.json["size"]
    assert stored["Key"] in answered.headers["location"]


def test_who_takes_no_bytes_of_the_gateway_gets_a_link(analyst: Client, bucket: Any) -> None:
    """The gateway would answer base64 to who does not say what they accept."""
    key = {"X-Api-Key": analyst.headers["X-Api-Key"]}
    assert analyst.get(f"{DAYS}?format=csv", headers=key).status == 303


def test_while_the_bucket_is_away_small_files_come_all_the_same(
    analyst: Client, bucket: Any
) -> None:
    bucket.delete_bucket(Bucket=BUCKET)
    assert analyst.get(f"{DAYS}?format=csv").status == 200
    refused = analyst.get(f"{DAYS}?format=csv&link=1")
    assert (refused.status, refused.json["error"]) == (503, "The file cannot be stored now")
    assert refused.headers["retry-after"] == "5"


def test_what_is_too_much_is_refused_with_advice(
    analyst: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    advice = "ask for fewer columns or a shorter range, or run python -m infra.ops.export"
    for name, value, says in (
        ("MAX_BYTES", 10, "The file would have more than 0 MB"),
        ("MAX_SECONDS", -1.0, "The file takes too long to write"),
    ):
        for kind in FORMATS:
            with monkeypatch.context() as patch:
                patch.setattr(delivery, name, value)
                refused = analyst.get(f"{DAYS}?format={kind}")
            assert (refused.status, refused.json["error"]) == (400, f"{says}: {advice}.")
    assert analyst.get(f"{DAYS}?format=csv").status == 200


def test_a_database_that_goes_while_a_file_is_written_is_503(
    analyst: Client, store: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def end_sessions(limits: object, file: object) -> None:
        with connect(store) as connection:
            connection.execute(
                """
                select pg_terminate_backend(pid)
                from pg_stat_activity
                where datname = current_database()
                  and pid <> pg_backend_pid()
                  and application_name = 'tiltyard'
                """
            )

    with monkeypatch.context() as patch:
        patch.setattr(files, "_check", end_sessions)
        for kind in FORMATS:
            assert analyst.get(f"{DAYS}?format={kind}").status == 503
    assert analyst.get(f"{DAYS}?format=csv").status == 200
