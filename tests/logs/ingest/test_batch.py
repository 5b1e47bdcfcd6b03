"""Batches that mean no good, or that meet with bad luck: nothing is lost, nothing is doubled."""

from __future__ import annotations

import json
import random
import threading
import time
import tracemalloc
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from functions.logs import rows
from functions.logs.ingest import batch, event_writer, ingest_server, normalise
from functions.logs.servers import keys
from functions.shared import auth, db
from tests.support.client import Client
from tests.support.logs.panel import NOW, SERVER, ago, make_staff, send, stamp
from tests.support.queues import Mapping, Queues

URL = "/api/ingest/logs"
HASH = """
    select md5(string_agg(
      concat_ws('|', id, sent_at, occurred_at, server_id, mode, type, steam_id, player_name,
      raw_text,
        involved_steam_ids, map, player_count, session_id, metadata), e'\\n' order by id
    )) as hash, count(*)
    from logs.events
"""


def mixed(number: int, at: datetime = NOW) -> dict[str, Any]:
    """One of many different events, as a sandbox server sends them."""
    details: dict[str, Any] = [
        {"message": f"hello {number} ☭", "chatScope": "GLOBAL", "lifeState": "ALIVE"},
        {"spawnKind": "PROP", "entityClass": "prop_physics", "entIndex": float(number)},
        {"toolName": "weld", "targetClass": "prop_physics", "entIndex": float(number)},
        {"attackerSteamId": "STEAM_0:1:7", "victimSteamId": f"STEAM_0:0:{number + 1}"},
        {"command": "!menu", "args": [str(number)]},
        {"slot": number},
        {"ip": f"203.0.113.{number % 250}:27005", "authType": "steam"},
    ][number % 7]
    kinds = ("CHAT", "PROP_SPAWN", "TOOL_USE", "KILL", "COMMAND", "BUILD_SAVE", "CONNECT")
    return {
        "type": kinds[number % 7],
        "gameMode": "SANDBOX",
        "timestamp": stamp(at - timedelta(seconds=number)),
        "steamId": f"STEAM_0:0:{number + 1}",
        "playerName": f"player {number}",
        "metadata": details,
        "map": "gm_construct",
        "playerCount": float(number % 32),
    }


def count(table: str = "logs.events") -> int:
    return int(db.query(f"select count(*) from {table}")[0]["count"])  # type: ignore[arg-type]


def counted(outcome: str) -> int:
    found = db.query(
        "select sum(events)::int from logs.ingest_counts where outcome = %s", (outcome,)
    )
    return found[0]["sum"] or 0


# --- what is sent ---


@pytest.mark.commits
def test_10000_events_sent_twice_and_shuffled_are_the_same_rows(game: Client) -> None:
    all_events = [mixed(number) for number in range(10_000)]
    dice = random.Random(5)

    def replay() -> tuple[Any, int]:
        new, rest = 0, list(all_events)
        while rest:
            size = dice.choice([1, 20, 31, 700, 2000])
            new += send(game, *rest[:size])["stored"]
            rest = rest[size:]
        return db.query(HASH)[0], new

    first, new = replay()
    assert (first["count"], new) == (10_000, 10_000)
    dice.shuffle(all_events)
    again, new = replay()
    assert (again, new) == (first, 0)
    assert counted("stored") == counted("duplicate") == 10_000
    assert db.query("select sum(events)::int as events from logs.event_hours") == [
        {"events": 10_000}
    ]
    db.query("delete from logs.events")
    dice.shuffle(all_events)
    anew, new = replay()
    assert (anew, new) == (first, 10_000)


def test_a_large_body_takes_less_than_ten_times_its_size(game: Client) -> None:
    padded = [mixed(n) | {"rawText": f"{n} " + "x" * 750} for n in range(2000)]
    body = json.dumps({"events": padded})
    assert 2_000_000 < len(body) <= batch.MAX_BYTES
    send(game, mixed(5000))  # what is made once
    tracemalloc.start()
    try:
        answered = game.post(URL, body)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert answered.json["stored"] == 2000
    assert peak < 10 * len(body)


def test_small_events_take_less_than_ten_times_their_size_too(game: Client) -> None:
    body = json.dumps([mixed(number) for number in range(2000)])
    send(game, mixed(5000))
    tracemalloc.start()
    try:
        assert game.post(URL, body).json["stored"] == 2000
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 10 * len(body)


def test_a_large_body_takes_no_more_when_it_is_sent_again(game: Client) -> None:
    padded = [mixed(n) | {"rawText": f"{n} " + "x" * 750} for n in range(2000)]
    body = json.dumps(padded)
    send(game, *padded)
    send(game, *padded)
    for _ in range(2):
        there = count()
        tracemalloc.start()
        try:
            assert game.post(URL, body).json["duplicates"] == there
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert peak < 10 * len(body)
        assert count() == 2000
        db.query("delete from logs.events where player_name like 'player 1%%1_'")  # some are new


def test_of_a_batch_with_every_third_event_invalid_the_rest_is_stored(game: Client) -> None:
    bad = ["x", {"metadata": {"a": "b\0"}}, {"steamId": "x" * 65}, {"metadata": [1]}]
    many = [bad[n % 4] if n % 3 == 2 else mixed(n) for n in range(1500)]
    answer = game.post(URL, many).json
    assert (answer["stored"], answer["rejected"]) == (1000, 500)
    assert [one["index"] for one in answer["results"]] == list(range(1500))
    wrong = [one["index"] for one in answer["results"] if one["status"] == "rejected"]
    assert wrong == list(range(2, 1500, 3))
    again = game.post(URL, many).json
    assert (again["duplicates"], again["stored"], again["rejected"]) == (1000, 0, 500)


@pytest.mark.parametrize(
    ("details", "reason"),
    [
        ({"a": "x" * 1_000_000}, "metadata_too_large"),
        ({"a": ["x"] * 200_000}, "metadata_too_large"),
        ({str(n): n for n in range(100_000)}, "metadata_too_large"),
    ],
)
def test_a_megabyte_of_metadata_rejects_its_own_event(
    game: Client, details: Any, reason: str
) -> None:
    answer = game.post(URL, [mixed(1), {"metadata": details}, mixed(2)]).json
    assert [one["status"] for one in answer["results"]] == ["stored", "rejected", "stored"]
    assert answer["results"][1]["reason"] == reason


@pytest.mark.parametrize("depth", [17, 100, 900])
@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}")])
def test_deep_metadata_rejects_its_own_event(
    game: Client, depth: int, opening: str, closing: str
) -> None:
    inner = opening * depth + ("1" if "{" in opening else "") + closing * depth
    body = f'[{json.dumps(mixed(1))}, {{"metadata":{{"x":{inner}}}}}]'
    answer = game.post(URL, body).json
    assert [one["status"] for one in answer["results"]] == ["stored", "rejected"]


@pytest.mark.parametrize("opening", ["[", '{"a":', '[{"metadata":'])
def test_a_bottomless_body_is_no_json(game: Client, opening: str) -> None:
    answered = game.post(URL, opening * 100_000)
    assert (answered.status, answered.json["error"]) == (400, "Invalid JSON")


def test_odd_numbers_and_texts_do_no_harm(game: Client) -> None:
    odd = [
        '{"metadata":{"n":1e999}}',
        '{"metadata":{"n":-1e400},"eventId":"-"}',
        '{"playerCount":1e999,"eventId":"a"}',
        '{"playerCount":99999999999,"eventId":"b"}',
        '{"timestamp":1e308,"eventId":"c"}',
        '{"timestamp":-62135596800,"eventId":"d"}',
        '{"timestamp":253402300799999,"eventId":"e"}',
        '{"metadata":{"n":1e300,"i":123456789012345678901234567890}}',
        '{"rawText":"\\ud800 \\udfff","steamId":"\\ud800"}',
        '{"playerName":"\\u0000"}',
        '{"metadata":{"\\u0000":1}}',
        '{"metadata":{"":"","a":{"":[]}}}',
        '{"type":"  ","eventId":"f"}',
        '{"type":"ß' + "x" * 62 + '"}',
    ]
    answer = game.post(URL, f"[{','.join(odd)}]").json
    status = [(one["status"], one.get("reason")) for one in answer["results"]]
    assert status == [
        *[("stored", None)] * 5,
        ("rejected", "timestamp_too_old"),
        ("stored", None),
        ("stored", None),
        ("stored", None),
        ("rejected", "text_has_nul"),
        ("rejected", "text_has_nul"),
        ("stored", None),
        ("stored", None),
        ("stored", None),
    ]
    assert len(make_staff().get("/api/logs").json) == answer["stored"]


@pytest.mark.parametrize("days", [365, 3650])
def test_of_a_clock_that_is_ahead_events_are_stored_once_as_of_now(game: Client, days: int) -> None:
    ahead = [mixed(n, NOW + timedelta(days=days)) for n in range(50)]
    answer = send(game, *ahead)
    assert answer["stored"] == 50
    assert {tuple(one["warnings"]) for one in answer["results"]} >= {("timestamp_future",)}
    assert send(game, *ahead)["duplicates"] == 50
    [row] = db.query(
        "select min(occurred_at), max(occurred_at), min(sent_at) as sent_at from logs.events"
    )
    assert row["max"] - row["min"] < timedelta(seconds=1)
    told = make_staff().get("/api/ingest/stats").json["clock"][SERVER]
    assert told["future"] == 100
    if days > 400:  # then it is no time at all, or each of its weeks would be a chunk
        assert row["sent_at"] <= datetime.now(UTC)
        assert told["medianSkewSeconds"] is None
    else:
        assert row["sent_at"] > datetime.now(UTC) + timedelta(days=days - 1)
        assert told["medianSkewSeconds"] < -86_400 * (days - 1)


def test_of_a_clock_that_is_a_year_behind_nothing_is_taken(game: Client) -> None:
    behind = [mixed(n, ago(days=365)) for n in range(50)]
    answered = game.post(URL, behind)
    assert (answered.status, answered.json["ingested"]) == (200, 0)
    assert {one["reason"] for one in answered.json["results"]} == {"timestamp_too_old"}
    assert make_staff().get("/api/ingest/stats").json["rejected"] == {"timestamp_too_old": 50}


# --- who else is at it ---


@pytest.mark.commits
@pytest.mark.parametrize("size", [3, 300])
def test_of_two_equal_requests_at_once_one_stores(game: Client, size: int, store: str) -> None:
    many = [mixed(number) for number in range(size)]
    with psycopg.connect(store) as other:
        _hold(other, many)
        timer = threading.Timer(0.3, other.commit)
        timer.start()
        started = time.monotonic()
        answer = send(game, *many)
        assert time.monotonic() - started > 0.2  # it waited to see how the other one ends
        timer.join()
    assert (answer["duplicates"], answer["stored"]) == (size, 0)
    assert count() == size


@pytest.mark.commits
@pytest.mark.parametrize("size", [3, 300])
def test_when_the_other_of_two_equal_requests_fails_this_one_stores(
    game: Client, size: int, store: str
) -> None:
    many = [mixed(number) for number in range(size)]
    with psycopg.connect(store) as other:
        _hold(other, many)
        timer = threading.Timer(0.3, other.rollback)
        timer.start()
        assert send(game, *many)["stored"] == size
        timer.join()
    assert count() == size


def _hold(other: psycopg.Connection[Any], many: list[dict[str, Any]]) -> None:
    """Another request has written the same rows, and has not committed yet."""
    sender = ingest_server.Sender(normalise.Server(SERVER, "Harbour", "Sandbox"))
    outcomes = batch.prepare(list(many), sender, datetime.now(UTC))
    with other.cursor() as cursor:
        for one in sorted(outcome.row for outcome in outcomes if outcome.row):
            cursor.execute(
                """
                insert into logs.events
                  (id, sent_at, occurred_at, server_id, mode, type, raw_text, metadata)
                values (%s, %s, %s, %s, %s, %s, %s, %s)
                """,
                (*one[:6], one.raw_text, one.metadata),
            )


@pytest.mark.commits
@pytest.mark.parametrize("size", [3, 300])
def test_two_requests_with_the_same_events_in_another_order_never_lock_each_other_out(
    game: Client, size: int, store: str
) -> None:
    many = [mixed(number) for number in range(size)]
    answers: list[Any] = []
    script = [many, many[::-1]] * 3

    def run(body: list[Any]) -> None:
        answers.append(_in_a_process_of_its_own(store, game, body))

    threads = [threading.Thread(target=run, args=(body,)) for body in script]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [one["ingested"] for one in answers] == [size] * 6
    assert sum(one["stored"] for one in answers) == count() == size
    assert counted("stored") == size
    assert counted("duplicate") == 5 * size


def _in_a_process_of_its_own(store: str, game: Client, body: list[Any]) -> Any:
    import os
    import subprocess
    import sys

    program = (
        "import json, sys\n"
        "from tests.support.client import Client\n"
        "sent = json.load(sys.stdin)\n"
        "told = Client(sent['headers']).post('/api/ingest/logs', sent['body'])\n"
        "print(told.text)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        input=json.dumps({"headers": game.headers, "body": body}),
        env=os.environ | {"DATABASE_URL": store, "LOG_LEVEL": "ERROR"},
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout.splitlines()[-1])


def test_a_key_that_is_revoked_in_mid_batch_is_done_after_it(
    game: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepare_parts = batch.prepare_parts

    def revoked(*args: Any, **kwargs: Any) -> Any:
        keys.revoke(SERVER, game.headers["X-Server-Key"][8:16], "Rita")
        return prepare_parts(*args, **kwargs)

    monkeypatch.setattr(batch, "prepare_parts", revoked)
    assert send(game, mixed(1))["stored"] == 1
    answered = game.post(URL, [mixed(2)])
    assert (answered.status, answered.json) == (403, {"error": "Invalid server key"})
    assert count() == 1


def test_a_server_that_is_removed_in_mid_batch_is_done_after_it(game: Client) -> None:
    assert send(game, mixed(1))["stored"] == 1
    known = dict(auth._cache)
    make_staff("Ada", "admin").delete(f"/api/servers/{SERVER}")
    auth._cache.update(known)  # as in another process
    answered = game.post(URL, [mixed(2)])
    assert (answered.status, answered.json) == (403, {"error": "Invalid server key"})


# --- the database goes ---


class Cut:
    """Ends the connection in the middle of a COPY, as often as it is told to."""

    def __init__(self, store: str, times: int, then: Callable[[], None] = lambda: None) -> None:
        self.store, self.times, self.then = store, times, then
        self.write = event_writer._Copy.write

    def __call__(self, copy: Any, rows: list[rows.Row]) -> None:
        if not self.times:
            self.write(copy, rows)
            return
        self.times -= 1
        backend = db.connection().info.backend_pid
        with psycopg.connect(self.store, autocommit=True) as other:
            other.execute("select pg_terminate_backend(%s)", (backend,))
        self.then()
        time.sleep(0.1)
        self.write(copy, rows)


@pytest.mark.commits
@pytest.mark.parametrize("times", [1, 2])
def test_a_copy_that_is_cut_is_done_again(
    game: Client, store: str, monkeypatch: pytest.MonkeyPatch, times: int
) -> None:
    cut = Cut(store, times)
    monkeypatch.setattr(event_writer._Copy, "write", lambda *args: cut(*args))
    many = [mixed(number) for number in range(300)]
    assert send(game, *many)["stored"] == 300
    assert count() == 300
    assert counted("stored") == 300
    assert send(game, *many)["duplicates"] == 300


@pytest.mark.commits
def test_a_copy_that_is_cut_for_good_is_queued_whole(
    game: Client,
    store: str,
    queues: Queues,
    setting: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def leave() -> None:
        setting(DATABASE_URL="postgresql://127.0.0.1:1/away")

    many = [mixed(number) for number in range(300)]
    with monkeypatch.context() as patch:
        cut = Cut(store, 1, leave)
        patch.setattr(event_writer._Copy, "write", lambda *args: cut(*args))
        answer = send_queued(game, many)
    assert answer["queued"] == answer["ingested"] == 300
    setting(DATABASE_URL=store)
    db.close_all()
    assert count() == 0
    for body in queues.bodies():
        Mapping(queues).deliver(body)
    assert queues.bodies(queues.dead_letters) == []
    assert count() == counted("stored") == 300
    again = send(game, *many)
    assert again["duplicates"] == 300
    assert [one["id"] for one in again["results"]] == [one["id"] for one in answer["results"]]


def send_queued(game: Client, many: list[Any]) -> Any:
    answered = game.post(URL, many)
    assert answered.status == 202, answered.text
    return answered.json
