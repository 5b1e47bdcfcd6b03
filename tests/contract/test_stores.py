"""Stores of their own for ttt, tilt and logs: each domain on its own, keys and users in main."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from functions.rollups import handlers
from functions.shared import auth, db, stores
from tests.support.accounts import bearer, make_user
from tests.support.client import Client
from tests.support.logs.panel import SERVER, make_server, say
from tests.support.queues import Mapping, Queues
from tests.support.ttt.example import FIRST

pytestmark = pytest.mark.commits
GONE = "postgresql://127.0.0.1:1/gone"


@pytest.fixture
def way() -> str:
    return "apart"


def tilt(**changed: Any) -> dict[str, Any]:
    return {
        "userId": "u",
        "timestamp": 1_767_225_600_000,
        "signals": ["x"],
        "tiltScore": 2,
    } | changed


def count(table: str) -> dict[str, int]:
    """The rows of a table in each store, where there are any."""
    found = {}
    for store in stores.list_stores():
        with stores.on(store):
            found[store] = db.query(f"select count(*) as n from {table}")[0]["n"]  # type: ignore[arg-type]
    return {store: rows for store, rows in found.items() if rows}


def server() -> Client:
    with stores.on("logs"):
        return make_server()


def test_each_domain_keeps_its_own_rows_limits_and_audit(client: Client) -> None:
    assert stores.list_stores() == ["main", "ttt", "tilt"]  # logs live in that of ttt
    game, bot = (
        server(),
        Client({"X-Api-Key": auth.issue("bot", ["tilt:write", "tilt:read", "admin"])}),
    )
    ttt = Client({"X-Api-Key": game.headers["X-Server-Key"]})
    assert bot.post("/api/tilt/events", tilt()).status == 200
    assert game.post("/api/ingest/logs", [say("hello")]).json["stored"] == 1
    assert ttt.post("/api/collect", FIRST).status == 201
    assert count("tilt.events") == {"tilt": 1}
    assert count("logs.events") == {"ttt": 1}
    assert count("ttt.rounds") == {"ttt": 1}
    assert count("shared.api_keys") == {"main": 2}
    assert count("shared.rate_limits") == {"tilt": 1, "ttt": 1}
    assert bot.get("/api/tilt/stats/u").json["totalEvents"] == 1
    assert bot.delete("/api/tilt/users/u").json["removed"]["tilt.events"] == 1
    assert count("shared.audit where action = 'tilt.erase'") == {"tilt": 1}


def test_a_server_of_the_logs_store_has_its_keys_in_main(client: Client) -> None:
    admin = Client({"Authorization": f"Bearer {auth.issue('ada', ['admin'])}"})
    new = {"name": "H", "ip": "198.51.100.1", "port": 1, "mode": "TTT", "maxPlayers": 2}
    made = admin.post("/api/servers", new).json
    url = f"/api/servers/{made['id']}"
    first = Client({"X-Server-Key": made["apiKey"]})
    assert first.post("/api/ingest/logs", [say("x")]).status == 200
    again = admin.post(f"{url}/regenerate-key").json
    keys = admin.get(f"{url}/keys").json
    assert len(keys) == 2
    admin.delete(f"{url}/keys/{keys[1]['keyId']}")
    assert first.post("/api/ingest/logs", [say("y")]).status == 403
    second = Client({"X-Server-Key": again["apiKey"]})
    assert second.post("/api/ingest/logs", [say("y")]).status == 200
    assert admin.delete(url).status == 204
    assert second.post("/api/ingest/logs", [say("z")]).status == 403
    assert admin.get(f"{url}/keys").status == 404
    assert count("logs.servers") == {"ttt": 1}


def test_with_the_main_store_down_known_keys_still_record(
    client: Client, setting: Callable[..., None]
) -> None:
    bot = Client({"X-Api-Key": auth.issue("bot", ["tilt:write"])})
    assert bot.post("/api/tilt/events", tilt()).status == 200
    setting(DATABASE_URL=GONE)
    with stores.on(stores.MAIN):
        db.connection().close()
    assert bot.post("/api/tilt/events", tilt(userId="v")).status == 200
    unknown = Client({"X-Api-Key": "ty_00000000_" + "0" * 64})
    assert unknown.post("/api/tilt/events", tilt()).status == 503
    with stores.on("tilt"):
        assert len(db.query("select id from tilt.events")) == 2


def test_with_its_own_store_down_a_domain_is_queued_and_others_are_served(
    client: Client, queues: Queues, setting: Callable[..., None], migrated_apart: Any
) -> None:
    setting(DATABASE_URL_TILT=GONE)
    game = server()
    ttt = Client({"X-Api-Key": game.headers["X-Server-Key"]})
    assert client.post("/api/tilt/events", tilt()).status == 202
    assert client.get("/api/tilt/stats/u").status == 503
    assert ttt.post("/api/collect", FIRST).status == 201
    [body] = queues.bodies()
    mapping = Mapping(queues)
    name = {"steam_id": "STEAM_0:1:9", "display_name": "Ana"}
    other = json.dumps({"kind": "ttt.names", "at": 1_767_225_600_000, "items": [name]})
    mapping.deliver(body, other)
    assert len(mapping.left[0]) == 1
    setting(DATABASE_URL_TILT=migrated_apart["tilt"][1])
    assert count("ttt.names") == {"ttt": 1}
    mapping.deliver(body)
    assert count("tilt.events") == {"tilt": 1}


def test_rollups_are_listed_read_and_refreshed_where_they_live(client: Client) -> None:
    analyst = Client({"X-Api-Key": auth.issue("ada", ["analyst"]), "Accept": "*/*"})
    assert client.post("/api/tilt/events", tilt()).status == 200
    listed = {one["name"]: one for one in analyst.get("/api/rollups").json["rollups"]}
    assert {name.partition(".")[0] for name in listed} >= {"ttt", "tilt", "logs", "game", "tracker"}
    assert listed["tilt.user_days"]["dirty_buckets"] == 1
    reports = handlers.refresh({}, None)
    assert reports["buckets"] == 0
    assert reports["stores"]["tilt"]["buckets"] > 0
    assert reports["stores"]["ttt"]["left"] == 0
    page = analyst.get("/api/rollups/tilt.user_days?from=2026-01-01&to=2026-01-02").json
    assert (len(page["rows"]), page["dirty_buckets"]) == (1, 0)
    csv = analyst.get("/api/rollups/tilt.user_days?from=2026-01-01&to=2026-01-02&format=csv")
    assert csv.headers["x-row-count"] == "1"
    assert set(count("shared.job_runs")) == {"main", "ttt", "tilt"}


def test_one_store_down_stops_no_job_on_the_others(
    client: Client, setting: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    assert server().post("/api/ingest/logs", [say("hello")]).status == 200
    setting(DATABASE_URL_TILT=GONE)
    with pytest.raises(db.DatabaseUnavailable):
        handlers.refresh({}, None)
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [one["store"] for one in lines if one["event"] == "failure"] == ["tilt"]
    refreshed = {
        one.get("store", "main"): one for one in lines if one["event"] == "rollups.refresh"
    }
    assert refreshed.keys() == {"main", "ttt"}
    assert refreshed["ttt"]["buckets"] > 0


def test_health_tells_of_each_store(client: Client, setting: Callable[..., None]) -> None:
    handlers.refresh({}, None)
    admin = Client({"X-Api-Key": auth.issue("ada", ["admin"])})
    found = admin.get("/api/admin/health").json
    assert found["stores"] == [
        {"name": name, "is_reachable": True} for name in ("main", "ttt", "tilt")
    ]
    names = [one["name"] for one in found["rollups"]]
    assert len(names) == len(set(names))
    ran = {one["store"] for one in found["jobs"] if one["name"] == "rollups.refresh"}
    assert ran == {"main", "ttt", "tilt"}
    setting(DATABASE_URL_TTT=GONE, DATABASE_URL_LOGS=GONE)
    with stores.on("ttt"):
        db.connection().close()
    with_one_down = admin.get("/api/admin/health").json
    assert with_one_down["stores"][1] == {"name": "ttt", "is_reachable": False}
    assert with_one_down["quarantine"] is None
    assert with_one_down["live"]


def test_an_operator_is_renamed_and_erased_in_every_store(client: Client) -> None:
    admin = bearer(make_user("Ada", "admin"), "panel")
    rita = make_user("Rita", "staff")
    server()
    with stores.on("logs"):
        db.query(
            "insert into logs.notes (steam_id, author, content) values ('STEAM_0:1:1', 'Rita', 'x')"
        )
        db.query("insert into shared.audit (action, subject, actor) values ('x', 'y', 'Rita II')")
    assert admin.patch(f"/api/users/{rita['id']}", {"username": "Rita II"}).status == 200
    with stores.on("logs"):
        assert db.query("select author from logs.notes") == [{"author": "Rita II"}]
    assert admin.delete(f"/api/users/{rita['id']}").status in (200, 204)
    with stores.on("logs"):
        assert db.query("select author from logs.notes") == [{"author": "Deleted user"}]
        assert db.query("select actor from shared.audit where action = 'x'") == [
            {"actor": "Deleted user"}
        ]


def test_a_session_of_the_panel_reads_logs(client: Client) -> None:
    assert server().post("/api/ingest/logs", [say("hello")]).status == 200
    staff = Client({"Authorization": f"Bearer {auth.issue('Rita', ['staff'])}"})
    [found] = staff.get(f"/api/logs?serverId={SERVER}").json
    assert found["rawText"] == "hello"


def test_stores_of_one_url_share_a_connection(
    client: Client, setting: Callable[..., None], migrated_apart: Any
) -> None:
    shared = migrated_apart["tilt"][1]
    setting(DATABASE_URL_TTT=shared, DATABASE_URL_TILT=shared, DATABASE_URL_LOGS="")
    assert stores.list_stores() == ["main", "ttt"]
    with stores.on("tilt"):
        one = db.connection()
    with stores.on("ttt"):
        assert db.connection() is one
    with stores.on("logs"), stores.on("game"):
        assert stores.get_current() == stores.MAIN
