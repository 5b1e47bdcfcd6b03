"""live.resume: a socket comes back and has missed 500 events."""

from __future__ import annotations

import json
from typing import Any

from tests.benchmarks import game_players, live_cloud
from tests.benchmarks.caller import callee
from tests.benchmarks.figures import Figure, below, rounds, stated
from tests.benchmarks.store import Store

NAMES = ("live.resume", "live.resume.single", "live.resume.nothing")
_ROUNDS = 10
_TIMES = 10  # a round
_MISSED = 500
APPEND = """
    select live.append(
        'battle:' || %(battle_id)s, 'attack',
        jsonb_build_object(
          'player_name', 'Player 1', 'username', 'Player 1', 'userId', 1, 'player_level', 10,
          'enemy_id', %(enemy_id)s, 'enemy_name', 'Boss', 'damage', n, 'is_critical', false,
          'enemy_hp_remaining', 1000000 - n, 'enemy_defeated', false, 'battle_completed', false,
          'attack_type', 'normal', 'timestamp', clock_timestamp()
        )
      )
    from generate_series(1, %(missed)s) as n
"""


def measure(store: Store) -> list[Figure]:
    """From the message `resume` to its handler's end, with a gateway that answers at once."""
    raid = game_players.begin_raid(store, game_players.add(store, 1))
    room = f"battle:{raid.battle_id}"
    with (
        store.connect() as admin,
        live_cloud.cloud(store, 0.0) as cloud,
        callee(
            "tests.benchmarks.live_resumer",
            store.app_url,
            "game,live",
            cloud.environ | {"FANOUT_RATE": "1000000"},  # nobody is to wait
        ) as ours,
    ):
        admin.execute(APPEND, {**raid._asdict(), "missed": _MISSED})
        live_cloud.open_sockets(admin, room, 2)
        admin.execute(
            "update live.senders set claimed_seq = %(seq)s, sent_seq = %(seq)s", {"seq": _MISSED}
        )

        def resume(name: str, *, batch: bool, missed: int = _MISSED) -> list[float]:
            return ours.answer([_message(name, _MISSED - missed, batch=batch)] * _TIMES)

        found = rounds(
            _ROUNDS,
            batches=lambda _: resume(f"{room}-1", batch=True),
            single=lambda _: resume(f"{room}-2", batch=False),
            nothing=lambda _: resume(f"{room}-1", batch=True, missed=0),
        )
    return [
        below("live.resume", found["batches"], 30),
        stated("live.resume.single", found["single"]),
        stated("live.resume.nothing", found["nothing"]),
    ]


def _message(name: str, last_seq: int, *, batch: bool) -> dict[str, Any]:
    """The gateway's event of a client that says what it has got."""
    body = json.dumps({"type": "resume", "last_seq": last_seq, "batch": batch})
    return {"requestContext": {"eventType": "MESSAGE", "connectionId": name}, "body": body}
