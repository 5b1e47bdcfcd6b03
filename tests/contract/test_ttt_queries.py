"""Parameters and refusals of the statistics under `/api/ttt`."""

from __future__ import annotations

import pytest

from tests.support.client import Client
from tests.support.ttt.contract import (
    ENDPOINTS,
    KILL,
    LISTS,
    OF_ONE_MAP,
    Teller,
    collect,
    read,
)
from tests.support.ttt.example import FIRST, NAMES, A, B, C, D


@pytest.mark.parametrize(
    "query",
    [
        *("from=2026-02-30", "to=tomorrow", "from=1772480000", "to=2026-03-02T00:00:00Z"),
        *("include_bots=perhaps", "timelimit=traitors", "server=" + "s" * 129),
    ],
)
def test_an_unreadable_parameter_is_refused(client: Client, query: str) -> None:
    field = query.partition("=")[0]
    for path in ENDPOINTS:
        answered = client.get(f"/api/ttt/{path}?{query}")
        assert (answered.status, answered.json["error"]) == (400, f"Invalid {field}"), path
        assert "pydantic" not in answered.text


@pytest.mark.parametrize(
    "query",
    [
        *("from=0001-01-01", "from=9999-12-31", "to=0001-01-01", "to=9999-12-31"),
        *("from=2026-04-01&to=2026-03-01", "from=&to=&server=", "unknown=1"),
    ],
)
def test_a_period_may_be_any(example: Client, query: str) -> None:
    """Regression: a period that began in the last month of the calendar was a 500."""
    statuses = {path: example.get(f"/api/ttt/{path}?{query}").status for path in ENDPOINTS}
    assert statuses == dict.fromkeys(ENDPOINTS, 200)


@pytest.mark.parametrize("name", ["server", "map", "search", "tz", "cursor", "from"])
def test_a_nul_in_a_query_is_refused(client: Client, name: str) -> None:
    """Regression: PostgreSQL's driver refuses it too, which was a 500."""
    readers = {"search": ["players"], "tz": ["activity"], "map": OF_ONE_MAP, "cursor": LISTS}
    urls = [f"/api/ttt/{path}?{name}=%00" for path in readers.get(name, ENDPOINTS)]
    urls += [f"/api/stats?{name}=%00"] if name not in ("search", "tz") else []
    answers = {url: client.get(url) for url in urls}
    assert {url: one.status for url, one in answers.items()} == dict.fromkeys(urls, 400)


@pytest.mark.parametrize("path", ["players/%00", "players/%00/names", "rounds/%00"])
def test_a_nul_in_an_address_is_refused(client: Client, path: str) -> None:
    assert client.get(f"/api/ttt/{path}").status == 400


def test_some_statistics_are_told_by_map(example: Client) -> None:
    for path in OF_ONE_MAP:
        assert example.get(f"/api/ttt/{path}?map=ttt_cellar").status == 200


@pytest.mark.parametrize("path", [path for path in ENDPOINTS if path not in OF_ONE_MAP])
def test_where_maps_are_not_told_apart_a_map_is_refused(example: Client, path: str) -> None:
    answered = example.get(f"/api/ttt/{path}?map=ttt_cellar")
    assert (answered.status, answered.json["error"]) == (400, "Invalid map")


@pytest.mark.parametrize("limit", ["0", "-1", "abc", "2.0", ""])
def test_a_lists_limit_is_a_whole_number_from_1(client: Client, limit: str) -> None:
    for path in LISTS:
        answered = client.get(f"/api/ttt/{path}?limit={limit}")
        assert (answered.status, answered.json["error"]) == (400, "Invalid limit"), path


@pytest.mark.parametrize("path", LISTS)
def test_a_list_has_an_envelope(example: Client, path: str) -> None:
    found = read(example, f"{path}?from=2026-03-01&to=2026-04-01&limit=5000")
    more = {"changes"} if path == "roles" else set()
    assert set(found) == {"items", "next_cursor", "from", "to", "as_of", "raw_tail"} | more
    assert (found["from"], found["to"]) == ("2026-03-01", "2026-04-01")
    assert (found["next_cursor"], found["raw_tail"]) == (None, True)
    assert found["as_of"] <= "2026-03-02T00:00:00.000Z"
    nothing = read(example, f"{path}?to=2026-01-01")
    assert (nothing["items"], nothing["from"], nothing["raw_tail"]) == ([], None, False)


def test_a_list_has_100_items_by_default_and_1000_at_the_most(client: Client) -> None:
    collect(client, kills=[{**KILL, "weapon": f"w{n}"} for n in range(1250)])
    assert len(read(client, "weapons")["items"]) == 100
    most = read(client, "weapons?limit=99999")
    assert len(most["items"]) == 1000
    rest = read(client, f"weapons?limit=99999&cursor={most['next_cursor']}")
    assert (len(rest["items"]), rest["next_cursor"]) == (250, None)


@pytest.mark.parametrize("path", LISTS)
def test_a_lists_cursor_is_good_for_its_own_query_only(example: Client, path: str) -> None:
    query = f"{path}?min_rounds=1&limit=1" if path in ("duos", "karma") else f"{path}?limit=1"
    cursor = read(example, query)["next_cursor"]
    if path == "rivalries":
        assert cursor is None
        return
    assert len(read(example, f"{query}&cursor={cursor}")["items"]) == 1
    for changed in (
        f"{query}&cursor={cursor[:-2]}AA",
        f"{query}&timelimit=innocents&cursor={cursor}",
    ):
        answered = example.get(f"/api/ttt/{changed}")
        assert (answered.status, "cursor" in answered.json["error"]) == (400, True)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("players?sort=steam_id", "sort"),
        ("players?sort=", "sort"),
        ("players?order=up", "order"),
        ("players?min_rounds=-1", "min_rounds"),
        ("players?min_kills=x", "min_kills"),
        (f"players/{A}/form?bucket=hour", "bucket"),
        ("duos?kind=good", "kind"),
        ("duos?min_rounds=1.5", "min_rounds"),
        ("karma?order=desc", "order"),
        ("karma?min_rounds=x", "min_rounds"),
        (f"players/{A}?tz=Nowhere", "tz"),
        ("activity?tz=", "tz"),
        ("activity?tz=utc%2B5", "tz"),
        ("activity?tz=%2B05:30", "tz"),
        ("activity?tz=Mars/Olympus_Mons", "tz"),
        ("activity?tz=Europe/Atlantis", "tz"),
        ("activity?tz=Etc/Nowhere%2B5", "tz"),
        ("activity?tz=XYZ3ABC", "tz"),
        ("activity?tz=PDT", "tz"),
        ("activity?tz=Z'; select 1", "tz"),
    ],
)
def test_what_only_some_endpoints_ask_for_is_refused_by_its_name(
    example: Client, query: str, field: str
) -> None:
    """Regression: PostgreSQL takes almost any name for a zone without daylight saving."""
    answered = example.get(f"/api/ttt/{query}")
    assert (answered.status, answered.json["error"]) == (400, f"Invalid {field}")


@pytest.mark.parametrize("tz", ["Mars/Olympus_Mons", "Europe/Atlantis", "Nowhere"])
def test_an_unknown_zone_is_refused_also_where_there_is_nothing_to_count(
    client: Client, tell: Teller, tz: str
) -> None:
    """Regression: PostgreSQL was asked about the zone only if it had a row to convert."""
    tell(A, "Ana", NAMES[0][0])
    for path in ("activity", f"players/{A}"):
        answered = client.get(f"/api/ttt/{path}?tz={tz}")
        assert (answered.status, answered.json["error"]) == (400, "Invalid tz")


@pytest.mark.parametrize(
    "tz",
    ["UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires", "Etc/GMT%2B12", "EST5EDT", "GB"],
)
def test_any_iana_zone_is_known(example: Client, tz: str) -> None:
    assert sum(read(example, f"activity?tz={tz}")["weekday"]) == 2
    assert read(example, f"players/{A}?tz={tz}")["activity"] == {
        key: value
        for key, value in read(example, f"activity?tz={tz}").items()
        if key in ("tz", "weekday", "hour", "matrix")
    }


def test_somebody_unknown_is_404(example: Client) -> None:
    for steam_id in ("nobody", "BOT", "STEAM_0:1:10", "%25", "a%2Fb"):
        answered = example.get(f"/api/ttt/players/{steam_id}")
        assert (answered.status, answered.json) == (404, {"error": "Player not found"})
    assert read(example, "players/BOT?include_bots=true")["deaths"] == 1


def test_an_unknown_round_is_404(example: Client) -> None:
    for round_id in ("unknown", FIRST["round_id"].upper(), "%25", "a%2Fb"):
        answered = example.get(f"/api/ttt/rounds/{round_id}")
        assert (answered.status, answered.json) == (404, {"error": "Round not found"})


def test_somebody_with_only_a_name_or_outside_the_period_has_zeros(
    example: Client, tell: Teller
) -> None:
    tell("named", "Nora", NAMES[0][0])
    for found in (read(example, "players/named"), read(example, f"players/{A}?to=2026-01-01")):
        assert (found["rounds"], found["kd"], found["win_rate"], found["roles"]) == (0, 0, 0, {})
        assert (found["avg_karma"], found["first_seen"], found["favorite_weapon"]) == (None,) * 3
        assert found["recent"] == found["by_role"] == found["weapons"] == []


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("sort=kills", [A, B, C, D]),
        ("sort=kills&order=asc", [D, B, C, A]),
        ("sort=deaths", [B, D, C, A]),
        ("sort=kd&order=asc", [D, B, C, A]),
        ("sort=avg_karma", [A, B, D, C]),
        ("sort=win_rate", [A, C, B, D]),
        ("sort=display_name", [A, B, D, C]),
        ("sort=display_name&order=asc", [A, B, D, C]),
        ("sort=last_seen", [B, D, A, C]),
        ("min_kills=1", [A, B, C]),
        ("min_rounds=2&min_kills=2", [A]),
        ("min_rounds=3", []),
        (f"search={A}", [A]),
        ("search=aNA", [A]),
        ("search=☾", [A]),
        ("search=%25", []),
        ("search=STEAM_0:1:10", []),
        ("search=", [A, B, C, D]),
        ("include_bots=true", [A, B, C, "BOT", D]),
    ],
)
def test_players_are_sorted_and_picked(
    example: Client, tell: Teller, query: str, found: list[str]
) -> None:
    for moment, steam_id, name in NAMES:
        tell(steam_id, name, moment)
    assert [one["steam_id"] for one in read(example, f"players?{query}")["items"]] == found


@pytest.mark.parametrize("search", ["Émile", "émile", "É", "ÉMILE", "le ☾"])
def test_letters_of_any_alphabet_are_found_in_either_case(
    example: Client, tell: Teller, search: str
) -> None:
    """Regression: names are stored with the collation "C", in which É is not lowered."""
    tell(A, "Émile ☾", NAMES[0][0])
    assert [one["steam_id"] for one in read(example, f"players?search={search}")["items"]] == [A]
