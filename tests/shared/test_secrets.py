"""Secrets: read once, again while a function works, and kept while they cannot be read."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from functions.shared import auth, cursors, db, secret_store, secrets, signatures
from functions.shared.secrets import SecretUnavailable, get_secrets
from functions.shared.settings import WrongSettingError
from tests.support.secret_store import ARN, Store, running

OLD, NEW = "o" * 32, "n" * 32
SECOND = ARN.replace("tiltyard", "tiltyard-accounts")
GOOD = {"url": "postgresql://u:hunter2@127.0.0.1:1/d", "signing_keys": [OLD]}
# What a test's environment says, which would win.
SET = (
    *("DATABASE_URL", "SIGNING_KEY", "TOKEN_KEY", "TRACKER_KEY", "PASSWORD_PEPPER", "API_KEY"),
    "SIGNING_KEYS",
)


class Clock:
    """Monotonic seconds, and Unix seconds, that only a test moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now

    def time(self) -> float:
        return 1_900_000_000.0 + self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(secrets, "time", clock)
    return clock


@pytest.fixture
def vault(
    setting: Callable[..., None], monkeypatch: pytest.MonkeyPatch, clock: Clock
) -> Iterator[Store]:
    for name in SET:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(secret_store, "_PAUSE", 0.0)
    with running() as store:
        setting(
            AWS_ACCESS_KEY_ID="x",
            AWS_SECRET_ACCESS_KEY="x",
            AWS_ENDPOINT_URL=store.url,
            SECRET_ARN=ARN,
        )
        signatures.load_credentials.cache_clear()
        store.secrets[ARN] = dict(GOOD)
        store.created_at = clock.time() - 86_400
        yield store
    signatures.load_credentials.cache_clear()


def test_a_secret_is_read_once(vault: Store) -> None:
    vault.secrets[ARN] |= {"api_key": "hunter2", "token_key": NEW, "unknown": "ignored"}
    found = get_secrets()
    assert all(get_secrets() is found for _ in range(10))
    assert len(vault.asked) == 1
    assert found.database_url.get_secret_value() == GOOD["url"]
    assert found.api_key.get_secret_value() == "hunter2"
    assert (found.signing_secrets, found.token_secrets) == ([OLD.encode()], [NEW])
    assert "hunter2" not in f"{found!r} {found} {found.model_dump()}"


def test_several_secrets_are_read_as_one(vault: Store, setting: Callable[..., None]) -> None:
    vault.secrets[SECOND] = {"token_key": NEW}
    setting(SECRET_ARN=f"{ARN}, {SECOND}")
    assert get_secrets().token_secrets == [NEW]
    assert [arn for arn, _ in vault.asked] == [ARN, SECOND]


def test_the_environment_wins(vault: Store, setting: Callable[..., None]) -> None:
    vault.secrets[ARN] |= {"api_key": "theirs"}
    setting(API_KEY="mine", SIGNING_KEY=NEW, URL="http://of.another/kind")
    found = get_secrets()
    assert found.api_key.get_secret_value() == "mine"
    assert found.signing_secrets == [NEW.encode()]
    assert found.database_url.get_secret_value() == GOOD["url"]


def test_without_an_arn_nobody_is_asked(vault: Store, setting: Callable[..., None]) -> None:
    setting(SECRET_ARN="", DATABASE_URL="postgresql://h/d", SIGNING_KEY=OLD)
    assert get_secrets().signing_secrets == [OLD.encode()]
    assert vault.asked == []
    refused = psycopg.OperationalError("password authentication failed for user")
    assert not secrets.renew_after(refused)


def test_what_was_rotated_counts_within_five_minutes(vault: Store, clock: Clock) -> None:
    first = get_secrets()
    clock.now += secrets.MAX_AGE
    assert get_secrets() is first, "what has not changed stays the same object"
    assert len(vault.asked) == 2
    vault.secrets[ARN] |= {"api_key": "new"}
    assert get_secrets() is first
    clock.now += secrets.MAX_AGE
    assert get_secrets().api_key.get_secret_value() == "new"


@pytest.mark.parametrize("wrong", [{"signing_keys": ["short"]}, {"url": "mysql is none"}])
def test_what_cannot_be_read_again_stays_as_it_was(
    vault: Store, clock: Clock, capsys: pytest.CaptureFixture[str], wrong: dict[str, Any]
) -> None:
    first = get_secrets()
    clock.now += secrets.MAX_AGE
    vault.failures = [(400, "AccessDeniedException")]
    assert get_secrets() is first
    assert get_secrets() is first
    assert len(vault.asked) == 2, "and it is not asked at every request"
    vault.secrets[ARN] |= wrong
    clock.now += secrets.MAX_AGE
    assert get_secrets() is first
    said = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [one["event"] for one in said] == ["secret.unavailable"] * 2
    assert said[0]["reason"] == "AccessDeniedException"
    assert "short" not in str(said)
    assert "mysql" not in str(said)
    vault.secrets[ARN] = GOOD | {"api_key": "new"}
    clock.now += secrets.MAX_AGE
    assert get_secrets().api_key.get_secret_value() == "new"


def test_without_a_secret_requests_are_refused_and_it_is_asked_for_again_after_a_pause(
    vault: Store, clock: Clock
) -> None:
    vault.failures = [(400, "AccessDeniedException")]
    for _ in range(5):
        with pytest.raises(SecretUnavailable):
            get_secrets()
    assert len(vault.asked) == 1
    clock.now += 5.1
    assert get_secrets().signing_secrets == [OLD.encode()]


@pytest.mark.parametrize(
    "wrong",
    [
        {"signing_keys": []},
        {"signing_keys": [OLD, "short"]},
        {"signing_keys": {"a": 1}},
        {"url": ""},
        {"url": "mysql is none of ours"},
        {"token_key": "short"},
        {"api_key": "hunter2 hunter2"},
        {"api_key": 7},
    ],
)
def test_a_wrong_secret_is_none_and_is_not_shown(
    vault: Store, wrong: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    vault.secrets[ARN] |= wrong
    with pytest.raises(SecretUnavailable) as raised:
        get_secrets()
    said = capsys.readouterr().out + repr(raised.value) + str(raised.value.__cause__)
    assert "secret.unavailable" in said
    assert not any(word in said for word in ("hunter2", "short", "mysql"))


_START = """
import json, app
event = {"httpMethod": "GET", "path": "/api/tilt/stats/ana", "headers": {"X-Api-Key": "ty_0_0"}}
print(json.dumps(app.handler(event, None)))
"""


def test_a_function_starts_without_its_secret_and_answers_503(vault: Store) -> None:
    del vault.secrets[ARN]
    done = subprocess.run([sys.executable, "-c", _START], capture_output=True, check=True)
    failed, _, answered = [json.loads(line) for line in done.stdout.splitlines()]
    assert (failed["event"], failed["reason"]) == (
        "secret.unavailable",
        "ResourceNotFoundException",
    )
    assert answered["statusCode"] == 503
    assert json.loads(answered["body"])["error"] == "Database not connected"
    assert answered["headers"]["Retry-After"] == "5"
    assert len(vault.asked) == 1, "within five seconds nobody asks again"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", ""),
        ("DATABASE_URL", "mysql is no url of ours"),
        ("SIGNING_KEY", "short"),
        ("SIGNING_KEYS", "no list"),
        ("SIGNING_KEYS", "[]"),
        ("API_KEY", "a key\n"),
        ("API_KEY", "kéy"),
        ("TOKEN_KEY", "short"),
    ],
)
def test_a_wrong_variable_is_named_and_not_shown(
    setting: Callable[..., None], name: str, value: str
) -> None:
    setting(DATABASE_URL="postgresql://u:secret@h/d")
    setting(**{name: value})
    with pytest.raises(WrongSettingError) as raised:
        get_secrets()
    assert name.removesuffix("S") in str(raised.value)
    assert "secret" not in str(raised.value)
    assert not value or value not in str(raised.value)


def test_the_site_needs_no_database(setting: Callable[..., None]) -> None:
    setting(DOMAINS="site", DATABASE_URL="", SIGNING_KEY="")
    assert get_secrets().origin_secrets == []


# --- rotation ---


def test_a_new_key_signs_once_every_function_has_read_it(vault: Store, clock: Clock) -> None:
    vault.secrets[ARN] |= {
        "signing_keys": [NEW, OLD, "x" * 32],
        "token_key": NEW,
        "token_key_previous": OLD,
        "tracker_key": NEW,
    }
    vault.created_at = clock.time()
    found = get_secrets()
    keys = [key.encode() for key in (OLD, NEW, "x" * 32)]
    assert found.signing_secrets == keys
    assert (found.token_secrets, found.tracker_secrets) == ([OLD, NEW], [NEW])
    clock.now += secrets.MAX_AGE + 31
    assert found.signing_secrets == [keys[1], keys[0], keys[2]]
    assert found.token_secrets == [NEW, OLD]


def rotate(setting: Callable[..., None]) -> None:
    setting(SIGNING_KEYS=json.dumps([NEW, "the signing key of the tests, long enough"]))


def test_a_cursor_outlives_a_rotation(setting: Callable[..., None]) -> None:
    before = cursors.encode([7], list="x")
    rotate(setting)
    assert cursors.decode(before, list="x") == [7]
    after = cursors.encode([7], list="x")
    assert after != before
    setting(SIGNING_KEYS=json.dumps([NEW]))
    assert cursors.decode(after, list="x") == [7]
    with pytest.raises(Exception, match="is not one of ours"):
        cursors.decode(before, list="x")


def test_a_servers_key_outlives_a_rotation_and_follows_it(
    store: str, setting: Callable[..., None]
) -> None:
    key = "sk_live_00c0ffee_" + "a" * 40
    db.query(
        """
        insert into shared.api_keys (key_id, key_hash, name, scopes, last_used_at)
        values ('00c0ffee', %s, 'harbour', '{logs:write}', now())
        """,
        (auth.hash_key(key),),
    )
    rotate(setting)
    auth.clear_cache()
    assert auth.authenticate(key)
    stored = db.fetch_value("select key_hash from shared.api_keys where key_id = '00c0ffee'")
    assert stored == auth.hash_key(key)
    auth.clear_cache()
    setting(SIGNING_KEYS=json.dumps([NEW]))
    assert auth.authenticate(key), "the old key may go"
    auth.clear_cache()
    assert auth.authenticate(key[:-1] + "b") is None


# --- the database's password ---


@pytest.fixture
def login(migrated: tuple[Any, str, str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Login]:
    _, admin_url, app_url = migrated
    own = Login(admin_url, app_url)
    yield own
    db.close_all()
    own.drop()


class Login:
    """A login of the functions' own, whose password a test changes."""

    name = "tiltyard_test_rotated"

    def __init__(self, admin_url: str, app_url: str) -> None:
        self._admin = psycopg.connect(admin_url, autocommit=True)
        self._app_url = app_url
        self._admin.execute("drop role if exists tiltyard_test_rotated")
        self._admin.execute("create role tiltyard_test_rotated login in role tiltyard_app")
        self.set_password("first")

    def set_password(self, password: str) -> None:
        self._admin.execute(
            sql.SQL("alter role tiltyard_test_rotated password {}").format(sql.Literal(password))
        )

    def url(self, password: str) -> str:
        parts = conninfo_to_dict(self._app_url) | {"user": self.name, "password": password}
        return make_conninfo(**parts)

    def drop(self) -> None:
        self._admin.execute("drop role tiltyard_test_rotated")
        self._admin.close()


def reconnect() -> None:
    db.close_all()


def test_a_rotated_password_counts_at_once(vault: Store, login: Login) -> None:
    vault.secrets[ARN]["url"] = login.url("first")
    reconnect()
    assert db.fetch_value("select current_user") == login.name
    login.set_password("second")
    vault.secrets[ARN]["url"] = login.url("second")
    reconnect()
    assert db.fetch_value("select current_user") == login.name
    assert len(vault.asked) == 2


def test_a_wrong_password_causes_no_storm(vault: Store, login: Login, clock: Clock) -> None:
    vault.secrets[ARN]["url"] = login.url("wrong")
    reconnect()
    for _ in range(5):
        with pytest.raises(db.DatabaseUnavailable):
            db.query("select 1")
    assert len(vault.asked) == 2, "at the start, and once more"
    clock.now += 5.1
    vault.secrets[ARN]["url"] = login.url("first")
    assert db.fetch_value("select current_user") == login.name
    assert len(vault.asked) == 3
