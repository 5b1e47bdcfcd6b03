"""A few days of a community, played through every domain's routes, and a login that reads them."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from functions.accounts import signing_keys
from functions.live import later
from functions.rollups import refresh, retention
from functions.shared import auth, db, tracker_tokens
from functions.shared.secrets import clear_cache as forget_secrets
from infra.ops import analysts as command
from schema.engine.migrate import migrate
from tests.support.armies import make_army
from tests.support.battles import claim, make_battle, win
from tests.support.client import Client
from tests.support.game import buy, drawing, make_operator, make_player, player_id
from tests.support.live import door
from tests.support.logs.panel import connect as connect_event
from tests.support.logs.panel import make_server, say, send, stamp
from tests.support.rollups import connect
from tests.support.server import API_KEY
from tests.support.tracker_battles import Duel, act, done, make_duel
from tests.support.ttt.example import FIRST, SECOND

EVENING = datetime(2026, 3, 2, 19, tzinfo=UTC)
_ANA, _BO = "STEAM_0:1:12", "STEAM_0:0:13"


@pytest.fixture(scope="session")
def played(new_database: Callable[[], tuple[str, str]]) -> tuple[str, str]:
    """The URLs (for the admin, for the functions) of a database where all was played."""
    admin_url, app_url = new_database()
    migrate(admin_url)
    with functions_of(app_url) as patch:
        play(app_url, patch)
    return admin_url, app_url


@pytest.fixture(scope="session")
def community(played: tuple[str, str]) -> Iterator[str]:
    """The URL of an analyst's login, made by the command, on a database where all was played."""
    admin_url, _ = played
    name = f"reader_{secrets.token_hex(4)}"
    with psycopg.connect(admin_url, autocommit=True) as admin:
        url = command.add_login(admin, name, admin_url)
        yield url
        command.remove_login(admin, name)


@contextmanager
def functions_of(url: str) -> Iterator[pytest.MonkeyPatch]:
    """The functions work on this database for as long as the block runs."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DATABASE_URL", url)
        _forget()
        yield patch
    _forget()


def _forget() -> None:
    db.close_all()
    for clear in (forget_secrets, auth.clear_cache, signing_keys.clear_cache):
        clear()
    tracker_tokens.clear_cache()


def play(url: str, patch: pytest.MonkeyPatch) -> None:
    """Everything that is counted, half of it before a refresh and half of it after."""
    patch.setattr(later, "invoke", lambda *_, **__: True)
    with connect(url) as connection:
        retention.set_retention(connection, "logs.events", 36_500)
        _post("/api/collect", FIRST)
        _vent("ana", 0, 3.5, ("rage-keywords", 4, 0.85), ("rapid-messages", 3, 0.7))
        _chat()
        _raid()
        _duel()
        assert refresh.run(connection).left == 0
        _post("/api/collect", SECOND)
        _vent("bo", 60, 8, ("rage-keywords", 9, None))
        _vent("ana", 26, 1.25)
        assert refresh.run(connection).left == 0
        _vent("ana", 27, 2)


def _post(path: str, body: dict[str, Any]) -> None:
    answered = Client({"X-Api-Key": API_KEY}).post(path, body)
    assert answered.status in {200, 201}, answered.text


Signal = tuple[str, float, float | None]  # kind, severity and confidence


def _vent(user_id: str, hours: int, score: float, *signals: Signal) -> None:
    moment = EVENING + timedelta(hours=hours)
    sent = [
        {"type": kind, "severity": severity, "confidence": confidence}
        for kind, severity, confidence in signals
    ]
    body = {"userId": user_id, "timestamp": moment.timestamp() * 1000, "tiltScore": score}
    _post("/api/tilt/events", {**body, "signals": sent, "context": "discord-dm"})


def _chat() -> None:
    """An evening on a sandbox server, and a round on one of TTT."""
    harbour, cellar = make_server(), make_server("srv_02", "TTT")
    times = [EVENING + timedelta(minutes=minutes) for minutes in range(0, 60, 10)]
    here = {"map": "gm_construct", "playerCount": 2}
    send(
        harbour,
        connect_event(_ANA, "198.51.100.8", times[0], **here),
        connect_event(_BO, "198.51.100.9", times[1], **here),
        say("hello", times[2], _ANA, **here),
        {"type": "PROP_SPAWN", "timestamp": stamp(times[3]), "steamId": _BO, **here},
        {"type": "DISCONNECT", "timestamp": stamp(times[4]), "steamId": _ANA, **here},
        {"type": "DISCONNECT", "timestamp": stamp(times[5]), "steamId": _BO, **here},
    )
    killed = {
        **{"attackerSteamId": _ANA, "attackerRole": "traitor", "roundId": "r1"},
        **{"victimSteamId": _BO, "victimRole": "innocent"},
    }
    next_day = {"map": "ttt_harbor", "playerCount": 8}
    at = stamp(EVENING + timedelta(days=1))
    ended = {"roundId": "r1", "winner": "2"}
    send(
        cellar,
        {"type": "KILL", "timestamp": at, "steamId": _BO, "metadata": killed, **next_day},
        {"type": "ROUND_END", "timestamp": at, "metadata": ended, **next_day},
    )
    answered = harbour.post("/api/servers/heartbeat", {"map": "gm_construct", "playerCount": 3})
    assert answered.status == 200, answered.text


def _raid() -> None:
    """Mira and Otto join a battle, Mira alone fights and claims; what she is given, she spends."""
    mira, otto, ada = make_player("Mira_K"), make_player("Otto_B"), make_operator("Ada_L")
    battle = make_battle()
    with drawing(0):
        assert otto.post(f"/api/battles/join/{battle}").status == 200
        win(mira, battle)
        assert claim(mira, battle).status == 200
    prize = {"gold": 500, "gems": 20, "reason": "a prize"}
    answered = ada.post(f"/api/admin/players/{player_id(mira)}/grant", prize)
    assert answered.status == 200, answered.text
    buy(mira, "fury-10")


def _duel() -> None:
    """Two battles of the tracker between Necrons and Orks, the first followed by a socket."""
    duel = make_duel()
    orks = make_army(duel.nils, faction_id="fac_orks", detachment="War Horde")["id"]
    duel = duel._replace(armies=(duel.armies[0], orks))
    battle = duel.make()
    token = duel.mira.headers["Authorization"].removeprefix("Bearer ")
    assert door.connect("socket", {"tracker": battle["id"], "token": token})["statusCode"] == 200
    done(act(duel.mira, battle, "start", first_player_id=duel.mira_id))
    _complete(duel, battle, 80, 60)
    _complete(duel, duel.make(), 50, 50)


def _complete(duel: Duel, battle: dict[str, Any], mira: int, nils: int) -> None:
    scores = {duel.mira_id: {"victory_points": mira}, duel.nils_id: {"victory_points": nils}}
    done(duel.mira.post(f"/v1/battles/{battle['id']}/complete", {"final_scores": scores}))
