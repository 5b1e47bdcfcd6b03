"""What the environment tells a function, read and checked once; secrets are in secrets.py."""

from __future__ import annotations

import os
from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

Model = TypeVar("Model", bound=BaseModel)

# A page's origin as browsers write it: no path, no upper case.
ORIGIN = r"[a-z][a-z0-9+.-]*://(?:[a-z0-9.-]+|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?"


class WrongSettingError(Exception):
    """An environment variable is missing or wrong; says which, and never its value."""


class Settings(BaseModel):
    """Every environment variable that the functions read, but for secrets."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    domains: str = Field("tilt,site", alias="DOMAINS")
    secret_arn: str = Field("", alias="SECRET_ARN")
    database_pooler: bool = Field(False, alias="DATABASE_POOLER")
    password_rounds: int = Field(12, alias="PASSWORD_ROUNDS", ge=4, le=16)
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
    lake_bucket: str = Field("", alias="LAKE_BUCKET")
    spool_dead_letters_url: str = Field("", alias="SPOOL_DEAD_LETTERS_URL")
    scheduler_dead_letters_url: str = Field("", alias="SCHEDULER_DEAD_LETTERS_URL")
    live_endpoint: str = Field("", alias="LIVE_ENDPOINT")
    live_function: str = Field("", alias="LIVE_FUNCTION")
    live_delays_url: str = Field("", alias="LIVE_DELAYS_URL")
    # After how many seconds the gateway closes a socket: without a message, and at all.
    live_idle: float = Field(600.0, alias="LIVE_IDLE", gt=0)
    live_age: float = Field(7200.0, alias="LIVE_AGE", gt=0)
    fanout_rate: int = Field(2000, alias="FANOUT_RATE", ge=1)
    # Origins of pages, separated by commas, or * for all of them.
    cors_origins: str = Field(
        "*", alias="CORS_ORIGINS", pattern=rf"^\s*(?:\*|{ORIGIN}(?:\s*,\s*{ORIGIN})*)\s*$"
    )
    stack_name: str = Field("tiltyard", alias="STACK_NAME", min_length=1)
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", alias="LOG_LEVEL")

    @property
    def domain_names(self) -> list[str]:
        return _split(self.domains)

    @property
    def allowed_origins(self) -> frozenset[str]:
        """CORS_ORIGINS one by one."""
        return frozenset(_split(self.cors_origins))

    @property
    def secret_arns(self) -> list[str]:
        """The secrets that hold this function's keys and passwords; none where it has a setting
        for each of them."""
        return _split(self.secret_arn)


def _split(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


@cache
def settings() -> Settings:
    """The settings of this process; raises WrongSettingError naming the variable."""
    return read_model(Settings, os.environ)


def read_model(model: type[Model], values: Mapping[str, Any]) -> Model:
    """A model of these variables; raises WrongSettingError naming those that are wrong."""
    try:
        return model.model_validate(values)
    except ValidationError as error:
        names = ", ".join(sorted({str(problem["loc"][0]) for problem in error.errors()}))
        raise WrongSettingError(f"Wrong value in the environment: {names}.") from None
