"""The economy as staff see it: game.md section 9."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from functions.shared import db
from tests.support.battles import claim, join, make_battle, win
from tests.support.client import Client
from tests.support.game import audited, buy, change, drawing, make_operator, make_player, player_id

URL = "/api/admin/economy"
MOST = 2**53 - 1


@pytest.fixture
def rita(store: str) -> Client:
    """Staff, who play too."""
    return make_operator("Rita", "staff")


def flows(found: dict[str, Any]) -> dict[str, tuple[int, int, int]]:
    """Of today's gold what each cause made and destroyed, and how often."""
    [gold] = [one for one in found["flows"] if one["kind"] == "gold"]
    assert gold["made"] == sum(one["made"] for one in gold["causes"])
    assert gold["destroyed"] == sum(one["destroyed"] for one in gold["causes"])
    return {
        one["cause"]: (one["made"], one["destroyed"], one["movements"]) for one in gold["causes"]
    }


def move(days: int) -> None:
    """Lets all that is counted have happened so many days before."""
    ago = timedelta(days=days)
    db.query("update game.ledger set occurred_at = occurred_at - %s", (ago,))
    db.query("update game.claims set claimed_at = claimed_at - %s", (ago,))


def test_gold_that_is_made_and_destroyed(rita: Client) -> None:
    mira = make_player()
    buy(mira, "sword-1")
    buy(mira, "sword-1")
    found = rita.get(URL).json
    assert flows(found) == {"start": (2000, 0, 2), "purchase": (0, 160, 2)}
    assert found["days"] == 30
    assert found["gold"]["held"] == 2000 - 160


def test_gems_have_days_and_holdings_of_their_own(rita: Client) -> None:
    mira = make_player()
    change(mira, gems=70)
    buy(mira, "fury-10", "gems")
    found = rita.get(URL).json
    [gems] = [one for one in found["flows"] if one["kind"] == "gem"]
    assert (gems["made"], gems["destroyed"]) == (70, 50)
    assert found["gems"]["held"] == 20
    assert [one["amount"] for one in found["gems"]["top"]] == [20]
    assert found["gems"]["median"] == 0


def test_holdings(rita: Client) -> None:
    """The richest ten of those who are there; the erased count in the sum alone."""
    players = [make_player(f"Player {n}") for n in range(12)]
    for number, client in enumerate(players):
        change(client, gold=10_000 + number)
    ids = [player_id(client) for client in players]
    db.query("select game.erase_player(%s)", (ids[-1],))
    gold = rita.get(URL).json["gold"]
    assert gold["held"] == sum(range(10_000, 10_012)) + 1000
    assert (gold["players"], gold["median"]) == (12, 10_004)
    assert gold["top"] == [
        {"player_id": ids[n], "username": f"Player {n}", "amount": 10_000 + n}
        for n in range(10, 0, -1)
    ]


def test_drops_against_their_stated_chance(rita: Client) -> None:
    players = [make_player(f"Player {n}") for n in range(4)]
    battle = make_battle("medium")
    for one in players[1:]:
        assert join(one, battle).status == 200
    win(players[0], battle)
    for number, one in enumerate(players):
        with drawing(0 if number == 0 else 2**32 - 1):
            assert claim(one, battle).status == 200
    drops = {one["difficulty"]: one for one in rita.get(URL).json["drops"]}
    assert list(drops) == ["easy", "medium", "hard", "epic", "legendary"]
    assert [one["stated_percent"] for one in drops.values()] == [10, 20, 30, 40, 50]
    assert drops["medium"] == {
        "difficulty": "medium",
        "stated_percent": 20,
        "offered": 4,
        "expected": 0.8,
        "drawn": 1,
        "drawn_percent": 25.0,
    }
    assert (drops["easy"]["offered"], drops["easy"]["drawn_percent"]) == (0, None)


def test_what_was_stated_at_the_time_counts(rita: Client) -> None:
    mira = make_player()
    for percent in (10, 35):
        db.query("update game.difficulties set drop_percent = %s where rank = 1", (percent,))
        battle = make_battle()
        win(mira, battle)
        assert claim(mira, battle).status == 200
    easy = [one for one in rita.get(URL).json["drops"] if one["difficulty"] == "easy"]
    assert [(one["stated_percent"], one["offered"]) for one in easy] == [(10, 1), (35, 1)]


def test_days_are_utc_days_with_today(rita: Client) -> None:
    mira = make_player()
    battle = make_battle()
    win(mira, battle)
    assert claim(mira, battle).status == 200
    today = db.fetch_value("select time_bucket('1 day', now())").astimezone(UTC)
    db.query("set local time zone 'Pacific/Auckland'")
    found = rita.get(f"{URL}?days=1").json
    assert (found["days"], found["from_day"]) == (1, f"{today:%Y-%m-%d}")
    assert {one["day"] for one in found["flows"]} == {f"{today:%Y-%m-%d}"}
    move(days=2)
    for days, is_there in ((1, False), (2, False), (3, True)):
        found = rita.get(f"{URL}?days={days}").json
        assert bool(found["flows"]) == is_there
        assert any(one["offered"] for one in found["drops"]) == is_there
        assert found["from_day"] == f"{today - timedelta(days=days - 1):%Y-%m-%d}"


@pytest.mark.parametrize(
    ("sent", "days"),
    [
        ("", 30),
        ("days=7", 7),
        ("days=0", 1),
        ("days=-3", 1),
        ("days=366", 365),
        ("days=99999999999999999999", 365),
        ("days=1e400", 30),
        ("days=nan", 30),
        ("days=x", 30),
        ("days=", 30),
        ("days=%00", 30),
        ("days=7&days=x&cursor=y", None),
    ],
)
def test_days_are_clamped(rita: Client, sent: str, days: int | None) -> None:
    answered = rita.get(f"{URL}?{sent}")
    assert answered.status == 200
    assert answered.json["days"] == (days or answered.json["days"])
    since = datetime.fromisoformat(answered.json["from_day"]).replace(tzinfo=UTC)
    now = db.fetch_value("select now()")
    assert (now - since).days == answered.json["days"] - 1


def test_the_numbers_stay_what_clients_can_read(rita: Client) -> None:
    for number in range(3):
        change(make_player(f"Player {number}"), gold=MOST)
    found = rita.get(URL).json
    [gold] = [one for one in found["flows"] if one["kind"] == "gold"]
    assert gold["made"] == found["gold"]["held"] == MOST


def test_without_anything(rita: Client) -> None:
    db.query("delete from game.ledger")
    found = rita.get(URL).json
    assert found["flows"] == []
    assert found["gems"] == {"held": 0, "players": 1, "median": 0, "top": []}


def test_it_is_audited_with_a_reason(rita: Client) -> None:
    assert rita.get(f"{URL}?reason=inflation").status == 200
    [noted] = [one for one in audited() if one["action"] == "economy.read"]
    assert noted["reason"] == "inflation"
    assert noted["actor"] == str(player_id(rita))
    assert rita.get(f"{URL}?reason=%0A").status == 422


@pytest.mark.parametrize("role", ["player", "organizer"])
def test_it_is_for_staff(store: str, role: str) -> None:
    answered = make_operator("Otto", role).get(URL)
    assert (answered.status, answered.json) == (403, {"detail": "Not allowed"})
    assert audited() == []
    assert Client().get(URL).json == {"detail": "Authentication required"}


def test_one_round_trip(rita: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    query = db.query

    def count(*values: Any, **more: Any) -> Any:
        asked.append(values)
        return query(*values, **more)

    monkeypatch.setattr(db, "query", count)
    assert rita.get(URL).status == 200
    assert len(asked) == 1


def test_while_the_database_is_away(rita: Client, away: Callable[[], None]) -> None:
    away()
    answered = rita.get(URL)
    assert answered.status == 503
    assert answered.json.keys() == {"detail"}
