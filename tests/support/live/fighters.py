"""Players of a deployed stack, who fight in battles and watch them by real sockets."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from functions.shared import db
from tests.support.battles import enemies
from tests.support.game import change
from tests.support.live.wire import Tap, Taps
from tests.support.online import Online


def token(who: Online) -> str:
    return who.headers["Authorization"].removeprefix("Bearer ")


def watch(sockets: Taps, who: Online, battle: int) -> Tap:
    """A socket to a battle, greeted, whose user all know to be there."""
    tap = sockets.open(f"/ws/battle/{battle}?token={token(who)}")
    tap.wait_for("player_joined")
    return tap


def watch_again(sockets: Taps, who: Online, battle: int) -> Tap:
    """A socket of a user who is there already: nobody is told."""
    tap = sockets.open(f"/ws/battle/{battle}?token={token(who)}")
    tap.wait_for("connected")
    return tap


def arm(who: Online, battle: int) -> int:
    """Joins a battle, to strike as often as needed; an enemy that outlives it."""
    change(who, stamina_max=5000, stamina=5000)
    assert who.post(f"/api/battles/join/{battle}").status == 200
    enemy = enemies(who, battle)[0]
    db.query(
        "update game.battle_enemies set hp_max = 100000, hp_current = 100000 where id = %s",
        (enemy,),
    )
    return enemy


def stored_frames(battle: int) -> list[dict[str, Any]]:
    """What happened in a battle, as clients are sent it."""
    rows = db.query(
        "select seq, type, payload from live.events where room = %s order by seq",
        (f"battle:{battle}",),
    )
    return [{**row["payload"], "type": row["type"], "seq": row["seq"]} for row in rows]


def find_in_logs(stack: Any, database: Any, secrets: Sequence[str]) -> list[tuple[str, str]]:
    """Which of some secrets stand in which file of all that the stack has written: the edge and the
    functions, the gateway, the deployment, and the database if it is the stack's own."""
    files = sorted(Path(stack.journal.file).parent.glob("*.log"))
    assert {"stack.log", "cloud.log", "deploy.log"} <= {file.name for file in files}
    if database.home:
        files += (own := sorted(database.home.rglob("*.log")))
        assert own
    written = {file.name: file.read_text(errors="replace") for file in files}
    return [
        (name, secret) for name, text in written.items() for secret in secrets if secret in text
    ]
