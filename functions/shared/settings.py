"""What the environment tells a function, read and checked once."""

from __future__ import annotations

import os
import re
from decimal import Decimal
from functools import cache, cached_property
from typing import Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)

MAIN = "main"  # the store of all domains that have none of their own


class WrongSettingError(Exception):
    """An environment variable is missing or wrong; says which, and never its value."""


class Settings(BaseModel):
    """Every environment variable that the functions read."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    domains: str = Field("tilt,site", alias="DOMAINS")
    database_url: SecretStr = Field(SecretStr(""), alias="DATABASE_URL")
    database_url_ttt: SecretStr = Field(SecretStr(""), alias="DATABASE_URL_TTT")
    database_url_tilt: SecretStr = Field(SecretStr(""), alias="DATABASE_URL_TILT")
    database_url_logs: SecretStr = Field(SecretStr(""), alias="DATABASE_URL_LOGS")
    database_pooler: bool = Field(False, alias="DATABASE_POOLER")
    api_key: SecretStr = Field(SecretStr(""), alias="API_KEY")
    signing_key: SecretStr = Field(SecretStr(""), alias="SIGNING_KEY")
    token_key: SecretStr = Field(SecretStr(""), alias="TOKEN_KEY")
    token_key_previous: SecretStr = Field(SecretStr(""), alias="TOKEN_KEY_PREVIOUS")
    tracker_key: SecretStr = Field(SecretStr(""), alias="TRACKER_KEY")
    tracker_key_previous: SecretStr = Field(SecretStr(""), alias="TRACKER_KEY_PREVIOUS")
    password_pepper: SecretStr = Field(SecretStr(""), alias="PASSWORD_PEPPER")
    password_rounds: int = Field(12, alias="PASSWORD_ROUNDS", ge=4, le=16)
    origin_secret: SecretStr = Field(SecretStr(""), alias="ORIGIN_SECRET")
    login_failures: int = Field(5, alias="LOGIN_FAILURES", ge=1)
    account_failures: int = Field(10, alias="ACCOUNT_FAILURES", ge=1)
    registrations: int = Field(100, alias="REGISTRATIONS", ge=1)
    general_requests: int = Field(1000, alias="GENERAL_REQUESTS", ge=1)
    battle_updates: int = Field(60, alias="BATTLE_UPDATES", ge=1)
    tracker_open_organizer: bool = Field(False, alias="TRACKER_OPEN_ORGANIZER")
    mail_from: str = Field("", alias="MAIL_FROM")
    mail_folder: str = Field("", alias="MAIL_FOLDER")
    password_reset_url: str = Field("", alias="PASSWORD_RESET_URL")
    stamina_regen_percent: float = Field(0.1, alias="STAMINA_REGEN_PERCENT", gt=0, le=1)
    stamina_regen_interval: int = Field(10, alias="STAMINA_REGEN_INTERVAL", ge=1, le=86_400)
    game_min_contribution: Decimal = Field(
        Decimal(0), alias="GAME_MIN_CONTRIBUTION", ge=0, le=100, decimal_places=2
    )
    tilt_keys: Literal["required", "optional"] = Field("required", alias="TILT_KEYS")
    logs_ip_days: int = Field(30, alias="LOGS_IP_DAYS", ge=1, le=90)
    avatar_url: str = Field("", alias="AVATAR_URL", pattern=r"^(\S*\{steamId\}\S*)?$")
    ingest: Literal["direct", "buffered"] = Field("direct", alias="INGEST")
    spool_queue_url: str = Field("", alias="SPOOL_QUEUE_URL")
    exports_bucket: str = Field("", alias="EXPORTS_BUCKET")
    spool_dead_letters_url: str = Field("", alias="SPOOL_DEAD_LETTERS_URL")
    scheduler_dead_letters_url: str = Field("", alias="SCHEDULER_DEAD_LETTERS_URL")
    live_endpoint: str = Field("", alias="LIVE_ENDPOINT")
    live_function: str = Field("", alias="LIVE_FUNCTION")
    live_delays_url: str = Field("", alias="LIVE_DELAYS_URL")
    # After how many seconds the gateway closes a socket: without a message, and at all.
    live_idle: float = Field(600.0, alias="LIVE_IDLE", gt=0)
    live_age: float = Field(7200.0, alias="LIVE_AGE", gt=0)
    fanout_rate: int = Field(2000, alias="FANOUT_RATE", ge=1)
    stack_name: str = Field("tiltyard", alias="STACK_NAME", min_length=1)
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", alias="LOG_LEVEL")

    @property
    def domain_names(self) -> list[str]:
        return [name.strip() for name in self.domains.split(",") if name.strip()]

    @cached_property
    def database_urls(self) -> dict[str, str]:
        """By store: `main`, and domains with a URL of their own."""
        given = {
            MAIN: self.database_url,
            "ttt": self.database_url_ttt,
            "tilt": self.database_url_tilt,
            "logs": self.database_url_logs,
        }
        return {name: url.get_secret_value() for name, url in given.items() if url or name == MAIN}

    @cached_property
    def stores(self) -> dict[str, str]:
        """By domain with a URL of its own, the first name under which that URL is given."""
        first: dict[str, str] = {}
        for name, url in self.database_urls.items():
            first.setdefault(url, name)
        return {name: first[url] for name, url in self.database_urls.items()}

    @property
    def token_secrets(self) -> list[str]:
        """TOKEN_KEY, then the one that it replaces, if any; raises WrongSettingError without."""
        return _in_use("TOKEN_KEY", self.token_key, self.token_key_previous)

    @property
    def tracker_secrets(self) -> list[str]:
        """TRACKER_KEY, then the one that it replaces, if any; raises WrongSettingError without."""
        return _in_use("TRACKER_KEY", self.tracker_key, self.tracker_key_previous)

    @field_validator("api_key")
    @classmethod
    def _can_be_sent(cls, key: SecretStr) -> SecretStr:
        """A key that ends with a line break, as secrets out of files do, would match none sent."""
        if not re.fullmatch(r"[!-~]{0,512}", key.get_secret_value()):
            raise WrongSettingError("API_KEY must be up to 512 ASCII characters without spaces.")
        return key

    @model_validator(mode="after")
    def _stores_are_reachable(self) -> Settings:
        if set(self.domain_names) <= {"site"}:
            return self
        for store, url in self.database_urls.items():
            _check_url(url, "DATABASE_URL" if store == MAIN else f"DATABASE_URL_{store.upper()}")
        if len(self.signing_key.get_secret_value()) < 32:
            raise WrongSettingError(
                "SIGNING_KEY must have 32 characters or more: it signs cursors."
            )
        for key, name in (
            (self.token_key, "TOKEN_KEY"),
            (self.token_key_previous, "TOKEN_KEY_PREVIOUS"),
            (self.tracker_key, "TRACKER_KEY"),
            (self.tracker_key_previous, "TRACKER_KEY_PREVIOUS"),
            (self.password_pepper, "PASSWORD_PEPPER"),
        ):
            if 0 < len(key.get_secret_value()) < 32:
                raise WrongSettingError(f"{name} must have 32 characters or more.")
        return self


def _in_use(name: str, current: SecretStr, previous: SecretStr) -> list[str]:
    if not current.get_secret_value():
        raise WrongSettingError(f"{name} is missing.")
    return [key.get_secret_value() for key in (current, previous) if key.get_secret_value()]


def _check_url(url: str, name: str) -> None:
    from psycopg import ProgrammingError  # only functions with a database pay for the import
    from psycopg.conninfo import conninfo_to_dict

    if not url:
        raise WrongSettingError(f"{name} is missing: the PostgreSQL URL of the store.")
    try:
        conninfo_to_dict(url)
    except ProgrammingError:
        raise WrongSettingError(f"{name} is not a PostgreSQL URL.") from None


@cache
def settings() -> Settings:
    """The settings of this process; raises WrongSettingError naming the variable."""
    try:
        return Settings.model_validate(dict(os.environ))
    except ValidationError as error:
        names = ", ".join(sorted({str(problem["loc"][0]) for problem in error.errors()}))
        raise WrongSettingError(f"Wrong value in the environment: {names}.") from None
