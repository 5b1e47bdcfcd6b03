"""The site's configuration: one document that staff edit and the public home page reads."""

from __future__ import annotations

from typing import Any

from psycopg.types.json import Jsonb
from pydantic import BaseModel, ConfigDict, RootModel

from functions.shared import db, json_codec
from functions.shared.errors import Invalid

MAX_BYTES = 256 * 1024
_MAX_RULES = 200  # a list; every event is held against each
_LONGEST_RULE = 256
# The panel's editor shows the first plan, and nothing at all where there is none.
_PLAN: dict[str, Any] = {
    "id": "vip",
    "name": "VIP",
    "price": 10,
    "color": "#f97316",
    "benefits": {
        "TTT": ["Reserved slot"],
        "Sandbox": ["Reserved slot"],
        "Murder": ["Reserved slot"],
    },
}
# What the home page cannot do without, and the kind of each value.
_DEFAULTS: dict[str, dict[str, Any]] = {
    "general": {"siteName": "Tiltyard", "primaryColor": "#f97316"},
    "social": {"discordUrl": "", "steamGroupUrl": ""},
    "home": {
        "heroTitle": "Tiltyard",
        "heroTitleHighlight": "",
        "heroSubtitleSegments": [{"text": "Game servers of a community.", "color": "#a1a1aa"}],
        "heroButtonText": "Play",
        "heroBackgroundUrl": "",
        "feature1Title": "Fair play",
        "feature1Desc": "Staff who see what happens on every server.",
        "feature2Title": "Statistics",
        "feature2Desc": "Playtime, rounds and ranks of every player.",
        "feature3Title": "Always there",
        "feature3Desc": "Several servers and game modes, around the clock.",
    },
    "vip": {
        "promoTextPrefix": "",
        "promoTextHighlight": "",
        "promoTextSuffix": "",
        "plans": [_PLAN],
    },
    "logs": {"ignoredTools": [], "ignoredCommands": [], "rawTextFilters": []},
}


class Config(BaseModel):
    """The whole document; other keys are kept as they are."""

    model_config = ConfigDict(extra="allow", defer_build=True)

    general: dict[str, Any]
    social: dict[str, Any]
    home: dict[str, Any]
    vip: dict[str, Any]
    logs: dict[str, Any]


class NewConfig(BaseModel):
    """The site's configuration as it replaces the one before; what is absent gets its default."""

    model_config = ConfigDict(extra="allow", defer_build=True)

    general: dict[str, Any] | None = None
    social: dict[str, Any] | None = None
    home: dict[str, Any] | None = None
    vip: dict[str, Any] | None = None
    logs: dict[str, Any] | None = None


class Transactions(RootModel[list[Any]]):
    """What was sold: nothing."""

    model_config = ConfigDict(defer_build=True)


def get_config() -> dict[str, Any]:
    """What staff configured, with what the home page needs filled in. One round trip."""
    return _filled(db.fetch_value("select config from logs.site_config") or {})


def set_config(body: str, actor: str) -> dict[str, Any]:
    """Replaces the configuration by a JSON body and returns it; raises BadRequest and Invalid."""
    payload = json_codec.loads(body)
    if not isinstance(payload, dict):
        raise Invalid("Invalid body", [{"field": "body", "problem": "must be an object"}])
    _check(payload)
    db.query(
        """
        with noted as (
          insert into shared.audit (action, subject, actor)
          values ('site.configure', 'site', %s)
        )
        insert into logs.site_config (config)
        values (%s)
        on conflict (is_only) do update
        set config = excluded.config,
          changed_at = now()
        """,
        (actor, Jsonb(payload)),
    )
    return _filled(payload)


def _filled(stored: dict[str, Any]) -> dict[str, Any]:
    filled = {name: value for name, value in stored.items() if value is not None}
    for name, defaults in _DEFAULTS.items():
        given = {key: value for key, value in filled.get(name, {}).items() if value is not None}
        filled[name] = defaults | given
    filled["vip"]["plans"] = filled["vip"]["plans"] or [_PLAN]
    return filled


def _check(payload: dict[str, Any]) -> None:
    """Refuses what the home page could not show, and what cannot be a rule."""
    for name, defaults in _DEFAULTS.items():
        given = payload.get(name)
        if given == []:  # Lua's empty table
            given = payload[name] = {}
        if given is not None and not isinstance(given, dict):
            _refuse(name, "must be an object")
        for key, default in defaults.items():
            value = (given or {}).get(key)
            if value is not None and not isinstance(value, type(default)):
                _refuse(
                    f"{name}.{key}", f"must be {'a list' if isinstance(default, list) else 'text'}"
                )
    for key in _DEFAULTS["logs"]:
        rules = (payload.get("logs") or {}).get(key) or []
        if len(rules) > _MAX_RULES:
            _refuse(f"logs.{key}", f"must have at most {_MAX_RULES} entries")
        if not all(isinstance(one, str) and len(one) <= _LONGEST_RULE for one in rules):
            _refuse(f"logs.{key}", f"must hold texts of at most {_LONGEST_RULE} characters")


def _refuse(field: str, problem: str) -> None:
    raise Invalid(f"Invalid {field}", [{"field": field, "problem": problem}])
