"""`/api/battles`: battles, joining, striking and claiming; and `/battles/{battle_id}/resurrect`.

Some operations have two paths: one of the API's first description and one of its client.
"""

from __future__ import annotations

from http import HTTPStatus

from functions.game import attacks, battles, loot
from functions.game.calls import MAX_BYTES, build_call, player
from functions.shared.request import Request
from functions.shared.response import Response
from functions.shared.routing import Routes

routes = Routes(__name__, family="game", prefix="/api/battles/")
UNKNOWN = "There is no such battle"
JOIN_ANSWERS = {
    HTTPStatus.OK: battles.Joined,
    HTTPStatus.NOT_FOUND: UNKNOWN,
    HTTPStatus.BAD_REQUEST: "It is over or full, or the player lacks level or stamina",
}
ATTACK_ANSWERS = {
    HTTPStatus.OK: attacks.Attacked,
    HTTPStatus.NOT_FOUND: UNKNOWN,
    HTTPStatus.BAD_REQUEST: "No such enemy, or it is defeated; or not in the battle; or too tired",
}
CLAIM_ANSWERS = {
    HTTPStatus.OK: loot.Claimed,
    HTTPStatus.NOT_FOUND: UNKNOWN,
    HTTPStatus.BAD_REQUEST: "The battle is not completed, or the loot is claimed, or not theirs",
}
RESURRECT_ANSWERS = {
    HTTPStatus.NOT_FOUND: "There is no such battle, or the player is not in it",
    HTTPStatus.BAD_REQUEST: "It is no boss raid, or the player is not dead",
}


@routes.get("/api/battles/available", guard=player, answers={HTTPStatus.OK: battles.Battles})
def list_battles(request: Request) -> Response:
    """Returns open standard battles that the player's level may join, the newest 20."""
    return battles.list_battles(build_call(request), "standard")


@routes.get(
    "/api/battles/boss-raids/available", guard=player, answers={HTTPStatus.OK: battles.Battles}
)
def list_raids(request: Request) -> Response:
    """Returns open boss raids, of every level, the newest 20."""
    return battles.list_battles(build_call(request), "boss_raid")


@routes.get(
    "/api/battles/history/me",
    guard=player,
    query=battles.HistoryQuery,
    answers={HTTPStatus.OK: battles.OwnBattles},
)
def list_own(request: Request, query: battles.HistoryQuery) -> Response:
    """Returns the battles that the player joined, newest first."""
    return battles.list_own(build_call(request), query.limit)


@routes.get(
    "/api/battles/history",
    guard=player,
    query=battles.HistoryQuery,
    answers={HTTPStatus.OK: battles.OwnBattles},
)
def list_own_by_path(request: Request, query: battles.HistoryQuery) -> Response:
    """Returns the battles that the player joined, newest first."""
    return battles.list_own(build_call(request), query.limit)


@routes.get(
    "/api/battles/{battle_id}",
    guard=player,
    query=battles.BattlePath,
    answers={HTTPStatus.OK: battles.Battle, HTTPStatus.NOT_FOUND: UNKNOWN},
)
def get_battle(request: Request, path: battles.BattlePath) -> Response:
    """Returns a battle with its enemies and players, also one that is over."""
    return battles.get_battle(build_call(request), path.battle_id)


@routes.get(
    "/api/battles/{battle_id}/logs",
    guard=player,
    query=battles.LogsQuery,
    answers={HTTPStatus.OK: battles.Logs, HTTPStatus.NOT_FOUND: UNKNOWN},
)
def list_logs(request: Request, query: battles.LogsQuery) -> Response:
    """Returns the last blows and defeats but for the newest `offset`, oldest first."""
    return battles.list_logs(build_call(request), query)


@routes.post(
    "/api/battles/join/{battle_id}",
    idempotent=True,
    guard=player,
    query=battles.BattlePath,
    answers=JOIN_ANSWERS,
)
def join(request: Request, path: battles.BattlePath) -> Response:
    """Joins a battle. Who has joined is let in again, at no cost."""
    return battles.join(build_call(request), path.battle_id)


@routes.post(
    "/api/battles/{battle_id}/attack",
    idempotent=True,
    guard=player,
    body=attacks.Attack,
    max_bytes=MAX_BYTES,
    query=battles.BattlePath,
    answers=ATTACK_ANSWERS,
)
def attack(request: Request, sent: attacks.Attack, path: battles.BattlePath) -> Response:
    """Strikes an enemy. The server draws the damage."""
    return attacks.attack(build_call(request), path.battle_id, sent.enemy_id, sent.attack_type)


@routes.post(
    "/api/battles/attack/{battle_id}",
    idempotent=True,
    guard=player,
    body=attacks.AnyAttack,
    body_is_optional=True,
    max_bytes=MAX_BYTES,
    query=battles.BattlePath,
    answers=ATTACK_ANSWERS,
)
def attack_by_path(request: Request, sent: attacks.AnyAttack, path: battles.BattlePath) -> Response:
    """Strikes an enemy, by default the first that stands."""
    return attacks.attack(build_call(request), path.battle_id, sent.enemy_id, sent.attack_type)


@routes.post(
    "/api/battles/{battle_id}/claim-loot",
    idempotent=True,
    guard=player,
    query=battles.BattlePath,
    answers=CLAIM_ANSWERS,
)
def claim_loot(request: Request, path: battles.BattlePath) -> Response:
    """Takes the player's loot of a battle that is won, once: gold, experience, perhaps an item."""
    return loot.claim(build_call(request), path.battle_id)


@routes.post(
    "/api/battles/claim-loot/{battle_id}",
    idempotent=True,
    guard=player,
    query=battles.BattlePath,
    answers=CLAIM_ANSWERS,
)
def claim_loot_by_path(request: Request, path: battles.BattlePath) -> Response:
    """Takes the player's loot of a battle that is won, once: gold, experience, perhaps an item."""
    return loot.claim(build_call(request), path.battle_id)


@routes.post(
    "/api/battles/{battle_id}/resurrect",
    guard=player,
    query=battles.ResurrectionQuery,
    answers=RESURRECT_ANSWERS,
)
def resurrect(request: Request, path: battles.ResurrectionQuery) -> Response:
    """Refused: nobody dies yet."""
    return battles.resurrect(build_call(request), path.battle_id)


@routes.post(
    "/battles/{battle_id}/resurrect",
    guard=player,
    query=battles.ResurrectionQuery,
    answers=RESURRECT_ANSWERS,
)
def resurrect_by_path(request: Request, path: battles.ResurrectionQuery) -> Response:
    """Refused: nobody dies yet. The client asks here, outside of `/api`."""
    return battles.resurrect(build_call(request), path.battle_id)
