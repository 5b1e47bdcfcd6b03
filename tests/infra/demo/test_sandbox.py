"""The demo's sandbox server, against the real handler: believable, of a seed, sent once."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise
from typing import Any

import pytest

from functions.logs import steam_ids
from functions.logs.game_modes import MODES
from functions.logs.ingest.normalise import TYPES
from functions.shared import auth, db
from infra.demo import __main__ as demo
from infra.demo import service
from infra.demo.evening import get_last_evening
from infra.demo.freebuild import Freebuild
from infra.demo.progress import Progress
from infra.demo.sandbox import Sandbox
from infra.local.sam import ROOT
from tests.support.logs import door

END = datetime(2026, 3, 2, 23, tzinfo=UTC)
START = END - timedelta(hours=4)


@pytest.fixture(scope="module")
def events() -> list[dict[str, Any]]:
    return list(Sandbox(1).events(START, END))


@pytest.fixture
def url(store: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    with door.opened() as opened:
        monkeypatch.setenv("URL", opened)
        monkeypatch.setenv("STAFF_KEY", auth.issue("Rita", ["admin"]))
        yield opened


HASHED = """
import hashlib, json
from datetime import UTC, datetime
from infra.demo.sandbox import Sandbox
start, end = datetime(2026, 3, 2, 19, tzinfo=UTC), datetime(2026, 3, 2, 20, tzinfo=UTC)
told = json.dumps(list(Sandbox(3).events(start, end)))
print(hashlib.sha256(told.encode()).hexdigest())
"""


def test_a_seed_is_the_same_evening_in_every_process() -> None:
    told = {
        subprocess.run(
            [sys.executable, "-c", HASHED],
            env=os.environ | {"PYTHONHASHSEED": seed},
            cwd=ROOT,
            check=True,
            capture_output=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(told) == 1
    assert next(iter(Sandbox(2).events(START, END))) != next(iter(Sandbox(1).events(START, END)))


def test_an_evening_is_in_order_and_in_its_time(events: list[dict[str, Any]]) -> None:
    times = [datetime.fromisoformat(one["timestamp"]) for one in events]
    assert all(before <= after for before, after in pairwise(times))
    assert times[0] >= START
    assert times[-1] < END
    assert 5_000 < len(events) < 12_000


def test_an_evening_is_of_known_types_and_people(events: list[dict[str, Any]]) -> None:
    kinds = Counter(one["type"] for one in events)
    assert set(kinds) == TYPES - {"ROUND_START", "ROUND_END"}
    assert kinds["PROP_SPAWN"] > kinds["CHAT"] > kinds["KILL"] > 10
    assert {one["gameMode"].lower() for one in events} <= set(MODES)
    for one in events:
        assert "steamId" not in one or steam_ids.is_real(one["steamId"])
    assert len({one.get("steamId") for one in events}) > 15
    json.dumps(events, allow_nan=False)


def test_people_come_act_and_go(events: list[dict[str, Any]]) -> None:
    online: set[str] = set()
    met: dict[str, int] = defaultdict(int)
    for one in events:
        who = one.get("steamId")
        if one["type"] == "CONNECT":
            online.add(who)
            met[who] += 1
        elif one["type"] == "DISCONNECT":
            assert who in online
            online.remove(who)
        elif who:
            assert who in online, one
    assert online == set()
    assert max(met.values()) > 1
    assert {"sessionId" in one for one in events if one["type"] == "CONNECT"} == {True, False}


def test_as_many_events_as_are_asked_for() -> None:
    year = Sandbox(1, players=50, pace=6).events(START, START + timedelta(days=365))
    assert len(list(islice(year, 20_000))) == 20_000
    assert list(Sandbox(1).events(START, START)) == []


def test_an_evening_is_sent_once_and_read_back(url: str) -> None:
    end = get_last_evening(datetime.now(UTC))
    with closing(service.find_staff_service()) as staff:
        first, again = Freebuild(1, end), Freebuild(1, end)
        out = io.StringIO()
        first.play(staff, Progress(out, "events"))
        count = db.query("select count(*) from logs.events")[0]["count"]
        assert first.describe() == f"{count} log events stored, 0 were there already."
        assert f"{count} of {count} events\n" in out.getvalue()
        again.play(staff, Progress(out, "events"))
        assert (
            again.describe()
            == f"All {count} log events were there already: a repeat changes nothing."
        )
        assert again.server_id == first.server_id
        told = "\n".join(first.build_tables(staff))
    assert "HIGH" in told
    assert "203.0.113.0/24" in told
    assert "Builders" in told
    assert "total play time hours" in told


def test_the_demo_leaves_it_out_where_we_are_not_staff(
    url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("STAFF_KEY")
    demo._build(Freebuild(1, END))
    assert "stays out: set STAFF_KEY" in capsys.readouterr().out
    with pytest.raises(service.DemoError, match="Set STAFF_KEY too"):
        service.find_staff_service()
