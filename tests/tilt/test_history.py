"""History and export: whole, in order, in pages, safe to open in a spreadsheet."""

from __future__ import annotations

import csv
import io
import json
import time
from typing import Any
from urllib.parse import quote

import pytest

from functions.shared import db
from functions.tilt import events, history
from tests.support.client import Client

NOW = int(time.time() * 1000)


def record(**changed: Any) -> str:
    sent = {"userId": "u", "timestamp": NOW, "signals": ["x"], "tiltScore": 1, **changed}
    return events.record(events.NewEvent.model_validate(sent)).id


def pages(client: Client, url: str) -> list[list[Any]]:
    found, cursor = [], ""
    while cursor is not None:
        answered = client.get(f"{url}&cursor={cursor}").json
        found.append(answered["events"])
        cursor = answered["nextCursor"]
    return found


def test_pages_give_every_event_once_in_order_also_at_equal_times(client: Client) -> None:
    for index in range(25):
        record(timestamp=NOW - index // 5, tiltScore=index)
    read = [event["id"] for page in pages(client, "/api/tilt/history/u?limit=4") for event in page]
    assert len(set(read)) == 25
    stored = db.query("select id from tilt.events order by occurred_at desc, id desc")
    assert read == [str(row["id"]) for row in stored]


def test_an_answer_stays_small_and_says_there_is_more(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "ANSWER_BYTES", 3000)
    for score in range(5):
        record(tiltScore=score, signals=[{"type": "x", "note": "n" * 1000}])
    read = pages(client, "/api/tilt/history/u?limit=500")
    assert [len(page) for page in read] == [2, 2, 1]


def test_one_event_larger_than_an_answer_should_be_is_still_read(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "ANSWER_BYTES", 10)
    record(tiltScore=1)
    record(tiltScore=2)
    assert [len(page) for page in pages(client, "/api/tilt/history/u?limit=9")] == [1, 1]


def test_another_users_events_stay_out(client: Client) -> None:
    record(userId="other")
    assert client.get("/api/tilt/history/u").json["count"] == 0
    assert client.get("/api/tilt/export/u").json["events"] == []


def test_export_is_the_whole_history_between_two_times(client: Client) -> None:
    old = record(timestamp=1702000000000)
    new = record()
    assert [one["id"] for one in client.get("/api/tilt/export/u").json["events"]] == [new, old]
    past = client.get("/api/tilt/export/u?from=2023-12-08&to=2023-12-09").json
    assert [one["id"] for one in past["events"]] == [old]
    just_before = client.get("/api/tilt/export/u?from=1702000000001&to=1703000000000").json
    assert just_before["events"] == []
    exclusive = client.get("/api/tilt/export/u?from=1701000000000&to=1702000000000").json
    assert exclusive["events"] == []


def test_an_export_goes_on_page_by_page(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "EXPORT_EVENTS", 2)
    for score in range(5):
        record(tiltScore=score)
    assert [len(page) for page in pages(client, "/api/tilt/export/u?format=json")] == [2, 2, 1]
    first = client.get("/api/tilt/export/u?format=csv")
    rest = client.get(f"/api/tilt/export/u?format=csv&cursor={first.headers['x-next-cursor']}")
    assert len(list(csv.reader(io.StringIO(rest.text)))) == 3


@pytest.mark.parametrize(
    "query", ["format=xml", "from=yesterday", "to=", "from=2026-01-01&cursor=x", "format="]
)
def test_a_wrong_export_is_400(client: Client, query: str) -> None:
    answered = client.get(f"/api/tilt/export/u?{query}")
    assert (answered.status, set(answered.json)) == (400, {"error", "details"})


def test_csv_has_a_header_row_and_quoted_fields(client: Client) -> None:
    event_id = record(context='say "hi", now', signals=[{"type": "x", "severity": 2}])
    answered = client.get("/api/tilt/export/u?format=csv")
    assert answered.headers["content-type"] == "text/csv; charset=utf-8"
    assert "x-next-cursor" not in answered.headers
    assert answered.text.startswith('"id","user_id","timestamp","signals"')
    [row] = csv.DictReader(io.StringIO(answered.text))
    assert (row["id"], row["context"]) == (event_id, 'say "hi", now')
    assert (row["tilt_score"], row["timestamp"][-1]) == ("1", "Z")
    assert json.loads(row["signals"]) == [{"type": "x", "severity": 2}]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n"])
def test_no_cell_starts_a_formula(client: Client, start: str) -> None:
    record(context=f'{start}cmd|"x"!A1')
    [row] = csv.DictReader(
        io.StringIO(client.get("/api/tilt/export/u?format=csv").text, newline="")
    )
    assert row["context"].startswith("'" + start)


@pytest.mark.parametrize("kind", ["csv", "json"])
@pytest.mark.parametrize("letter", ['"', "\\", "\x01", "🎲", "é", "\n", "<"])
def test_the_worst_page_fits_into_an_answer_of_lambda(
    client: Client, kind: str, letter: str
) -> None:
    """Regression: 70 events full of quotes made a page of 8.8 MB, which Lambda refuses to send."""
    signals = [{"type": letter * 64, "note": letter * (50_000 // len(json.dumps(letter)))}]
    for score in range(40):
        record(tiltScore=score, signals=signals, userId=letter * 20, context=letter * 64)
    answered = client.get(f"/api/tilt/export/{quote(letter * 20, safe='')}?format={kind}")
    assert answered.status == 200
    assert len(answered.text.encode()) < 5_000_000
    assert len(json.dumps(answered.text)) < 6_000_000
