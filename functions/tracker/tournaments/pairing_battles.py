"""Battles of pairings: made with a round, and changed by what organisers do to the tournament."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from psycopg.types.json import Jsonb

from functions.live import fanout
from functions.shared import db
from functions.shared.json_codec import format_time
from functions.tracker.battles import clocks, turns
from functions.tracker.battles.actions import PHASES
from functions.tracker.battles.battle import Actor, Battle
from functions.tracker.battles.changes import room_of, with_frames
from functions.tracker.battles.creation import make_battle
from functions.tracker.battles.models import show_battle
from functions.tracker.battles.results import force_cancel
from functions.tracker.battles.scores import list_warnings
from functions.tracker.tournaments.changes import Opened

if TYPE_CHECKING:  # a battle is read without the engine
    from functions.tracker.engine.tournament import Pairing, Result, Round
    from functions.tracker.tournaments.state import StoredTournament

Scores = Mapping[str, Mapping[str, int]]  # by player


def make_battles(opened: Opened, stored: StoredTournament, round_: Round) -> Round:
    """The round, of which every pairing without a battle has got one. One round trip."""
    made: list[Battle] = []
    pairings: list[Pairing] = []
    for pairing in round_.pairings:
        if pairing.battle_id is None:
            made.append(_make(opened, stored, round_.number, pairing))
            pairing = pairing._replace(battle_id=made[-1].state["id"])
        pairings.append(pairing)
    if made:
        names = {player.user_id: player.display_name for player in stored.tournament.players}
        people = {"names": names, "connected": []}
        db.query(
            """
            select tracker.add_battle(b.state, b.events)
            from jsonb_to_recordset(%s) as b (state jsonb, events jsonb)
            """,
            (
                Jsonb(
                    [
                        {"state": battle.state, "events": with_frames(battle, people)}
                        for battle in made
                    ]
                ),
            ),
        )
    return round_._replace(pairings=tuple(pairings))


def cancel_battles(opened: Opened, battle_ids: Sequence[str], reason: str) -> None:
    """Cancels battles, whatever their state. Two round trips, none for none."""

    def cancel(battle: Battle) -> None:
        if battle.status != "cancelled":
            force_cancel(battle, reason)

    _change_battles(opened, battle_ids, cancel)


def cancel_open_battles(opened: Opened, reason: str) -> None:
    """Cancels the battles of a tournament that are not over, extra ones as well."""
    row = db.fetch_one(
        "select tracker.list_open_battles(%s) as ids", (opened.request.tournament_id,)
    )
    assert row
    cancel_battles(opened, row["ids"], reason)


def move_battles(opened: Opened, tables: Mapping[str, int | None]) -> None:
    """Moves battles to other tables. Two round trips, none for none."""

    def move(battle: Battle) -> None:
        number = tables[battle.state["id"]]
        if battle.state["table_number"] != number:
            with battle.record("corrected", {"table_number": number}) as state:
                state["table_number"] = number

    _change_battles(opened, list(tables), move)


def set_result(
    opened: Opened, battle_id: str, result: Result, scores: Scores, reason: str | None = None
) -> dict[str, Any]:
    """Completes or corrects a battle, with these scores of its players; returns the battle's
    object. Two round trips."""

    def enter(battle: Battle) -> None:
        type_ = "corrected"
        if battle.status != "completed":
            turns.ensure_started(battle)
            type_ = "completed"
        data = {"winner_id": result.winner_id, "result_type": result.result_type}
        with battle.record(type_, data | {"reason": reason}) as state:
            for user_id, sent in scores.items():
                state["players"][user_id]["scores"] |= sent
            state |= data
            clocks.stop(state, battle.now)
            state["status"] = "completed"
            state["completed_at"] = state["completed_at"] or format_time(battle.now)
            state["warnings"] = list_warnings(state)

    [shown] = _change_battles(opened, [battle_id], enter)
    return shown


def read_battle(opened: Opened, battle_id: str) -> dict[str, Any]:
    """A battle's object, unchanged. One round trip."""
    [(battle, people, _)] = _lock(opened, [battle_id])
    turns.settle(battle)
    return show_battle(battle.state, people, battle.now)


def _make(opened: Opened, stored: StoredTournament, number: int, pairing: Pairing) -> Battle:
    rules, missions = stored.rules, stored.rules["missions"]
    mission: dict[str, Any] = {"name": f"Round {number}", "deployment": "Standard"}
    mission |= {"primary_objectives": [], "secondary_objectives": []}
    sides = zip(pairing.player_ids, ("left", "right"), strict=True)
    sent = {
        "tournament_id": stored.id,
        "battle_type": rules["battle_type"],
        "mission": missions[number - 1] if number <= len(missions) else mission,
        "players": [
            {"user_id": user_id, "army_id": stored.army_ids[user_id], "position": side}
            for user_id, side in sides
        ],
        "max_rounds": rules["max_rounds"],
        "turn_time_limit": rules["time_limit"],
        "phases": list(PHASES),
        "turn_timeout": rules["turn_timeout"],
        "clock_mode": rules["clock_mode"],
        "chess_budget": rules["chess_budget"],
        "visibility": "public",
    }
    armies = {stored.army_ids[user_id]: stored.armies[user_id] for user_id in pairing.player_ids}
    return make_battle(
        sent,
        armies,
        _get_actor(opened),
        opened.moment,
        round_number=number,
        table_number=pairing.table_number,
        score_caps=rules["score_caps"],
        needs_winner=stored.tournament.format != "swiss",
        is_pairing=True,
    )


def _get_actor(opened: Opened) -> Actor:
    role: Any = "organizer" if opened.is_owner else opened.caller_role
    is_official = opened.is_owner or role == "admin"
    if not is_official:
        role = "player"
    return Actor(opened.caller_id, role, "rest", is_official, opened.request.call[-1])


def _change_battles(
    opened: Opened, battle_ids: Sequence[str], change: Callable[[Battle], None]
) -> list[dict[str, Any]]:
    """Does something to battles, after what their clocks have done; returns their objects."""
    if not battle_ids:
        return []
    found = _lock(opened, battle_ids)
    rows = []
    for battle, people, sockets in found:
        turns.settle(battle)
        change(battle)
        if battle.events:
            due_at = clocks.find_due(battle.state)
            rows.append(
                {
                    "id": battle.state["id"],
                    "state": battle.state,
                    "due_at": due_at and format_time(due_at),
                    "events": with_frames(battle, people),
                }
            )
            opened.rooms[room_of(battle.state["id"])] = sockets
    db.query(
        """
        select tracker.store_events(b.id, b.state, b.due_at, b.events)
        from jsonb_to_recordset(%s) as b (
          id text, state jsonb, due_at timestamptz, events jsonb
        )
        """,
        (Jsonb(rows),),
    )
    return [show_battle(battle.state, people, battle.now) for battle, people, _ in found]


def _lock(opened: Opened, battle_ids: Sequence[str]) -> list[tuple[Battle, dict[str, Any], int]]:
    """Battles, locked in the order of their ids, with their people and sockets."""
    rows = db.query(
        """
        select b.state, tracker.battle_people(b) as people,
          live.count_connections('tracker:' || b.id, %s) as sockets
        from tracker.battles as b
        where b.id = any(%s)
        order by b.id
        for no key update
        """,
        (fanout.COUNTED, list(battle_ids)),
    )
    actor = _get_actor(opened)
    return [
        (Battle(row["state"], actor, opened.moment), row["people"], row["sockets"]) for row in rows
    ]
