"""Keys and passwords of a function, from the secrets that SECRET_ARN names.

They are read when a function starts and again every few minutes while it works, so that what was
rotated counts without a deployment. What cannot be read again stays as it was. An environment
variable of a name wins: tests and commands of operators have no secret, and ask nobody.
"""

from __future__ import annotations

import json
import math
import os
import random
import re
import time
from collections.abc import Mapping
from contextlib import suppress
from functools import cached_property
from threading import Lock
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from functions.shared import log
from functions.shared.errors import DatabaseUnavailable
from functions.shared.settings import WrongSettingError, read_model, settings

# Seconds after which they are read again, or up to a fifth less, so that not all ask at once.
MAX_AGE = 300.0
_SETTLED = MAX_AGE + 30.0  # seconds of a change after which nobody works with what it replaced
_RETRY = 30.0  # seconds after which what could not be read again is tried anew
_PAUSE = 5.0  # seconds between calls while there are none, or while the password is refused
_MIN_LENGTH = 32
MAIN = "main"  # the store of all domains that have none of their own


class SecretUnavailable(DatabaseUnavailable):
    """The secret cannot be read: nothing can be served without its keys and the database's URL."""


class Secrets(BaseModel):
    """What must not be seen: no repr, log or traceback holds it."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    database_url: SecretStr = Field(SecretStr(""), alias="DATABASE_URL")
    database_url_ttt: SecretStr = Field(SecretStr(""), alias="DATABASE_URL_TTT")
    database_url_tilt: SecretStr = Field(SecretStr(""), alias="DATABASE_URL_TILT")
    database_url_logs: SecretStr = Field(SecretStr(""), alias="DATABASE_URL_LOGS")
    api_key: SecretStr = Field(SecretStr(""), alias="API_KEY")
    signing_keys: tuple[SecretStr, ...] = Field((), alias="SIGNING_KEYS")
    token_key: SecretStr = Field(SecretStr(""), alias="TOKEN_KEY")
    token_key_previous: SecretStr = Field(SecretStr(""), alias="TOKEN_KEY_PREVIOUS")
    tracker_key: SecretStr = Field(SecretStr(""), alias="TRACKER_KEY")
    tracker_key_previous: SecretStr = Field(SecretStr(""), alias="TRACKER_KEY_PREVIOUS")
    password_pepper: SecretStr = Field(SecretStr(""), alias="PASSWORD_PEPPER")
    origin_secret: SecretStr = Field(SecretStr(""), alias="ORIGIN_SECRET")
    origin_secret_previous: SecretStr = Field(SecretStr(""), alias="ORIGIN_SECRET_PREVIOUS")
    created_at: float = 0.0  # Unix seconds

    @cached_property
    def database_urls(self) -> dict[str, str]:
        """By store: `main`, and domains with a URL of their own."""
        own = {
            "ttt": self.database_url_ttt,
            "tilt": self.database_url_tilt,
            "logs": self.database_url_logs,
        }
        given = {name: url.get_secret_value() for name, url in own.items() if url}
        return {MAIN: self.database_url.get_secret_value(), **given}

    @cached_property
    def stores(self) -> dict[str, str]:
        """By domain with a URL of its own, the first name under which that URL is given."""
        first: dict[str, str] = {}
        for name, url in self.database_urls.items():
            first.setdefault(url, name)
        return {name: first[url] for name, url in self.database_urls.items()}

    @property
    def signing_secrets(self) -> list[bytes]:
        """SIGNING_KEYS: the first one signs, each verifies."""
        return [key.encode() for key in self._in_use("SIGNING_KEYS", *self.signing_keys)]

    @property
    def token_secrets(self) -> list[str]:
        """TOKEN_KEY and TOKEN_KEY_PREVIOUS: the first one signs, each verifies."""
        return self._in_use("TOKEN_KEY", self.token_key, self.token_key_previous)

    @property
    def tracker_secrets(self) -> list[str]:
        """TRACKER_KEY and TRACKER_KEY_PREVIOUS: the first one signs, each verifies."""
        return self._in_use("TRACKER_KEY", self.tracker_key, self.tracker_key_previous)

    @property
    def origin_secrets(self) -> list[bytes]:
        """What the distribution may send; none where there is none."""
        keys = (self.origin_secret, self.origin_secret_previous)
        return [key.get_secret_value().encode() for key in keys if key]

    def _in_use(self, name: str, *keys: SecretStr) -> list[str]:
        """Those that are given, the one that signs first: the newest, once every function that
        runs has read it; raises WrongSettingError without any."""
        given = [key.get_secret_value() for key in keys if key]
        if not given or not keys[0]:
            raise WrongSettingError(f"{name} is missing.")
        if time.time() < self.created_at + _SETTLED:
            given[:2] = given[1::-1]
        return given

    @field_validator("signing_keys", mode="before")
    @classmethod
    def _parse_list(cls, keys: Any) -> Any:
        return json.loads(keys) if isinstance(keys, str) else keys

    @field_validator("api_key")
    @classmethod
    def _can_be_sent(cls, key: SecretStr) -> SecretStr:
        """A key that ends with a line break, as secrets out of files do, would match none sent."""
        if not re.fullmatch(r"[!-~]{0,512}", key.get_secret_value()):
            raise WrongSettingError("API_KEY must be up to 512 ASCII characters without spaces.")
        return key

    @model_validator(mode="after")
    def _keys_are_long(self) -> Secrets:
        keys = {
            "TOKEN_KEY": self.token_key,
            "TOKEN_KEY_PREVIOUS": self.token_key_previous,
            "TRACKER_KEY": self.tracker_key,
            "TRACKER_KEY_PREVIOUS": self.tracker_key_previous,
            "PASSWORD_PEPPER": self.password_pepper,
        }
        for name, key in keys.items():
            if 0 < len(key.get_secret_value()) < _MIN_LENGTH:
                raise WrongSettingError(f"{name} must have 32 characters or more.")
        return self

    def check_store(self) -> None:
        """Raises WrongSettingError unless they lead to a store."""
        for store, url in self.database_urls.items():
            _check_url("DATABASE_URL" if store == MAIN else f"DATABASE_URL_{store.upper()}", url)
        if min(map(len, self.signing_keys), default=0) < _MIN_LENGTH:
            raise WrongSettingError(
                "SIGNING_KEYS must be one key or more, of 32 characters or more: they sign cursors."
            )


_lock = Lock()
_held: Secrets | None = None
_due = 0.0  # monotonic seconds
_paused_until = 0.0  # monotonic seconds


def get_secrets() -> Secrets:
    """The secrets as they are now, the same object until they change.

    Raises SecretUnavailable, or WrongSettingError where the environment holds them. A call every
    four to five minutes.
    """
    held = _held
    if held is not None and time.monotonic() < _due:
        return held
    with _lock:
        if _held is None or time.monotonic() >= _due:
            _read()
        assert _held
        return _held


def preload() -> None:
    """Reads them while a function starts. What cannot be read is tried again by its requests."""
    with suppress(SecretUnavailable):
        get_secrets()


def renew_after(error: Exception) -> bool:
    """Reads them again after a connection was refused for its password; whether they have changed.

    One call, and none within five seconds of the last one: a wrong password causes no storm.
    """
    global _paused_until
    # SQLSTATE 28P01, but libpq tells no SQLSTATE of a connection that was not made.
    if not re.search("(password|SASL) authentication failed", str(error)):
        return False
    with _lock:
        if not settings().secret_arns or time.monotonic() < _paused_until:
            return False
        is_new = _read()
        _paused_until = time.monotonic() + _PAUSE
        return is_new


def clear_cache() -> None:
    """Makes this process read them, and the other settings, at their next use."""
    global _held, _due, _paused_until
    settings.cache_clear()
    _held, _due, _paused_until = None, 0.0, 0.0


def _read() -> bool:
    """Whether what is held has changed; raises SecretUnavailable where nothing is."""
    global _held, _due, _paused_until
    if not settings().secret_arns:
        _held, _due = _parse(_read_environment()), math.inf
        return True
    from functions.shared import secret_store  # what has no secret need not import how to ask

    now = time.monotonic()
    if _held is None and now < _paused_until:
        raise SecretUnavailable
    try:
        found = secret_store.read_values(settings().secret_arns)
        fresh = _parse(found | _read_environment())
    except (secret_store.SecretStoreError, WrongSettingError) as error:
        log.event("secret.unavailable", level="ERROR", reason=str(error), kept=_held is not None)
        _due, _paused_until = now + _RETRY, time.monotonic() + _PAUSE
        if _held is None:
            raise SecretUnavailable from None
        return False
    _due = now + MAX_AGE * random.uniform(0.8, 1.0)  # noqa: S311  no secret
    is_new = fresh != _held
    if is_new:  # else the same object: what was made of it, and is kept by it, stays
        _held = fresh
    return is_new


def _read_environment() -> dict[str, Any]:
    """What it says, in which SIGNING_KEY alone is a list of one."""
    alone = os.environ.get("SIGNING_KEY")
    return ({} if alone is None else {"SIGNING_KEYS": [alone]}) | dict(os.environ)


def _parse(values: Mapping[str, Any]) -> Secrets:
    found = read_model(Secrets, values)
    if not set(settings().domain_names) <= {"site"}:
        found.check_store()
    return found


def _check_url(name: str, url: str) -> None:
    from psycopg import ProgrammingError  # only functions with a database pay for the import
    from psycopg.conninfo import conninfo_to_dict

    if not url:
        raise WrongSettingError(f"{name} is missing: the PostgreSQL URL of the store.")
    try:
        conninfo_to_dict(url)
    except ProgrammingError:
        raise WrongSettingError(f"{name} is not a PostgreSQL URL.") from None
