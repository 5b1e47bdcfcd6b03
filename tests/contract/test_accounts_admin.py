"""Running a game: the rows of game.md section 9 about users, keys and passwords."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from functions.accounts import mail, password_resets
from functions.shared import aws, db
from functions.shared.errors import BadRequest
from tests.support.accounts import PASSWORD, bearer, log_in, make_user, register
from tests.support.client import Answered, Client
from tests.support.connections import own_connections

REASON = {"reason": "cheated"}


@pytest.fixture
def admin(store: str) -> Client:
    return bearer(make_user("Ada", "admin"))


@pytest.fixture
def mails(setting: Callable[..., None], tmp_path: Path) -> Path:
    """The folder into which mail is written."""
    setting(MAIL_FOLDER=str(tmp_path / "mail"))
    return tmp_path / "mail"


def audited() -> list[db.Row]:
    return db.query(
        """
        select action, user_id, actor, ip_hash, reason, details
        from accounts.audit
        order by occurred_at
        """
    )


def test_users_are_found_by_prefix(admin: Client) -> None:
    for name in ("Mira_K", "Miro", "Otto"):
        register(name)
    found = admin.get("/api/admin/users?q=mir").json["users"]
    assert [one["username"] for one in found] == ["Mira_K", "Miro"]
    assert [one["username"] for one in admin.get("/api/admin/users?q=OTTO@ex").json["users"]] == [
        "Otto"
    ]
    assert len(admin.get("/api/admin/users").json["users"]) == 4
    assert len(admin.get("/api/admin/users?limit=2").json["users"]) == 2
    assert admin.get("/api/admin/users?q=%25").json["users"] == []
    assert admin.get("/api/admin/users?q=%00").status == 422


def test_each_call_is_audited_with_its_reason(admin: Client) -> None:
    user, key = make_user(), {"name": "bot", "scopes": ["tilt:read"]}
    admin.get("/api/admin/users?q=mira&reason=a+complaint")
    admin.get(f"/api/admin/users/{user['id']}?reason=a+complaint")
    admin.post("/api/admin/keys", key | {"reason": "a complaint"})
    [listed] = admin.get("/api/admin/keys?reason=a+complaint").json["keys"]
    body = {"reason": "a complaint"}
    assert admin.delete(f"/api/admin/keys/{listed['key_id']}", body=body).status == 200
    noted = audited()
    assert [(row["action"], row["user_id"]) for row in noted] == [
        ("users.listed", None),
        ("user.read", user["id"]),
        ("key.issued", None),
        ("keys.listed", None),
        ("key.revoked", None),
    ]
    assert {row["reason"] for row in noted} == {"a complaint"}
    # Whom somebody looks for is nobody's business after that person was erased.
    assert "mira" not in str(noted)
    for url in ("users/99", "users", "keys"):
        assert admin.get(f"/api/admin/{url}?reason=%0A").status == 422
    assert admin.delete("/api/admin/keys/x", body={"reason": 7}).status == 422
    assert admin.get("/api/admin/users/99").status == 404
    assert len(audited()) == 5


def test_a_user_is_shown_whole(admin: Client) -> None:
    user = make_user()
    shown = admin.get(f"/api/admin/users/{user['id']}").json
    assert shown["email"] == "mira_k@example.com"
    assert (shown["role"], shown["is_active"], shown["banned"]) == ("player", True, False)
    assert shown["last_seen_at"]
    assert "password_hash" not in shown
    answered = admin.get("/api/admin/users/99")
    assert (answered.status, answered.json) == (404, {"detail": "User not found"})
    assert admin.get("/api/admin/users/nobody").status == 404


def test_a_ban_refuses_every_token_at_its_next_use(admin: Client) -> None:
    staff = make_user("Rita", "staff")
    client, panel = bearer(staff), bearer(staff, "panel")
    assert client.get("/api/admin/users").status == 200
    url = f"/api/admin/users/{staff['id']}"
    banned = admin.patch(url, {"is_active": False, **REASON})
    assert (banned.json["is_active"], banned.json["banned"]) == (False, True)
    refused = client.get("/api/admin/users")
    assert (refused.status, refused.json) == (403, {"detail": "Inactive user"})
    assert panel.get("/api/logs").status == 403
    admin.patch(url, {"is_active": True, **REASON})
    # Older tokens stay refused: only a new login counts.
    assert client.get("/api/admin/users").status == 401
    noted = [row for row in audited() if row["action"] == "user.changed"]
    assert noted[0]["reason"] == "cheated"
    assert noted[0]["details"]["is_active"] == [True, False]
    assert noted[0]["actor"] != str(staff["id"])
    assert re.fullmatch("[0-9a-f]{32}", noted[0]["ip_hash"])


def test_a_role_is_given_with_a_reason(admin: Client) -> None:
    user = make_user()
    url = f"/api/admin/users/{user['id']}"
    assert admin.patch(url, {"role": "organizer", **REASON}).json["role"] == "organizer"
    assert audited()[0]["details"]["role"] == ["player", "organizer"]
    for body in ({"role": "organizer"}, REASON, {"role": "king", **REASON}, {"reason": " "}):
        assert admin.patch(url, body).status == 422
    assert admin.patch("/api/admin/users/99", {"role": "player", **REASON}).status == 404


def test_nobody_changes_themselves(store: str) -> None:
    ada = make_user("Ada", "admin")
    answered = bearer(ada).patch(f"/api/admin/users/{ada['id']}", {"role": "player", **REASON})
    assert answered.status == 400


def test_logging_somebody_out_refuses_their_older_tokens(admin: Client) -> None:
    rita = make_user("Rita", "staff")
    client = bearer(rita)
    assert admin.post(f"/api/admin/users/{rita['id']}/logout").status == 200
    refused = client.get("/api/admin/users")
    assert (refused.status, refused.json) == (401, {"detail": "Could not validate credentials"})
    assert admin.post("/api/admin/users/99/logout").status == 404
    token = log_in("rita@example.com").json["access_token"]
    again = Client({"Authorization": f"Bearer {token}"})
    assert again.get("/api/admin/users").status == 200


def test_a_mute_ends_by_itself_or_by_hand(admin: Client) -> None:
    user = make_user()
    url = f"/api/admin/users/{user['id']}/mute"
    assert admin.post(url, {"minutes": 10}).json["muted_until"]
    assert admin.post(url, {"minutes": 0}).json["muted_until"] is None
    for minutes in (-1, 525_601, "ten", None):
        assert admin.post(url, {"minutes": minutes}).status == 422


@pytest.mark.parametrize(
    ("headers", "status", "detail"),
    [
        ({}, 401, "Authentication required"),
        ({"Authorization": "Basic x"}, 401, "Authentication required"),
        ({"Authorization": "Bearer"}, 401, "Authentication required"),
        ({"Authorization": "Bearer x"}, 401, "Could not validate credentials"),
        ({"Authorization": "Bearer " + "x" * 4096}, 401, "Could not validate credentials"),
    ],
)
def test_a_bad_token_in_the_games_words(
    store: str, headers: dict[str, str], status: int, detail: str
) -> None:
    answered = Client(headers).get("/api/admin/users")
    assert (answered.status, answered.json) == (status, {"detail": detail})


def test_a_role_is_read_at_each_request(store: str) -> None:
    ada = make_user("Ada", "admin")
    client = bearer(ada)
    assert client.get("/api/admin/keys").status == 200
    db.query("update accounts.users set role = 'staff'")
    assert client.get("/api/admin/keys").status == 403
    assert client.get("/api/admin/users").status == 200
    db.query("update accounts.users set role = 'player'")
    assert client.get("/api/admin/users").status == 403


def test_keys_are_issued_listed_and_revoked(admin: Client) -> None:
    issued = admin.post(
        "/api/admin/keys", {"name": "bot", "scopes": ["tilt:write"], "reason": "new bot"}
    )
    assert issued.status == 201
    bot = Client({"X-Api-Key": issued.json["key"]})
    event = {"userId": "u", "timestamp": 1_772_000_000_000, "signals": [], "tiltScore": 1}
    assert bot.post("/api/tilt/events", event).status == 200
    [listed] = admin.get("/api/admin/keys").json["keys"]
    assert (listed["name"], listed["scopes"]) == ("bot", ["tilt:write"])
    assert issued.json["key"] not in str(admin.get("/api/admin/keys").json)
    url = f"/api/admin/keys/{listed['key_id']}"
    assert admin.delete(url).status == 200
    assert admin.delete(url).status == 404
    assert admin.get("/api/admin/keys").json == {"keys": []}
    changes = [row["action"] for row in audited() if row["action"] != "keys.listed"]
    assert changes == ["key.issued", "key.revoked"]
    actors = {row["actor"] for row in db.query("select actor from shared.audit")}
    assert len(actors) == 1
    assert actors.pop().startswith("user:")
    for body in (
        {"name": "x", "scopes": []},
        {"name": "x", "scopes": ["root"]},
        {"scopes": []},
        {"name": "nobody", "scopes": ["tracker"]},
    ):
        assert admin.post("/api/admin/keys", body).status == 422


def forgot(email: str = "mira_k@example.com", **more: Any) -> Answered:
    return Client(**more).post("/api/auth/password/forgot", {"email": email})


def reset(token: str, password: str = "another password") -> Answered:
    return Client().post("/api/auth/password/reset", {"token": token, "password": password})


def token_of(folder: Path) -> str:
    text = max(folder.glob("*.eml")).read_text()
    found = re.search(r"^([\w-]{43})$", text, re.MULTILINE)
    assert found
    return found[1]


def test_a_forgotten_password_is_reset_once_by_mail(store: str, mails: Path) -> None:
    user = make_user(role="staff")
    client = bearer(user)
    answered = forgot()
    assert answered.status == 202
    [file] = mails.glob("*.eml")
    assert file.stat().st_mode & 0o777 == 0o600
    assert "To: mira_k@example.com" in file.read_text()
    token = token_of(mails)
    assert reset(token, "short").status == 422
    assert reset(token).status == 200
    again = reset(token, "a third password")
    assert (again.status, again.json) == (400, {"detail": "Invalid or expired token"})
    assert client.get("/api/admin/users").status == 401
    assert log_in().status == 401
    assert log_in(password="another password").status == 200
    assert [row["action"] for row in audited()][:2] == [
        "password.reset_requested",
        "password.reset",
    ]


def test_nobody_learns_whether_there_is_an_account(store: str, mails: Path) -> None:
    register()
    known, unknown = forgot(), forgot("nobody@example.com")
    assert (known.status, known.json) == (unknown.status, unknown.json)
    assert len(list(mails.glob("*.eml"))) == 1


def test_a_reset_token_ends_after_thirty_minutes(store: str, mails: Path) -> None:
    register()
    forgot()
    db.query("update accounts.password_resets set expires_at = created_at + interval '30 minutes'")
    db.query("update accounts.password_resets set expires_at = expires_at - interval '30 minutes'")
    assert reset(token_of(mails)).status == 400
    assert log_in().status == 200


def test_one_reset_spends_the_other_tokens(store: str, mails: Path) -> None:
    register()
    forgot()
    first = token_of(mails)
    forgot()
    assert reset(token_of(mails)).status == 200
    assert reset(first).status == 400


def test_a_token_is_stored_as_a_hash_and_logged_nowhere(
    store: str, mails: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    register()
    forgot()
    token = token_of(mails)
    reset(token)
    assert token not in capsys.readouterr().out
    assert token not in str(db.query("select * from accounts.password_resets"))


def test_guesses_are_limited_as_logins_are(store: str, mails: Path) -> None:
    register()
    forgot()
    assert [reset("guess").status for _ in range(6)] == [400] * 5 + [429]
    assert reset(token_of(mails)).status == 429
    assert log_in().status == 429


def test_mails_are_limited_by_address_and_by_account(store: str, mails: Path) -> None:
    register()
    assert [forgot().status for _ in range(6)] == [202] * 5 + [429]
    assert [forgot(address=f"203.0.113.{n}").status for n in range(5)] == [202] * 5
    assert len(list(mails.glob("*.eml"))) == 3


def test_without_a_way_to_send_a_metric_counts_it(
    store: str, capsys: pytest.CaptureFixture[str]
) -> None:
    register()
    assert forgot().status == 202
    out = capsys.readouterr().out
    assert '"mail.unsent"' in out
    assert "mira" not in out


def test_ses_sends_it_when_there_is_a_sender(
    store: str, setting: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    setting(MAIL_FROM="game@example.com", PASSWORD_RESET_URL="https://example.com/#{token}")
    sent: list[dict[str, Any]] = []

    class Ses:
        def send_email(self, **mail: Any) -> None:
            sent.append(mail)

    monkeypatch.setattr(aws, "client", lambda service: {"sesv2": Ses()}[service])
    register()
    assert forgot().status == 202
    [mail_sent] = sent
    assert mail_sent["FromEmailAddress"] == "game@example.com"
    assert mail_sent["Destination"] == {"ToAddresses": ["mira_k@example.com"]}
    text = mail_sent["Content"]["Simple"]["Body"]["Text"]["Data"]
    assert re.search(r"https://example\.com/#[\w-]{43}", text)


def test_a_refusal_of_ses_is_no_failure_of_the_request(
    store: str,
    setting: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    from botocore.exceptions import ClientError

    class Ses:
        def send_email(self, **mail: Any) -> None:
            raise ClientError({"Error": {"Code": "MessageRejected"}}, "SendEmail")

    setting(MAIL_FROM="game@example.com")
    monkeypatch.setattr(aws, "client", lambda service: Ses())
    mail.send("mira@example.com", "x", "y")
    assert '"mail.unsent"' in capsys.readouterr().out


@pytest.mark.commits
def test_of_two_resets_at_once_one_succeeds(
    store: str, mails: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    register()
    forgot()
    token, start = token_of(mails), threading.Barrier(8)

    def one(number: int) -> str:
        db.query("select 1")
        start.wait()
        try:
            password_resets.reset(token, f"password number {number}", f"203.0.113.{number}")
        except BadRequest as problem:
            return problem.message
        return "done"

    with own_connections(store, monkeypatch), ThreadPoolExecutor(8) as pool:
        done = sorted(pool.map(one, range(8)))
    assert done == ["Invalid or expired token"] * 7 + ["done"]
    assert log_in(password=PASSWORD).status == 401
