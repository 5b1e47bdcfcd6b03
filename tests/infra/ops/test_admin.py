"""The admin command: the first admin gets in, roles count, keys rotate."""

from __future__ import annotations

import sys

import pytest

from functions.accounts import signing_keys
from functions.shared import db
from infra.ops import admin
from tests.support.accounts import make_user
from tests.support.client import Client


def run(monkeypatch: pytest.MonkeyPatch, *words: str) -> None:
    monkeypatch.setattr(sys, "argv", ["admin", *words])
    admin.main()


def test_the_first_admin_logs_in_and_chooses_a_password(
    store: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run(monkeypatch, "create", "Ada", "ada@example.com")
    password = capsys.readouterr().out.strip()
    login = Client().post("/api/auth/login", {"emailOrUser": "Ada", "password": password})
    assert login.json["user"]["role"] == "SUPERADMIN"
    client = Client({"Authorization": f"Bearer {login.json['token']}"})
    assert client.get("/api/users").status == 403
    change = {"currentPassword": password, "newPassword": "a password of her own"}
    assert client.post("/api/auth/change-password", change).status == 200
    assert client.get("/api/users").status == 200


def test_a_role_is_given_and_audited(store: str, monkeypatch: pytest.MonkeyPatch) -> None:
    make_user("Mira")
    run(monkeypatch, "grant-role", "mira", "admin")
    assert db.query("select role from accounts.users") == [{"role": "admin"}]
    [noted] = db.query("select actor, details from accounts.audit")
    assert noted == {"actor": "operator", "details": {"role": ["player", "admin"]}}
    with pytest.raises(SystemExit, match="No user is called nobody"):
        run(monkeypatch, "grant-role", "nobody", "admin")


@pytest.mark.parametrize(
    "words",
    [
        ("create", "ab", "ab@example.com"),
        ("create", "Ada", "no mail"),
        ("grant-role", "Ada", "king"),
        ("issue-key", "bot", "everything"),
        ("revoke-key", "00000000"),
        (),
    ],
)
def test_what_is_wrong_is_a_sentence(
    store: str, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    with pytest.raises(SystemExit):
        run(monkeypatch, *words)
    assert db.query("select id from accounts.users") == []


def test_a_name_that_is_taken_is_a_sentence(store: str, monkeypatch: pytest.MonkeyPatch) -> None:
    make_user("Ada")
    with pytest.raises(SystemExit, match="Email already registered"):
        run(monkeypatch, "create", "Ada", "ada@example.com")


def test_keys_are_issued_and_revoked(
    client: Client, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run(monkeypatch, "issue-key", "bot", "tilt:read")
    key = capsys.readouterr().out.strip()
    assert client.get("/api/tilt/stats/u", headers={"X-Api-Key": key}).status == 200
    run(monkeypatch, "revoke-key", key.split("_")[1])
    assert {row["actor"] for row in db.query("select actor from shared.audit")} == {"operator"}


def test_a_signing_key_is_rotated(store: str, monkeypatch: pytest.MonkeyPatch) -> None:
    signing_keys.clear_cache()
    first = signing_keys.list_public_keys()[0]["kid"]
    run(monkeypatch, "rotate-keys")
    kids = [key["kid"] for key in signing_keys.list_public_keys()]
    assert len(kids) == 2
    assert kids[1] == first
    assert db.query("select action, actor from accounts.audit") == [
        {"action": "signing_key.rotated", "actor": "operator"}
    ]
    signing_keys.clear_cache()
