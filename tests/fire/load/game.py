"""Players of the web game who strike one enemy, buy what they need, and watch each other do it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from typing import Any

from functions.shared import db
from tests.fire.account import Verdict, compare_equal, compare_once
from tests.fire.client import Client, bearer
from tests.fire.journal import Op
from tests.fire.load.domain import Audited
from tests.fire.load.sockets import Watchers, hold_replays
from tests.support.battles import enemies, join, make_battle
from tests.support.game import change, make_player, player_id

_PLAYERS = 4
_WATCHERS = 2
_PACE = 0.6  # seconds
_ENDLESS = 10**9  # hit points
_GOLD = 10_000_000


class Game:
    """The load of the web game."""

    def __init__(self, url: str, ending: ExitStack) -> None:
        self._battle = make_battle()
        people = [make_player(f"Fighter {n}") for n in range(_PLAYERS + 1)]
        for who in people:
            change(who, stamina_max=50_000, stamina=50_000, gold=_GOLD)
        db.query("update game.battles set max_players = 50 where id = %s", (self._battle,))
        for who in people[:_PLAYERS]:
            joined = join(who, self._battle)
            assert joined.status == 200, joined.text
        [self._enemy, *_] = enemies(people[0], self._battle)
        db.query(
            "update game.battle_enemies set hp_max = %(hp)s, hp_current = %(hp)s where id = %(id)s",
            {"hp": _ENDLESS, "id": self._enemy},
        )
        self._ids = [player_id(who) for who in people]
        self._tokens = [one.headers["Authorization"].removeprefix("Bearer ") for one in people]
        self._watchers = ending.enter_context(
            Watchers(
                f"{url.replace('http', 'ws', 1)}/ws/battle/{self._battle}",
                [{"bearer": token} for token in (self._tokens * 2)[-_WATCHERS:]],
            )
        )

    def list_clients(self) -> list[Callable[[Client], None]]:
        return [partial(self._play, n) for n in range(_PLAYERS)]

    def list_secrets(self) -> list[str]:
        return list(self._tokens)

    def _play(self, player: int, client: Client) -> None:
        number = 0
        while not client.is_over:
            name = f"{self._ids[player]}/{number}"
            path, body = f"/api/battles/{self._battle}/attack", self._strike()
            if number % 3 == 2:
                path, body = "/api/shop/purchase", {"item_id": "food-1", "currency": "gold"}
            headers = bearer(self._tokens[player], **{"Idempotency-Key": name})
            op = client.do(Op("game", name, "POST", path, body, headers))
            if number % 7 == 6 and not client.is_over:
                client.repeat(op)
            number += 1
            client.rest(_PACE)

    def _strike(self) -> dict[str, Any]:
        return {"enemy_id": self._enemy, "attack_type": "quick"}

    def account(self, audited: Audited) -> list[Verdict]:
        ops = audited.journal.of("game")
        kept = audited.counts(
            "select key, count(*) from game.idempotency where user_id = any(%s) group by key",
            self._ids,
        )
        return [
            compare_once("game", "every blow and purchase once", ops, kept),
            *self._account_gold(audited),
            *self._account_blows(audited),
            *hold_replays("game", self._watchers.list_received(), self._list_frames(audited)),
        ]

    def _account_gold(self, audited: Audited) -> list[Verdict]:
        bought = audited.counts(
            """
            select player_id, count(*)
            from game.ledger
            where cause = 'purchase'
              and player_id = any(%s)
            group by player_id
            """,
            self._ids,
        )
        paid: dict[int, int] = {}
        for op in audited.journal.of("game", "/api/shop/"):
            if op.is_done:
                player = int(op.name.partition("/")[0])
                paid[player] = paid.get(player, 0) + 1
        differing = audited.rows(
            """
            select p.user_id, p.gold, coalesce(sum(l.amount), 0)
            from game.players as p
            left join game.ledger as l on l.player_id = p.user_id
              and l.kind = 'gold'
            group by p.user_id, p.gold
            having p.gold <> coalesce(sum(l.amount), 0)
            """
        )
        return [
            compare_equal("game", "every purchase paid once", sum(paid.values()), paid, bought),
            compare_equal(
                "game", "gold conserved: ledgers are balances", len(bought), [], differing
            ),
        ]

    def _account_blows(self, audited: Audited) -> list[Verdict]:
        blows = [op for op in audited.journal.of("game", "/api/battles/") if op.is_done]
        damage = sum(int(op.answer["damage"]) for op in blows)
        [(gone,)] = audited.rows(
            "select hp_max - hp_current from game.battle_enemies where id = %s", self._enemy
        )
        [(dealt, count)] = audited.rows(
            """
            select sum(total_damage_dealt)::bigint, sum(attacks_count)::bigint
            from game.participants
            where battle_id = %s
            """,
            self._battle,
        )
        return [
            compare_equal(
                "game", "hit points are the damage that was answered", damage, damage, gone
            ),
            compare_equal(
                "game", "and that of who dealt it", len(blows), (damage, len(blows)), (dealt, count)
            ),
        ]

    def _list_frames(self, audited: Audited) -> list[dict[str, Any]]:
        rows = audited.rows(
            "select seq, type, payload from live.events where room = %s order by seq",
            f"battle:{self._battle}",
        )
        return [{**payload, "type": type_, "seq": seq} for seq, type_, payload in rows]
