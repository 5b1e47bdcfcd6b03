"""tracker.battles: pages of the battles of a player who has ten thousand."""

from __future__ import annotations

from contextlib import ExitStack
from functools import partial
from typing import Any
from uuid import UUID

from functions.shared.request import Caller
from functions.tracker.battles import battles
from functions.tracker.battles.models import BattlesQuery
from tests.benchmarks import tracker_players
from tests.benchmarks.caller import callee
from tests.benchmarks.figures import Figure, at_most, below, p95, rounds, stated
from tests.benchmarks.store import Store
from tests.benchmarks.tracker_players import FIRST, Player

NAMES = (
    "tracker.battles",
    "tracker.battles.hundredth",
    "tracker.battles.growth",
    "tracker.battles.offset",
)
_ROUNDS = 15
_REQUESTS = 40  # a round
_OPPONENTS = 99
_BATTLES = 10_000
_PAGE = 100  # that is read besides the first
_LIMIT = 20


def measure(store: Store) -> list[Figure]:
    """The median of the rounds' p95; rounds interleaved, the limit cleared between them."""
    players = tracker_players.add(store, _OPPONENTS + 1)
    pairs = [(FIRST, FIRST + 1 + n % _OPPONENTS) for n in range(_BATTLES)]
    tracker_players.add_battles(store, pairs, players)
    player = players[0]
    path = f"/v1/battles?player_id={player.id}&limit={_LIMIT}"
    pages = {
        "first": path,
        "hundredth": f"{path}&cursor={_find_cursor(store, player)}",
        "offset": f"{path}&offset={(_PAGE - 1) * _LIMIT}",
    }
    with ExitStack() as block:
        admin = block.enter_context(store.connect())
        ours = block.enter_context(
            callee("tests.benchmarks.ours", store.app_url, domains="tracker")
        )

        def seconds(event: dict[str, Any], _: int) -> list[float]:
            admin.execute("delete from shared.rate_limits")
            return ours.answer([event] * _REQUESTS)

        sides = {name: partial(seconds, player.sends("GET", url)) for name, url in pages.items()}
        found = rounds(_ROUNDS, p95, **sides)
    return [
        below(NAMES[0], found["first"], 10),
        below(NAMES[1], found["hundredth"], 10),
        at_most(NAMES[2], found["hundredth"], found["first"], 1.2),
        stated(NAMES[3], found["offset"]),
    ]


def _find_cursor(store: Store, player: Player) -> str:
    """What the hundredth page is asked for by, as a client gets it: page by page."""
    session = str(UUID(f"{player.number:032}"))
    caller = Caller("", frozenset(), user_id=player.number, version=0, session_id=session)
    cursor = None
    seen: set[str] = set()
    with tracker_players.connected(store):
        for _ in range(_PAGE - 1):
            query = BattlesQuery(player_id=player.id, limit=_LIMIT, cursor=cursor)
            page = battles.list_battles(caller, query)
            seen |= {battle["id"] for battle in page["data"]}
            cursor = page["pagination"]["next_cursor"]
    assert cursor
    assert len(seen) == (_PAGE - 1) * _LIMIT
    return cursor
