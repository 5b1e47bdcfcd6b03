"""Tournaments to measure with: the engine's own history, stored as its handlers store it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from psycopg.types.json import Jsonb

from functions.shared import db
from functions.tracker.engine.tournament import Pairing, Round, Tournament
from functions.tracker.tournaments.rules import Rules
from tests.benchmarks.store import Store
from tests.benchmarks.tracker_players import COPY, FIRST, make_one, name_user

ORGANIZER = FIRST  # who plays as well
_EVENT = """
    insert into tracker.tournaments (
      id, status, organizer_id, name, format, start_date, rules, max_participants,
      current_participants, last_registration, current_round, swiss_rounds, pairing_seed, started_at
    )
    values (
      %(id)s, 'active', %(organizer_id)s, 'Nine rounds', 'swiss', now(), %(rules)s, %(seats)s,
      %(seats)s, %(seats)s, %(rounds)s, 9, '42', now()
    )
"""
_SEATS = """
    insert into tracker.registrations (
      tournament_id, user_id, number, status, army_id, army, seed
    )
    select %(id)s, 'usr_' || lpad((%(first)s + n)::text, 10, '0'), n + 1, 'confirmed',
      'army_' || lpad((%(first)s + n)::text, 10, '0'), %(army)s::jsonb || '{"units": []}', n + 1
    from generate_series(0, %(seats)s - 1) as n
"""
# Games that are over; what was said in their rooms is no matter of the tournament.
_GAMES = """
    with battle as (
      insert into tracker.battles (
        id, tournament_id, status, visibility, current_round, version, state, created_at,
        updated_at, completed_at
      )
      select s ->> 'id', %(id)s, 'completed', 'public', 5, 1, s, now(), now(), now()
      from jsonb_array_elements(%(states)s) as s
      returning id, state
    )
    insert into tracker.battle_players (user_id, battle_id, army_id, created_at)
    select p.key, b.id, p.value ->> 'army_id', now()
    from battle as b
    cross join lateral jsonb_each(b.state -> 'players') as p
"""


def add(store: Store, event_id: str, event: Tournament) -> None:
    """Stores a tournament whose players are those from FIRST on, by seed."""
    values: dict[str, Any] = {
        "id": event_id,
        "organizer_id": name_user(ORGANIZER),
        "first": FIRST,
        "rules": Jsonb(Rules().model_dump(mode="json") | {"swiss_rounds": 9}),
        "army": Jsonb(COPY),
        "seats": len(event.players),
        "rounds": len(event.rounds),
    }
    numbers = {player.user_id: FIRST + player.seed - 1 for player in event.players}
    with store.connect() as admin, admin.transaction():
        admin.execute(_EVENT, values)
        admin.execute(_SEATS, values)
        for round_ in event.rounds:
            _add_round(admin, event_id, round_, numbers)


def _add_round(admin: db.Connection, event_id: str, round_: Round, numbers: dict[str, int]) -> None:
    states = [_finish(event_id, round_.number, one, numbers) for one in round_.pairings]
    admin.execute(_GAMES, {"id": event_id, "states": Jsonb(states)})
    rows = [
        {
            "battle_id": state["id"],
            "player1_id": state["order"][0],
            "player2_id": state["order"][1],
            "table_number": pairing.table_number,
            "is_locked": False,
        }
        for state, pairing in zip(states, round_.pairings, strict=True)
    ]
    assert not round_.byes
    admin.execute(
        "select tracker.save_round(%s, %s, %s, '[]', '{}')", (event_id, round_.number, Jsonb(rows))
    )


def _finish(
    event_id: str, number: int, pairing: Pairing, numbers: dict[str, int]
) -> dict[str, Any]:
    """The state of a battle that is over, with the pairing's result."""
    result = pairing.result
    assert result
    players = [numbers[user_id] for user_id in pairing.player_ids]
    battle = make_one(*players, datetime.now(UTC), round_number=number, is_pairing=True)
    state = battle.state | {
        "tournament_id": event_id,
        "status": "completed",
        "winner_id": result.winner_id and name_user(numbers[result.winner_id]),
        "result_type": result.result_type,
    }
    for player, points in zip(players, result.victory_points, strict=True):
        state["players"][name_user(player)]["scores"]["victory_points"] = points
    return state
