"""`POST /api/collect`: each field of a round, and a round's player rows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.support.client import Client
from tests.support.ttt.contract import (
    BUY,
    END,
    KILL,
    ROUND,
    START,
    collect,
    count,
    read,
    rows,
    shown,
    without,
)


@pytest.mark.parametrize(
    "changed",
    [
        *({"map_name": name} for name in (None, "", "m" * 128, "ttt_☾\u202e")),
        *({"winner": word} for word in ("w" * 64, None, 5, 2.5, -1, "")),
        *({"duration": seconds} for seconds in (None, 0, 86_400, 86_400.0, -0.0)),
        {"start_roles": [{"player_steamid": f"s{n}"} for n in range(256)]},
        {"end_roles": [{"player_steamid": f"s{n}"} for n in range(256)]},
        {"start_roles": None, "end_roles": None, "kills": None, "buys": None},
        {"start_roles": {}, "end_roles": {}, "kills": {}, "buys": {}},
        {"start_roles": [{}, {"player_steamid": None}, {"player_steamid": "", "role": "x"}]},
        {"start_roles": [{"player_steamid": "s" * 64, "role": "r" * 32, "karma": -5, "points": 0}]},
        {"kills": [KILL] * 2000},
        {"buys": [BUY] * 2000},
        {"kills": [{**KILL, "victim_steamid": "☾" * 64, "weapon": "w" * 64}]},
        {"kills": [{"victim_steamid": "v"}]},
        {"buys": [{"steam_id": "s", "item": "i" * 64}, {"steam_id": "s", "item": ""}]},
    ],
    ids=lambda changed: str(changed)[:60],
)
def test_what_is_accepted(client: Client, changed: dict[str, Any]) -> None:
    answered = collect(client, **changed)
    assert answered.status == 201, answered.text


@pytest.mark.parametrize("name", [name for name in ROUND if name != "round_id"])
def test_every_field_but_the_id_may_be_missing_or_null(client: Client, name: str) -> None:
    assert client.post("/api/collect", without(name)).status == 201
    assert collect(client, **{name: None}).status in (200, 409)
    assert collect(client, round_id="x", **{name: None}).status == 201


def kills(**changed: Any) -> dict[str, Any]:
    return {"kills": [KILL, {**KILL, **changed}]}


def buys(**changed: Any) -> dict[str, Any]:
    return {"buys": [BUY, {**BUY, **changed}]}


def start(**changed: Any) -> dict[str, Any]:
    return {"start_roles": [START[0], {**START[1], **changed}]}


def end(**changed: Any) -> dict[str, Any]:
    return {"end_roles": [END[0], {**END[1], **changed}]}


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        *(({"map_name": name}, "map_name") for name in ("m" * 129, 7, ["m"], {}, True)),
        *(({"winner": word}, "winner") for word in ("w" * 65, True, [], {}, 10**70)),
        *(({"duration": x}, "duration") for x in (86_401.5, 1.5, "245", True, [])),
        *(({"ended_at": x}, "ended_at") for x in (1772480000, "", "yesterday", True, [])),
        *(({name: "x"}, name) for name in ("start_roles", "end_roles", "kills", "buys")),
        *(({name: 1}, name) for name in ("start_roles", "end_roles", "kills", "buys")),
        *(({name: {"0": {}}}, name) for name in ("start_roles", "end_roles", "kills", "buys")),
        ({"kills": {"1": KILL, "3": KILL}}, "kills"),
        ({"start_roles": [START[0]] * 257}, "start_roles"),
        ({"end_roles": [{}] * 257}, "end_roles"),
        ({"kills": [KILL] * 2001}, "kills"),
        ({"kills": [{"victim_steamid": "v"}] * 10_000}, "kills"),
        ({"buys": [BUY] * 2001}, "buys"),
        ({"start_roles": ["STEAM_0:1:1"]}, "start_roles[0]"),
        ({"kills": {"1": KILL, "2": 7}}, "kills[1]"),
        (start(player_steamid="s" * 65), "start_roles[1].player_steamid"),
        (start(player_steamid=7), "start_roles[1].player_steamid"),
        (end(role="r" * 33), "end_roles[1].role"),
        (end(role=7), "end_roles[1].role"),
        (start(karma="1000"), "start_roles[1].karma"),
        (end(karma=True), "end_roles[1].karma"),
        (end(points=[]), "end_roles[1].points"),
        *((kills(victim_steamid=x), "kills[1].victim_steamid") for x in (None, "", 7, "v" * 65)),
        *((kills(attacker_steamid=x), "kills[1].attacker_steamid") for x in (7, "a" * 65, ["a"])),
        *((kills(attacker_steamid=x), "kills[1].attacker_steamid") for x in (0, False, [])),
        *((kills(attacker_role=x), "kills[1].attacker_role") for x in (7, "r" * 33, 0, False)),
        *((kills(victim_role=x), "kills[1].victim_role") for x in (7, "r" * 33)),
        *((kills(weapon=x), "kills[1].weapon") for x in (7, "w" * 65, {})),
        *((kills(headshot=x), "kills[1].headshot") for x in (2, -1, 0.5, "true", "", [], {})),
        *((buys(steam_id=x), "buys[1].steam_id") for x in (None, "", 7, "s" * 65)),
        *((buys(item=x), "buys[1].item") for x in (None, True, [], "i" * 65)),
        *((buys(role=x), "buys[1].role") for x in (7, "r" * 33)),
        ({"buys": [{"steam_id": "s"}]}, "buys[0].item"),
        ({"kills": [{"weapon": "w"}]}, "kills[0].victim_steamid"),
        ({"map_name": "a\0b"}, "map_name"),
        (kills(weapon="a\0b"), "kills[1].weapon"),
    ],
    ids=lambda value: str(value)[:60],
)
def test_what_is_refused_names_the_field(
    client: Client, changed: dict[str, Any], field: str
) -> None:
    answered = collect(client, **changed)
    assert (answered.status, answered.json["error"]) == (400, f"Invalid {field}")
    assert answered.json["details"][0]["field"] == field
    assert count() == 0


@pytest.mark.parametrize(
    ("sent", "word"),
    [
        *((sent, "none") for sent in (1, 1.0, "1", "none", "nones")),
        *((sent, "traitors") for sent in (2, 2.0, "2", "traitors", "traitor", "TRAITORS", " 2 ")),
        *((sent, "innocents") for sent in (3, 3.0, "3", "innocents", "innocent")),
        *((sent, "timelimit") for sent in (4, 4.0, "4", "timelimit")),
        *((sent, "unknown") for sent in (None, "", "nil", "  ")),
        *((sent, "jackals") for sent in ("jackals", " Jackals\n")),
        (5, "5"),
        ("LÉGION", "légion"),
    ],
)
def test_winners_are_words(client: Client, sent: Any, word: str) -> None:
    assert collect(client, winner=sent).status == 201
    assert shown(client)["winner"] == word
    raw = read(client, f"rounds/{ROUND['round_id']}")["winner_raw"]
    assert raw == (str(int(sent)) if isinstance(sent, int | float) else sent)


@pytest.mark.parametrize(
    ("sent", "seconds"),
    [(245.0, 245), (-3, 0), (-86_401, 0), (-1.0, 0), (None, None), (86_401, None), (1e30, None)],
)
def test_a_duration_is_whole_seconds_never_negative_and_a_day_at_most(
    client: Client, sent: Any, seconds: int | None
) -> None:
    assert collect(client, duration=sent).status == 201
    assert shown(client)["duration"] == seconds


@pytest.mark.parametrize(
    ("sent", "time_"),
    [
        ("2026-03-02T19:50:00Z", "2026-03-02T19:50:00.000Z"),
        ("2026-03-02T21:50:00.5+02:00", "2026-03-02T19:50:00.500Z"),
        ("2026-03-02T19:50:00.123999", "2026-03-02T19:50:00.123Z"),
        ("2004-01-01T00:00:00Z", "2004-01-01T00:00:00.000Z"),
    ],
)
def test_a_sent_time_is_the_rounds_time(client: Client, sent: str, time_: str) -> None:
    assert collect(client, ended_at=sent).status == 201
    assert shown(client)["timestamp"] == time_


@pytest.mark.parametrize(
    "sent",
    [
        *("2003-12-31T23:59:59.999Z", "1970-01-01T00:00:00Z", "9999-12-31T23:59:59Z"),
        *("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"),
    ],
)
def test_a_time_that_cannot_be_is_refused(client: Client, sent: str) -> None:
    """Regression: times beyond the calendar's ends in UTC were a 500."""
    answered = collect(client, ended_at=sent)
    assert (answered.status, answered.json["error"]) == (400, "Invalid ended_at")


def test_a_time_may_be_five_minutes_ahead(client: Client) -> None:
    now = datetime.now(UTC)
    assert collect(client, ended_at=(now + timedelta(minutes=6)).isoformat()).status == 400
    assert collect(client, ended_at=(now + timedelta(minutes=4)).isoformat()).status == 201
    assert read(client, "overview")["rounds"] == 1


def test_without_a_time_it_is_that_of_the_first_receipt(client: Client) -> None:
    before = datetime.now(UTC) - timedelta(milliseconds=1)
    client.post("/api/collect", without("ended_at"))
    first = shown(client)["timestamp"]
    assert before <= datetime.fromisoformat(first) <= datetime.now(UTC)
    client.post("/api/collect", without("ended_at"))
    assert shown(client)["timestamp"] == first


@pytest.mark.parametrize("attacker", [{}, {"attacker_steamid": None}, {"attacker_steamid": ""}])
@pytest.mark.parametrize("role", [{}, {"attacker_role": None}, {"attacker_role": ""}])
def test_a_kill_by_the_world_has_no_attacker(
    client: Client, attacker: dict[str, Any], role: dict[str, Any]
) -> None:
    sent = {"victim_steamid": "v", "weapon": "trigger_hurt", **attacker, **role}
    collect(client, kills=[sent])
    assert shown(client)["kills"] == [
        {
            "attacker_steamid": None,
            "attacker_role": None,
            "victim_steamid": "v",
            "victim_role": None,
            "weapon": "trigger_hurt",
            "headshot": False,
        }
    ]


@pytest.mark.parametrize(
    ("sent", "flag"),
    [(True, True), (1, True), (1.0, True), (False, False), (0, False), (None, False)],
)
def test_a_headshot_is_a_flag(client: Client, sent: Any, flag: bool) -> None:
    collect(client, kills=[{**KILL, "headshot": sent}])
    assert shown(client)["kills"][0]["headshot"] is flag


@pytest.mark.parametrize(("sent", "item"), [(3, "3"), (3.0, "3"), (-1, "-1"), (2.5, "2.5")])
def test_an_item_that_is_a_number_becomes_text(client: Client, sent: Any, item: str) -> None:
    collect(client, buys=[{**BUY, "item": sent}])
    assert shown(client)["buys"][0]["item"] == item


def test_lua_tables_are_arrays_also_as_objects_and_their_order_is_kept(client: Client) -> None:
    many = [{**KILL, "weapon": f"w{n}"} for n in range(12)]
    keyed = {str(n): kill for n, kill in enumerate(many, 1)}
    collect(client, kills=dict(sorted(keyed.items())), buys={"2": {**BUY, "item": 2}, "1": BUY})
    assert [kill["weapon"] for kill in shown(client)["kills"]] == [f"w{n}" for n in range(12)]
    assert [buy["item"] for buy in shown(client)["buys"]] == ["Radar", "2"]


def test_roles_and_names_are_echoed_as_sent_and_counted_in_lower_case(client: Client) -> None:
    collect(client, start_roles=[{"player_steamid": "s", "role": " VamPire\t"}], end_roles=[])
    assert shown(client)["players"][0]["role_start"] == " VamPire\t"
    [role] = read(client, "roles")["items"][:1]
    assert (role["role"], role["team"], role["rounds"]) == ("vampire", "traitor", 1)


def test_players_are_in_order_of_first_appearance_and_the_last_entry_of_a_list_wins(
    client: Client,
) -> None:
    def entries(*of: tuple[str, str | None]) -> list[dict[str, Any]]:
        return [{"player_steamid": steam_id, "role": role} for steam_id, role in of]

    collect(
        client,
        start_roles=entries(("b", "x"), ("BOT", "1"), ("a", "y"), ("BOT", "2"), ("b", None)),
        end_roles=entries(("d", "v"), ("BOT", "3"), ("a", "w"), ("BOT", "4"), ("c", "u")),
    )
    assert rows(shown(client)["players"], "steam_id", "role_start", "role_end") == [
        ("b", None, None),
        ("BOT", "2", "4"),
        ("a", "y", "w"),
        ("d", None, "v"),
        ("c", None, "u"),
    ]


@pytest.mark.parametrize(
    ("begin", "stop", "gain"),
    [
        (1000, 1010, 10),
        (1000.0, 862.75, -137),
        (950.5, 955.5, 5),
        (0, 0.5, 1),
        (0.5, 0, 0),
        (1.5, 0, -1),
        (0.1, 0.6, 1),  # 0.5 exactly, but not of floats
        (1000.3, 0.8, -999),
        (1e9, -1e9, -2_000_000_000),
        (0.0, 0.49999999999999994, 0),
        (None, 5, None),
        (5, None, None),
        (None, None, None),
    ],
)
def test_gains_are_whole_half_up_and_null_unless_both_ends_are_known(
    client: Client, begin: Any, stop: Any, gain: int | None
) -> None:
    collect(
        client,
        start_roles=[{"player_steamid": "s", "karma": begin, "points": begin}],
        end_roles=[{"player_steamid": "s", "karma": stop, "points": stop}],
    )
    assert rows(shown(client)["players"], "karma_diff", "points_diff") == [(gain, gain)]
