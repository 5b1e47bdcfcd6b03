"""The log panel's door: logs.md 6.8, each row about users, and sessions on the panel's routes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from functions.shared import db, tokens
from tests.support.accounts import PASSWORD, bearer, make_user, register
from tests.support.battles import events, join, make_battle
from tests.support.client import Answered, Client
from tests.support.logs.panel import make_server, say, send


def log_in(name: str = "Mira_K", password: str = PASSWORD) -> Answered:
    return Client().post("/api/auth/login", {"emailOrUser": name, "password": password})


def session(role: str = "admin", name: str = "Rita") -> Client:
    return bearer(make_user(name, role), "panel")


NEW = {"username": "Otto", "email": "otto@example.com", "password": "six666"}


@pytest.mark.parametrize("name", ["Mira_K", "mira_k", " MIRA_K@example.com "])
def test_a_login_by_name_or_e_mail(store: str, name: str) -> None:
    make_user(role="staff")
    answered = log_in(name)
    assert answered.status == 200
    assert answered.json.keys() == {"user", "token"}
    user = answered.json["user"]
    assert user.keys() == {
        *("id", "username", "email", "role", "mustChangePassword", "createdAt", "avatarUrl")
    }
    assert (user["username"], user["role"]) == ("Mira_K", "ADMIN")
    assert user["mustChangePassword"] is False
    assert tokens.verify(answered.json["token"], "panel").user_id == int(user["id"])


@pytest.mark.parametrize(
    ("role", "spelled"),
    [("player", "USER"), ("organizer", "USER"), ("staff", "ADMIN"), ("admin", "SUPERADMIN")],
)
def test_roles_in_the_panels_words(store: str, role: str, spelled: str) -> None:
    make_user(role=role)
    assert log_in().json["user"]["role"] == spelled


@pytest.mark.parametrize(
    "body",
    [
        {"emailOrUser": "mira"},
        {"emailOrUser": "", "password": "x"},
        {"emailOrUser": None, "password": "x"},
        {"emailOrUser": "mira", "password": ""},
        {"emailOrUser": 7, "password": 7},
    ],
)
def test_missing_credentials(store: str, body: dict[str, Any]) -> None:
    answered = Client().post("/api/auth/login", body)
    assert answered.status == 400
    assert answered.json == {"error": "Missing credentials", "detail": "Missing credentials"}


@pytest.mark.parametrize(("name", "password"), [("Mira_K", "wrong"), ("nobody", PASSWORD)])
def test_invalid_credentials(store: str, name: str, password: str) -> None:
    register()
    answered = log_in(name, password)
    assert answered.status == 401
    assert answered.json == {"error": "Invalid credentials", "detail": "Invalid credentials"}


def test_a_banned_user_is_told_so_in_both_fields(store: str) -> None:
    register()
    db.query("update accounts.users set is_active = false")
    answered = log_in()
    assert answered.status == 403
    assert answered.json == {"error": "Account is inactive", "detail": "Account is inactive"}


@pytest.mark.parametrize(
    ("role", "status"), [("player", 403), ("organizer", 403), ("staff", 200), ("admin", 200)]
)
def test_a_session_of_staff_opens_the_panel(store: str, role: str, status: int) -> None:
    assert session(role).get("/api/logs").status == status


def test_what_an_admin_may_do_staff_may_not(store: str) -> None:
    body = {"name": "Arena", "ip": "198.51.100.1", "port": 27015, "mode": "TTT"}
    assert session("staff", "Sam").post("/api/servers", body).status == 403
    assert session("admin", "Ada").post("/api/servers", body).status in (200, 201, 400)


def test_a_note_is_signed_by_the_sessions_user(store: str) -> None:
    client = session("staff", "Rita")
    config = client.put("/api/site-config", {"general": {"siteName": "Harbour"}})
    assert config.status == 200
    [noted] = db.query("select actor from shared.audit where action = 'site.configure'")
    assert noted["actor"] == "Rita"


def test_other_tokens_open_no_panel(store: str) -> None:
    user = make_user(role="admin")
    assert bearer(user, "game").get("/api/logs").status == 401
    assert bearer(user, "tracker").get("/api/logs").status == 401
    stale = bearer({**user, "token_version": 7}, "panel")
    assert stale.get("/api/logs").status == 401
    assert bearer({**user, "id": 99}, "panel").get("/api/logs").status == 401


def test_a_session_of_the_panel_ends_after_seven_days(store: str) -> None:
    user = make_user(role="admin")
    client = bearer(user, "panel")
    [row] = db.query("select expires_at - created_at as lasts from accounts.panel_sessions")
    assert row["lasts"].days == 7
    db.query("update accounts.panel_sessions set expires_at = now() - interval '1 second'")
    assert client.get("/api/logs").status == 401


def test_a_token_that_was_never_given_opens_no_logs(store: str) -> None:
    """Whoever gets hold of a key of tokens, but not of the store, is let in nowhere here."""
    user = make_user(role="admin")
    token = tokens.issue("panel", user["id"], user["email"], user["token_version"])
    assert Client({"Authorization": f"Bearer {token}"}).get("/api/logs").status == 401


def test_the_panel_needs_no_key_of_tokens(store: str, setting: Callable[..., None]) -> None:
    client = session("staff")
    setting(TOKEN_KEY="", TRACKER_KEY="")
    assert client.get("/api/logs").status == 200


def test_a_role_counts_as_it_is_now(store: str) -> None:
    client = session("staff")
    assert client.get("/api/logs").status == 200
    db.query("update accounts.users set role = 'player'")
    assert client.get("/api/logs").status == 403


def test_who_must_choose_a_password_can_do_nothing_else(store: str) -> None:
    answered = session().post("/api/users", {**NEW, "role": "ADMIN"})
    assert answered.status == 201
    assert answered.json["mustChangePassword"] is True
    login = log_in("Otto", "six666")
    assert login.json["user"]["mustChangePassword"] is True
    otto = Client({"Authorization": f"Bearer {login.json['token']}"})
    for path in ("/api/logs", "/api/users"):
        refused = otto.get(path)
        assert (refused.status, refused.json["error"]) == (403, "Password change required")
    changed = otto.post(
        "/api/auth/change-password", {"currentPassword": "six666", "newPassword": "seven7"}
    )
    assert changed.status == 200
    assert changed.json["user"]["mustChangePassword"] is False
    assert otto.get("/api/logs").status == 200
    assert log_in("Otto", "seven7").status == 200
    assert log_in("Otto", "six666").status == 401


def test_changing_a_password_needs_the_old_one(store: str) -> None:
    client = session()
    answered = client.post(
        "/api/auth/change-password", {"currentPassword": "wrong", "newPassword": "seven7"}
    )
    assert answered.status == 401
    assert answered.json["error"] == answered.json["detail"] == "Invalid current password"
    for body in ({}, {"currentPassword": PASSWORD}, {"newPassword": "seven7"}):
        assert client.post("/api/auth/change-password", body).status == 400
    short = {"currentPassword": PASSWORD, "newPassword": "five5"}
    answered = client.post("/api/auth/change-password", short)
    assert answered.status == 400
    assert answered.json["error"] == answered.json["detail"]
    assert Client().post("/api/auth/change-password", {}).status == 401


def test_users_are_listed_for_staff_without_a_hash(store: str) -> None:
    register("Zoe")
    client = session("staff", "Rita")
    answered = client.get("/api/users")
    assert [one["username"] for one in answered.json] == ["Rita", "Zoe"]
    assert "$2b$" not in answered.text
    assert client.post("/api/users", NEW).status == 403


@pytest.mark.parametrize("changes", [{"username": "RITA"}, {"email": "RITA@example.com"}])
def test_a_user_who_exists_is_a_conflict(store: str, changes: dict[str, str]) -> None:
    answered = session().post("/api/users", NEW | changes)
    assert (answered.status, answered.json) == (409, {"error": "User already exists"})


@pytest.mark.parametrize("changes", [{"role": "ROOT"}, {"password": "five5"}, {"email": "otto"}])
def test_a_wrong_field_is_named(store: str, changes: dict[str, str]) -> None:
    answered = session().post("/api/users", NEW | changes)
    assert answered.status == 400
    assert answered.json["details"][0]["field"] == next(iter(changes))


def test_users_are_changed_and_deleted(store: str) -> None:
    client = session()
    otto = client.post("/api/users", NEW).json["id"]
    changed = client.patch(f"/api/users/{otto}", {"username": "Otto II"})
    assert (changed.status, changed.json["username"]) == (200, "Otto II")
    taken = client.patch(f"/api/users/{otto}", {"username": "Rita"})
    assert taken.status == 409
    role = client.patch(f"/api/users/{otto}/role", {"role": "SUPERADMIN"})
    assert role.json["role"] == "SUPERADMIN"
    gone = client.delete(f"/api/users/{otto}")
    assert (gone.status, gone.text) == (204, "")
    for answered in (
        client.patch(f"/api/users/{otto}", {"username": "Otto"}),
        client.patch(f"/api/users/{otto}/role", {"role": "USER"}),
        client.delete(f"/api/users/{otto}"),
        client.delete("/api/users/nobody"),
    ):
        assert (answered.status, answered.json) == (404, {"error": "User not found"})
    actions = [row["action"] for row in db.query("select action from accounts.audit")]
    assert sorted(actions) == ["user.changed", "user.changed", "user.created", "user.erased"]


def test_a_user_who_is_renamed_is_called_so_in_the_game(store: str) -> None:
    """Regression: the player kept a name that somebody else could take."""
    otto = make_user("Otto")
    player, battle = bearer(otto), make_battle()
    join(player, battle)
    db.query(
        "insert into game.chat_messages (user_id, username, text) values (%s, 'Otto', 'hi')",
        (otto["id"],),
    )
    renamed = session().patch(f"/api/users/{otto['id']}", {"username": "Otto II"})
    assert renamed.status == 200
    assert player.get("/api/player/me").json["username"] == "Otto II"
    assert [one["username"] for one in player.get("/api/chat/history").json] == ["Otto II"]
    assert [one["username"] for _, one in events(battle)] == ["Otto II"]


def test_what_a_member_of_the_staff_wrote_is_renamed_with_them(store: str) -> None:
    rita = make_user("Rita", "staff")
    send(make_server(), say("hi", who="STEAM_0:1:7"))
    note = {"content": "seen it", "staffName": "x"}
    assert bearer(rita, "panel").post("/api/players/STEAM_0:1:7/notes", note).status == 201
    renamed = session("admin", "Ada").patch(f"/api/users/{rita['id']}", {"username": "Rita II"})
    assert renamed.status == 200
    assert db.query("select author from logs.notes") == [{"author": "Rita II"}]


def test_nobody_changes_their_own_role_or_account(store: str) -> None:
    rita = make_user("Rita", "admin")
    client = bearer(rita, "panel")
    assert client.patch(f"/api/users/{rita['id']}/role", {"role": "USER"}).status == 400
    assert client.delete(f"/api/users/{rita['id']}").status == 400


def test_an_organizer_stays_one_as_user(store: str) -> None:
    otto = make_user("Otto", "organizer")
    session().patch(f"/api/users/{otto['id']}/role", {"role": "USER"})
    assert db.query("select role from accounts.users where id = %s", (otto["id"],)) == [
        {"role": "organizer"}
    ]


def test_a_password_that_an_admin_sets_ends_sessions(store: str) -> None:
    otto = make_user("Otto", "staff")
    client = bearer(otto, "panel")
    assert client.get("/api/logs").status == 200
    session().patch(f"/api/users/{otto['id']}", {"password": "another password"})
    assert client.get("/api/logs").status == 401
    assert log_in("Otto", "another password").json["user"]["mustChangePassword"] is True
