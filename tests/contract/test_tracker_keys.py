"""API keys at the tracker, each of which acts as its service account: tracker.md section 1.5."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from functions.accounts import erasure, service_accounts
from functions.accounts.admin import NewKey, issue_key
from functions.live import closing
from functions.shared import auth, db
from functions.shared.errors import Invalid
from functions.shared.request import Caller
from tests.support.accounts import PASSWORD
from tests.support.armies import ARMY
from tests.support.client import Client
from tests.support.cups import CUP
from tests.support.live import door
from tests.support.live.cloud import cloud, left
from tests.support.live.gateway import Gateway
from tests.support.tracker import check_error, make_user
from tests.support.tracker_battles import act, done, make_duel, user_id

__all__ = ["cloud", "left"]
PROFILE = "/v1/auth/profile"


@pytest.fixture
def mira(tracker_keys: None) -> Client:
    """A player, with a token."""
    auth.clear_cache()
    return make_user("mira")


@pytest.fixture
def bot(mira: Client) -> Client:
    """The same player, with a key."""
    return Client({"X-API-Key": service_accounts.issue_key("Mira", ["tracker"])})


def refused(client: Client, reason: str, **more: Any) -> None:
    answered = client.get(PROFILE, **more)
    check_error(answered, 401, "UNAUTHORIZED", reason=reason)
    assert answered.headers["www-authenticate"] == "Bearer"


def test_a_key_acts_as_its_service_account(mira: Client, bot: Client) -> None:
    assert bot.get(PROFILE).json == mira.get(PROFILE).json
    changed = bot.patch(PROFILE, {"display_name": "Mira's bot"})
    assert changed.json["user"]["display_name"] == "Mira's bot"
    assert bot.get("/v1/users?q=mira").json["data"][0]["id"] == user_id(mira)
    assert bot.get("/v1/armies").status == 200
    check_error(bot.post("/v1/tournaments", CUP), 403, "FORBIDDEN")
    db.query("update accounts.users set role = 'organizer'")
    made = bot.post("/v1/tournaments", CUP)
    assert (made.status, made.json["tournament"]["organizer_id"]) == (201, user_id(mira))


def test_a_request_with_a_token_is_the_tokens(mira: Client, bot: Client) -> None:
    refused(bot, "malformed", headers=bot.headers | {"Authorization": "Bearer x.y.z"})
    refused(bot, "malformed", headers=bot.headers | {"Authorization": "Basic bWlyYTp4"})
    answered = make_user("nils").get(PROFILE, headers=mira.headers | {"X-API-Key": "ty_0_0"})
    assert answered.json["user"]["username"] == "mira"


@pytest.mark.parametrize(
    "key", ["x", "ty_00000000_" + "0" * 64, "\ud800", "é" * 5000, "' or 1 = 1 --", "\0"]
)
def test_an_unknown_key_is_refused(mira: Client, key: str) -> None:
    refused(Client({"X-API-Key": key}), "invalid_credentials")


def test_a_key_for_something_else_is_refused(mira: Client) -> None:
    for scopes in (["tilt:write"], ["staff", "admin"]):
        key = service_accounts.issue_key("mira", scopes)
        refused(Client({"X-API-Key": key}), "invalid_credentials")
    refused(Client({"X-API-Key": ""}), "missing")


def test_a_key_ends_when_it_is_revoked_or_expires(bot: Client) -> None:
    """At once, though other endpoints may take it for a minute."""
    assert bot.get(PROFILE).status == 200
    db.query("update shared.api_keys set expires_at = now() - interval '1 second'")
    refused(bot, "revoked")
    db.query("update shared.api_keys set expires_at = null, revoked_at = now()")
    refused(bot, "revoked")
    auth.clear_cache()
    refused(bot, "invalid_credentials")


def test_a_key_outlives_logouts_and_ends_with_its_account(mira: Client, bot: Client) -> None:
    assert bot.post("/v1/auth/logout").status == 204
    assert mira.get(PROFILE).status == 200
    assert bot.post("/v1/auth/logout", {"all": True}).status == 204
    refused(mira, "revoked")
    assert bot.get(PROFILE).status == 200
    db.query("update accounts.users set is_active = false")
    check_error(bot.get(PROFILE), 403, "FORBIDDEN", required="active account")
    db.query("update accounts.users set is_active = true")
    check_error(bot.delete(PROFILE, body={"password": "wrong"}), 401, "UNAUTHORIZED")
    assert bot.delete(PROFILE, body={"password": PASSWORD}).status == 204
    refused(bot, "revoked")


def test_nothing_says_whose_the_key_of_an_erased_account_was(mira: Client, bot: Client) -> None:
    """Who registers its name is not whom the key acts as."""
    [row] = db.query("select user_id from shared.api_keys")
    new = NewKey(name="mira", scopes=["tracker"])
    issue_key(new, Caller("user:1", frozenset(), user_id=1))
    erasure.erase(row["user_id"], "1")
    make_user("mira")
    refused(bot, "invalid_credentials")
    assert auth.list_live_keys() == []
    for kept in (
        db.query("select * from shared.api_keys"),
        db.query("select * from shared.audit"),
        db.query("select * from accounts.audit"),
    ):
        assert kept
        assert "mira" not in str(kept).lower()


def test_a_key_and_a_token_share_the_limit(
    mira: Client, bot: Client, setting: Callable[..., None]
) -> None:
    setting(GENERAL_REQUESTS="3")
    left = int(mira.get(PROFILE).headers["x-ratelimit-remaining"])
    assert int(bot.get(PROFILE).headers["x-ratelimit-remaining"]) == left - 1
    check_error([bot.get(PROFILE) for _ in range(3)][-1], 429, "RATE_LIMITED", scope="general")
    check_error(mira.get(PROFILE), 429, "RATE_LIMITED", scope="general")


def test_guesses_are_counted_by_their_address(mira: Client, setting: Callable[..., None]) -> None:
    setting(GENERAL_REQUESTS="2")
    guesses = [
        Client({"X-API-Key": f"ty_{n:08x}_{'0' * 64}"}, "203.0.113.77").get(PROFILE)
        for n in range(3)
    ]
    assert [one.status for one in guesses] == [401, 401, 429]


def test_while_the_database_is_down_a_key_cannot_be_checked(
    bot: Client, away: Callable[[], None]
) -> None:
    away()
    check_error(bot.get(PROFILE), 503, "SERVICE_UNAVAILABLE")


def test_a_request_is_repeated_by_either(mira: Client, bot: Client) -> None:
    made = [
        client.post(
            "/v1/armies",
            ARMY,
            headers=client.headers | {"Idempotency-Key": "k"},
        )
        for client in (mira, bot)
    ]
    assert made[0].json == made[1].json
    assert made[1].headers["idempotency-replayed"] == "true"


def test_a_socket_of_a_keys_ticket_ends_with_the_key(
    tracker_keys: None, cloud: Gateway, left: list[dict[str, Any]]
) -> None:
    duel = make_duel()
    battle = duel.make()
    bot = Client({"X-API-Key": service_accounts.issue_key("mira", ["tracker"])})
    done(act(bot, battle, "start"))
    ticket = bot.post(f"/v1/battles/{battle['id']}/ws-ticket").json["ticket"]
    door.open_socket(cloud, left, "b", {"tracker": battle["id"], "ticket": ticket})
    assert cloud.frames["b"][0]["role"] == "player"
    door.send("b", '{"type": "command", "ref": "1", "body": {"action": "end_turn"}}')
    assert cloud.frames["b"][-1]["type"] == "ack"
    assert closing.close_refused() == 0
    db.query("update shared.api_keys set revoked_at = now()")
    door.send("b", '{"type": "command", "ref": "2", "body": {"action": "end_turn"}}')
    assert cloud.frames["b"][-1]["code"] == "UNAUTHORIZED"
    assert closing.close_refused() == 1
    assert cloud.frames["b"][-1]["closing"]


@pytest.mark.parametrize("name", ["nobody", "mira ", "mi%", "usr_00000000"])
def test_a_key_for_the_tracker_has_a_users_name(mira: Client, name: str) -> None:
    with pytest.raises(Invalid, match="name must be that of a user"):
        service_accounts.issue_key(name, ["tracker"])
    assert db.query("select key_id from shared.api_keys") == []
