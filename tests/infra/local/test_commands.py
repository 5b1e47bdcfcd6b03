"""Every row of README's settings: it arrives at the functions, and a wrong one is refused."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import pytest
import yaml

from functions.shared.settings import Settings
from infra.local import commands, stack, timescale
from infra.local.gateway import Template
from infra.local.sam import ROOT
from infra.local.state import StackError
from infra.local.timescale import TimescaleError

TEMPLATE: dict[str, Any] = yaml.load((ROOT / "template.yaml").read_text(), Template)
URL = "postgresql://u:hush@127.0.0.1:1/d"
# What is set, the field of Settings it becomes, and what that holds.
ARRIVES: dict[str, tuple[str, str, Any]] = {
    "TILT_KEYS": ("required", "tilt_keys", "required"),
    "DATABASE_POOLER": ("true", "database_pooler", True),
    "INGEST": ("buffered", "ingest", "buffered"),
    "LOGS_IP_DAYS": ("7", "logs_ip_days", 7),
    "STAMINA_REGEN_PERCENT": ("0.25", "stamina_regen_percent", 0.25),
    "STAMINA_REGEN_INTERVAL": ("5", "stamina_regen_interval", 5),
    "GAME_MIN_CONTRIBUTION": ("1.5", "game_min_contribution", Decimal("1.5")),
    "LOGIN_FAILURES": ("6", "login_failures", 6),
    "ACCOUNT_FAILURES": ("11", "account_failures", 11),
    "REGISTRATIONS": ("7", "registrations", 7),
    "GENERAL_REQUESTS": ("2000", "general_requests", 2000),
    "BATTLE_UPDATES": ("600", "battle_updates", 600),
    "TRACKER_OPEN_ORGANIZER": ("1", "tracker_open_organizer", True),
    "PASSWORD_ROUNDS": ("5", "password_rounds", 5),
    "FANOUT_RATE": ("500", "fanout_rate", 500),
    "CORS_ORIGINS": (
        "https://a.example,http://localhost:3000",
        "allowed_origins",
        {"https://a.example", "http://localhost:3000"},
    ),
    "PASSWORD_RESET_URL": ("https://p.example/{token}?a=1&b", "password_reset_url", None),
    "AVATAR_URL": ("https://p.example/{steamId}?a=1&b", "avatar_url", None),
    "LOG_LEVEL": ("WARNING", "log_level", "WARNING"),
}
# These are in the secret and not among the parameters; tests/e2e/test_survival.py sees them arrive.
OWN_STORES = ("DATABASE_URL_TTT", "DATABASE_URL_TILT", "DATABASE_URL_LOGS")
SECRET = {"DATABASE_URL", "MIGRATE_URL", "API_KEY", *OWN_STORES}
# The local stack makes these itself: they are chosen when a stack is deployed to AWS.
DEPLOYED = {
    *("SIGNING_KEYS", "TOKEN_KEY", "TOKEN_KEY_PREVIOUS", "TRACKER_KEY", "TRACKER_KEY_PREVIOUS"),
    *("PASSWORD_PEPPER", "ORIGIN_SECRET", "ORIGIN_SECRET_PREVIOUS"),
    *("LIVE_IDLE", "LIVE_AGE"),  # at home, those of the edge
    *("MAIL_FROM", "MAIL_FOLDER"),
}
WRONG = [
    *(("PORT", value) for value in ("http", "-1", "65536", "8000 ", "٣")),
    *(("TILT_KEYS", value) for value in ("perhaps", "Required", "required,optional")),
    *(("DATABASE_POOLER", value) for value in ("maybe", "1", "yes", "TRUE", " true")),
    *(("INGEST", value) for value in ("queued", "Buffered", "1")),
    *(("LOGS_IP_DAYS", value) for value in ("0", "91", "month", "7.5", "-7")),
    *(("STAMINA_REGEN_PERCENT", value) for value in ("0", "0.0", "1.1", "10%", "-0.1", "0.0001")),
    *(("STAMINA_REGEN_INTERVAL", value) for value in ("0", "86401", "1.5")),
    *(("GAME_MIN_CONTRIBUTION", value) for value in ("-1", "101", "1%", "0.001", "1e1", "٣")),
    ("AVATAR_URL", "https://pictures.example/of-everybody"),
    ("AVATAR_URL", "https://pictures.example/{steamId} .png"),
    ("AVATAR_URL", 'https://pictures.example/{steamId}"'),
    *(("LOGIN_FAILURES", value) for value in ("0", "five", "1000001")),
    *(("ACCOUNT_FAILURES", value) for value in ("0", "-1")),
    *(("REGISTRATIONS", value) for value in ("0", "1e3")),
    *(("GENERAL_REQUESTS", value) for value in ("0", "many")),
    *(("BATTLE_UPDATES", value) for value in ("0", "often")),
    *(("TRACKER_OPEN_ORGANIZER", value) for value in ("yes", "true", "2")),
    *(("PASSWORD_ROUNDS", value) for value in ("3", "17", "12.5")),
    *(("FANOUT_RATE", value) for value in ("0", "fast")),
    *(("CORS_ORIGINS", value) for value in ("null", "a.example", "https://a.example/", "*,*")),
    ("PASSWORD_RESET_URL", "https://game.example/reset"),
    *(("LOG_LEVEL", value) for value in ("LOUD", "info", "10")),
    *(("API_KEY", value) for value in ("two words", "line\n", "kéy", "k" * 513)),
    *(("DATABASE_URL", value) for value in ("mysql is none of ours", URL)),
    *((name, value) for name in OWN_STORES for value in ("mysql is none of ours", URL)),
    *(("MIGRATE_URL", value) for value in ("mysql is none of ours", URL)),
]


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [*ARRIVES, *SECRET, "PORT"]:
        monkeypatch.delenv(name, raising=False)


def rows() -> list[str]:
    """The variables of README's table."""
    table = (ROOT / "README.md").read_text().partition("## Settings\n")[2].partition("\n## ")[0]
    return re.findall(r"^\| `([A-Z_]+)` \|", table, re.MULTILINE)


def environments(parameters: dict[str, str]) -> dict[str, dict[str, str]]:
    """The environment of each function of the template, deployed with these parameters."""
    defaults = {name: str(one.get("Default")) for name, one in TEMPLATE["Parameters"].items()}
    given = defaults | parameters
    everywhere = TEMPLATE["Globals"]["Function"]["Environment"]["Variables"]
    return {
        name: {
            variable: given.get(value, value) if isinstance(value, str) else str(value)
            for variable, value in {
                **everywhere,
                **resource["Properties"]["Environment"]["Variables"],
            }.items()
        }
        for name, resource in TEMPLATE["Resources"].items()
        if resource["Type"] == "AWS::Serverless::Function"
    }


def test_every_setting_is_tested_here() -> None:
    assert sorted(rows()) == sorted([*ARRIVES, *SECRET, *DEPLOYED, "PORT"])
    assert {name for name, _ in WRONG} == {*rows()} - DEPLOYED


@pytest.mark.parametrize("name", ARRIVES)
def test_a_setting_arrives_at_the_functions(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Regression: DATABASE_POOLER was in the table and reached nobody."""
    value, field, read = ARRIVES[name]
    monkeypatch.setenv(name, value)
    parameters = commands._parameters()
    assert parameters.keys() <= TEMPLATE["Parameters"].keys()
    found = {function: env for function, env in environments(parameters).items() if name in env}
    assert found
    for env in found.values():
        assert env[name] == value
        assert getattr(Settings.model_validate(env), field) == (read or value)


def test_whoever_has_a_database_hears_of_its_pooler() -> None:
    for name, env in environments({}).items():
        assert ("DATABASE_POOLER" in env) == ("SECRET_ARN" in env and name != "MigrateFunction")


def test_without_settings_the_table_holds() -> None:
    assert commands._port() == 8000
    assert commands._parameters() == {
        "LogLevel": "INFO",
        "TiltKeys": "optional",
        "DatabasePooler": "false",
        "Ingest": "direct",
        "LogsIpDays": "30",
        "StaminaRegenPercent": "0.1",
        "StaminaRegenInterval": "10",
        "GameMinContribution": "0",
        "LoginFailures": "5",
        "FanoutRate": "2000",
        "AccountFailures": "10",
        "Registrations": "100",
        "GeneralRequests": "1000",
        "BattleUpdates": "60",
        "TrackerOpenOrganizer": "0",
        "PasswordRounds": "12",
        "CorsOrigins": "*",
    }
    assert Settings.model_fields["avatar_url"].default == ""


def start() -> None:
    """What `make run` asks of its settings before anything else could be wrong with it."""
    commands._parameters()
    commands._port()
    timescale.start()


@pytest.mark.parametrize(("name", "value"), WRONG)
def test_a_wrong_setting_stops_the_start_and_names_itself(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    if name == "MIGRATE_URL":
        monkeypatch.setattr(timescale.given, "inspect", _only_if_migrates(timescale.given.inspect))
        monkeypatch.setenv("DATABASE_URL", "postgresql://pooler/d")
    with pytest.raises((StackError, TimescaleError), match=f"^{name} ") as refused:
        start()
    assert "hush" not in str(refused.value)


def _only_if_migrates(inspect: Any) -> Any:
    return lambda name, url: inspect(name, url) if name == "MIGRATE_URL" else ("17", "2.19")


def test_a_pooler_needs_a_way_past_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_POOLER", "true")
    assert commands._parameters()["DatabasePooler"] == "true"  # the private server has none
    monkeypatch.setenv("DATABASE_URL", URL)
    with pytest.raises(StackError, match="set MIGRATE_URL, too"):
        commands._parameters()
    monkeypatch.setenv("MIGRATE_URL", URL)
    assert commands._parameters()["DatabasePooler"] == "true"


def test_a_way_past_nothing_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MIGRATE_URL", URL)
    with pytest.raises(TimescaleError, match="MIGRATE_URL is set, but DATABASE_URL is not"):
        timescale.start()


def test_migrations_go_past_the_pooler(
    server: timescale.Server, pooled: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    passing = pooled(server.app_url)
    monkeypatch.setenv("DATABASE_URL", passing)
    monkeypatch.setenv("MIGRATE_URL", server.admin_url)
    found = timescale.start()
    assert (found.app_url, found.admin_url) == (passing, server.admin_url)


def test_an_api_key_of_ones_own_arrives_in_the_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("API_KEY", "mine")
    assert stack.secret_keys()["api_key"] == "mine"
