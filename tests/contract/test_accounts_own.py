"""What users do about their own data: export and erasure (game.md section 9)."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from functions.accounts import signing_keys
from functions.shared import db, tracker_tokens
from tests.support import accounts, tracker
from tests.support.accounts import PASSWORD, bearer, make_user
from tests.support.battles import claim, events, join, make_battle, strike, win
from tests.support.client import Answered, Client
from tests.support.connections import own_connections
from tests.support.game import at_once, buy, export, in_threads
from tests.support.logs.panel import make_server, send
from tests.support.logs.panel import say as write

EMAIL = "mira_k@example.com"


@pytest.fixture(autouse=True)
def keys(store: str) -> Iterator[None]:
    """Keys of this test's store."""
    signing_keys.clear_cache()
    tracker_tokens.clear_cache()
    yield
    signing_keys.clear_cache()
    tracker_tokens.clear_cache()


@pytest.fixture
def user(store: str) -> dict[str, Any]:
    return make_user()


@pytest.fixture
def mira(user: dict[str, Any]) -> Client:
    return bearer(user)


def erase(client: Client, password: Any = PASSWORD, address: str = "198.51.100.7") -> Answered:
    return Client(client.headers, address).delete("/api/player/me", body={"password": password})


def log_in_to_tracker() -> Answered:
    sent = {"username": "Mira_K", "password": PASSWORD}
    return Client().post("/v1/auth/login", sent)


# --- export ---


def test_an_export_holds_what_every_domain_keeps(mira: Client, user: dict[str, Any]) -> None:
    log_in_to_tracker()
    accounts.log_in(password="wrong-password")
    Client().post("/api/auth/login", {"emailOrUser": "Mira_K", "password": PASSWORD})
    Client().post("/api/auth/password/forgot", {"email": EMAIL})
    sword = buy(mira, "sword-1")
    worn = {"item_id": sword, "slot": "weapon", "set_type": "attack"}
    mira.post("/api/inventory/equip", worn, headers=mira.headers | {"Idempotency-Key": "k"})
    win(mira, make_battle())
    say("hello", user)
    found = export(mira)
    assert found["account"]["email"] == EMAIL
    assert found["account"]["username"] == "Mira_K"
    assert found["player"]["gold"] < 1000
    assert found["player"]["equipment"] == [
        {"set_type": "attack", "slot": "weapon", "item_id": sword}
    ]
    assert found["next_cursor"] is None
    records = found["records"]
    assert records.keys() >= {
        *("sessions", "known_addresses", "password_resets", "account_events"),
        *("items", "purchases", "battles", "battle_events", "chat_messages", "ledger", "rolls"),
        *("visits", "repeatable_requests"),
    }
    happened = {one["action"] for one in records["account_events"]}
    assert happened == {"login.failed", "password.reset_requested"}
    assert [one["text"] for one in records["chat_messages"]] == ["hello"]
    assert [one["cause"] for one in records["ledger"]] == ["start", "purchase"]
    assert records["repeatable_requests"][0]["key"] == "k"
    assert "Z" in records["ledger"][0]["occurred_at"]
    assert found["player"]["active_on"] <= records["visits"][0]["visited_at"]


def say(text: str, user: dict[str, Any]) -> None:
    db.query(
        "insert into game.chat_messages (user_id, username, text) values (%s, %s, %s)",
        (user["id"], user["username"], text),
    )


def test_an_export_holds_no_secret_and_nobody_else(mira: Client) -> None:
    other = make_user("Other")
    win(bearer(other), make_battle())
    say("psst", other)
    text = json.dumps(export(mira))
    assert "$2b$" not in text
    assert "token_version" not in text
    assert "Other" not in text
    assert "psst" not in text
    assert "other@example.com" not in text


def test_a_user_who_never_played_exports_an_account(store: str) -> None:
    session = tracker.open_session("ana")
    [user] = db.query("select * from accounts.users")
    found = export(bearer(user))
    assert found["player"] is None
    assert found["account"]["public_id"] == session["user"]["id"]
    assert len(found["records"]["sessions"]) == 1


def test_an_export_is_read_page_by_page(mira: Client, user: dict[str, Any]) -> None:
    """Several movements of one transaction come together, however small the page."""
    win(mira, make_battle())
    whole = export(mira)["records"]
    read: dict[str, list[Any]] = {}
    url, pages = "/api/player/me/export?limit=2", 0
    while url:
        answered = mira.get(url)
        for kind, records in answered.json["records"].items():
            read.setdefault(kind, []).extend(records)
        cursor, pages = answered.json["next_cursor"], pages + 1
        url = f"/api/player/me/export?limit=2&cursor={cursor}" if cursor else ""
    assert pages > 1
    assert {kind: Counter(map(str, one)) for kind, one in read.items()} == {
        kind: Counter(map(str, one)) for kind, one in whole.items()
    }


def test_a_page_is_of_its_own_user(mira: Client) -> None:
    cursor = mira.get("/api/player/me/export?limit=1").json["next_cursor"]
    for other, sent in ((bearer(make_user("Other")), cursor), (mira, cursor[:-1]), (mira, "x")):
        answered = other.get(f"/api/player/me/export?cursor={sent}")
        assert answered.status == 422
        assert answered.json["detail"][0]["loc"] == ["body", "cursor"]


# --- erasure ---


def test_an_erased_person_can_be_found_nowhere(mira: Client, user: dict[str, Any]) -> None:
    battle = make_battle()
    win(mira, battle)
    say("hello", user)
    log_in_to_tracker()
    answered = erase(mira)
    assert answered.status == 200
    assert answered.json["message"]
    for table in ("accounts.users", "game.players", "game.chat_messages", "live.events"):
        rows = str(db.query(f"select * from {table}"))  # type: ignore[arg-type]
        assert "mira" not in rows.lower(), table
        assert "hello" not in rows
    for table in ("sessions", "known_addresses", "password_resets", "identities"):
        assert db.query(f"select * from accounts.{table}") == []  # type: ignore[arg-type]
    [row] = db.query("select password_hash, display_name, deleted_at from accounts.users")
    assert (row["password_hash"], row["display_name"]) == (None, "Deleted player")
    [noted] = db.query("select user_id, actor from accounts.audit where action = 'user.erased'")
    assert noted == {"user_id": user["id"], "actor": None}


def test_battles_keep_their_sums_and_the_ledger_its_rows(
    mira: Client, user: dict[str, Any]
) -> None:
    battle = make_battle()
    win(mira, battle)
    before = db.query("select * from game.ledger")
    assert erase(mira).status == 200
    other = bearer(make_user("Other"))
    [member] = other.get(f"/api/battles/{battle}").json["participants"]
    assert member["username"] == "Deleted player"
    assert member["total_damage_dealt"] > 0
    assert db.query("select * from game.ledger where player_id = %s", (user["id"],)) == before
    best = Client().get("/api/highscores").json
    assert user["id"] not in [one["player_id"] for one in best["by_level"]]


def test_a_battle_goes_on_without_the_erased(mira: Client) -> None:
    battle = make_battle()
    other = bearer(make_user("Other"))
    for one in (mira, other):
        assert join(one, battle).status == 200
    assert erase(mira).status == 200
    found = other.get(f"/api/battles/{battle}").json
    assert (found["status"], found["current_players"]) == ("in_progress", 2)
    names = [one["username"] for one in found["participants"]]
    assert sorted(names) == ["Deleted player", "Other"]
    win(other, battle)
    assert claim(other, battle).status == 200


def test_every_token_of_the_erased_ends(mira: Client, user: dict[str, Any]) -> None:
    db.query("update accounts.users set role = 'admin'")
    panel = bearer(user, "panel")
    session = log_in_to_tracker().json
    assert panel.get("/api/logs").status == 200
    assert tracker.bearer(session).get("/v1/auth/profile").status == 200
    assert erase(mira).status == 200
    for answered in (mira.get("/api/player/me"), mira.get("/api/player/me/export"), erase(mira)):
        assert answered.status == 401
        assert answered.json == {"detail": "Could not validate credentials"}
    assert panel.get("/api/logs").status == 401
    assert panel.get("/api/users").status == 401
    assert tracker.bearer(session).get("/v1/auth/profile").status == 401
    assert tracker.refresh(session).json["error"]["details"] == {"reason": "revoked"}


def test_nobody_logs_in_as_the_erased_and_anybody_may_register_so(
    mira: Client, user: dict[str, Any]
) -> None:
    assert erase(mira).status == 200
    assert accounts.log_in().status == 401
    assert log_in_to_tracker().status == 401
    again = make_user()
    assert again["id"] != user["id"]
    assert bearer(again).get("/api/player/me").json["gold"] == 1000
    assert mira.get("/api/player/me").status == 401


def test_what_staff_wrote_stays_without_their_name(mira: Client, user: dict[str, Any]) -> None:
    """Whoever registers the name next did not write it."""
    db.query("update accounts.users set role = 'staff'")
    send(make_server(), write("hi", who="STEAM_0:1:7"))
    panel_user = bearer(user, "panel")
    note = {"content": "seen it", "staffName": "x"}
    assert panel_user.post("/api/players/STEAM_0:1:7/notes", note).status == 201
    assert panel_user.put("/api/site-config", {"general": {"siteName": "Harbour"}}).status == 200
    make_user("Ada", "admin")
    assert erase(mira).status == 200
    assert db.query("select author, content from logs.notes") == [
        {"author": "Deleted user", "content": "seen it"}
    ]
    assert "Mira_K" not in str(db.query("select * from shared.audit"))


def test_of_an_operator_who_goes_no_address_stays(mira: Client, user: dict[str, Any]) -> None:
    db.query("update accounts.users set role = 'admin'")
    other = make_user("Other")
    change = {"role": "staff", "reason": "helps"}
    assert mira.patch(f"/api/admin/users/{other['id']}", change).status == 200
    changes = "select actor, ip_hash from accounts.audit where action = 'user.changed'"
    assert db.query(changes)[0]["ip_hash"]
    assert erase(mira).status == 200
    assert db.query(changes) == [{"actor": str(user["id"]), "ip_hash": None}]


def test_a_wrong_password_erases_nobody_and_logs_nobody_out(mira: Client) -> None:
    answered = erase(mira, "wrong-password")
    assert (answered.status, answered.json) == (400, {"detail": "Incorrect password"})
    assert mira.get("/api/player/me").status == 200


@pytest.mark.parametrize("body", [None, {}, {"password": None}, {"password": 7}, {"Password": "x"}])
def test_the_password_is_required(mira: Client, body: Any) -> None:
    answered = mira.delete("/api/player/me", body=body)
    assert answered.status == 422
    [problem] = answered.json["detail"]
    assert problem["loc"] == ["body", "password"]


def test_nobody_guesses_the_password_with_a_stolen_token(mira: Client) -> None:
    """As at a login: five a minute from an address, ten in 15 minutes from all unknown ones."""
    accounts.log_in()  # from home, which is known from now on
    statuses = [erase(mira, f"guess {n}", "203.0.113.5").status for n in range(6)]
    assert statuses == [400] * 5 + [429]
    statuses = [erase(mira, f"guess {n}", f"203.0.113.{n}").status for n in range(10, 17)]
    assert statuses == [400] * 5 + [429] * 2
    refused = erase(mira, PASSWORD, "203.0.113.99")
    assert refused.status == 429
    assert int(refused.headers["retry-after"]) > 0
    assert accounts.log_in(address="203.0.113.99").status == 429
    assert erase(mira).status == 200  # nobody keeps the owner out


@pytest.mark.commits
def test_of_many_guesses_at_once_no_more_are_answered(
    store: str, mira: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    with own_connections(store, monkeypatch):
        answers = at_once(12, lambda n: erase(mira, f"guess {n}", "203.0.113.5"))
    assert Counter(one.status for one in answers)[400] <= 5


@pytest.mark.commits
def test_of_eight_erasures_at_once_one_succeeds(
    store: str, mira: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    with own_connections(store, monkeypatch):
        answers = at_once(8, lambda _: erase(mira))
    assert Counter(one.status for one in answers) == {200: 1, 401: 7}
    assert db.query("select 1 as one from accounts.audit where action = 'user.erased'") == [
        {"one": 1}
    ]


@pytest.mark.commits
def test_a_blow_beside_the_erasure_bears_no_name(
    store: str, mira: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Regression: what a call of the player appended at that moment kept the name."""
    battle = make_battle()
    join(mira, battle)
    [enemy, *_] = mira.get(f"/api/battles/{battle}").json["enemies"]

    def one(number: int) -> int:
        if number == 0:
            return erase(mira).status
        return [strike(mira, battle, enemy["id"], "quick").status for _ in range(6)][-1]

    with own_connections(store, monkeypatch):
        [erased, *_] = in_threads(4, one)
    assert erased == 200
    assert events(battle)
    assert "Mira_K" not in str(events(battle))


def test_a_preflight_names_every_method_of_the_path(store: str) -> None:
    """Two functions serve it, and either may be asked."""
    answered = Client().call("OPTIONS", "/api/player/me", headers={"Origin": "null"})
    methods = answered.headers["access-control-allow-methods"].split(", ")
    assert {"GET", "DELETE", "OPTIONS"} <= set(methods)


def test_the_limits_of_a_wrong_password_may_be_chosen(
    mira: Client, setting: Callable[..., None]
) -> None:
    setting(LOGIN_FAILURES="1")
    assert [erase(mira, "wrong-password").status for _ in range(2)] == [400, 429]


def test_a_banned_user_is_told_so(mira: Client, user: dict[str, Any]) -> None:
    db.query("update accounts.users set is_active = false")
    for answered in (mira.get("/api/player/me/export"), erase(mira)):
        assert (answered.status, answered.json) == (403, {"detail": "Inactive user"})
    assert len(db.query("select user_id from game.players")) == 1
