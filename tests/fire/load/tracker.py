"""Duels of the 40K tracker: both players keep score, and sockets follow."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from typing import Any

from tests.fire.account import Verdict, compare_equal, compare_once
from tests.fire.client import Client, bearer
from tests.fire.journal import Op
from tests.fire.load.domain import Audited
from tests.fire.load.sockets import Watchers, hold_replays
from tests.support.accounts import PASSWORD
from tests.support.tracker_battles import act, make_duel

_PACE = 0.6  # seconds
_EXPIRED = 401
_SCORES = 400  # different scores of a player


class Tracker:
    """The load of the tracker."""

    def __init__(self, url: str, ending: ExitStack) -> None:
        self._duel = make_duel("fire")
        made = self._duel.make()
        self._battle: str = made["id"]
        started = act(self._duel.mira, made, "start", first_player_id=self._duel.mira_id)
        assert started.status == 200, started.text
        self._first = int(started.json["battle"]["version"])
        self._people = (
            (self._duel.mira, self._duel.mira_id),
            (self._duel.nils, self._duel.nils_id),
        )
        self._credentials = [{"bearer": _token(who)} for who, _ in self._people]
        address = f"{url.replace('http', 'ws', 1)}/v1/ws/battles/{self._battle}"
        self._watchers = ending.enter_context(Watchers(address, self._credentials))
        self._tokens = [one["bearer"] for one in self._credentials]

    def list_clients(self) -> list[Callable[[Client], None]]:
        return [partial(self._play, n) for n in range(len(self._people))]

    def list_secrets(self) -> list[str]:
        return [PASSWORD, *self._tokens]

    def _play(self, player: int, client: Client) -> None:
        number = 0
        while not client.is_over:
            name = f"{player}/{number}"
            op = Op(
                "tracker", name, "PATCH", f"/v1/battles/{self._battle}", self._score(player, number)
            )
            op.headers |= bearer(self._credentials[player]["bearer"], **{"Idempotency-Key": name})
            client.do(op)
            if op.status == _EXPIRED:
                self._log_in(player, client)
                op.headers |= bearer(self._credentials[player]["bearer"])
                client.repeat(op)
            if number % 7 == 6 and not client.is_over:
                client.repeat(op)
            number += 1
            client.rest(_PACE)

    def _score(self, player: int, number: int) -> dict[str, Any]:
        scores = {"primary": 1 + number % _SCORES}
        return {"action": "update_scores", "player_id": self._people[player][1], "scores": scores}

    def _log_in(self, player: int, client: Client) -> None:
        """As the app does when its token is over."""
        body = {"username": f"{('mira', 'nils')[player]}fire", "password": PASSWORD}
        answer = client.do(Op("accounts", body["username"], "POST", "/v1/auth/login", body)).answer
        self._credentials[player]["bearer"] = answer["access_token"]
        self._tokens.append(answer["access_token"])

    def account(self, audited: Audited) -> list[Verdict]:
        ops = audited.journal.of("tracker")
        kept = audited.counts(
            "select key, count(*) from tracker.idempotency where key like '%%/%%' group by key"
        )
        rows = audited.rows(
            "select seq, type from tracker.battle_events where battle_id = %s order by seq",
            self._battle,
        )
        [(version, state)] = audited.rows(
            "select version, state from tracker.battles where id = %s", self._battle
        )
        changes = [seq for seq, type_ in rows if type_ == "scores_updated"]
        done = sum(op.is_done for op in ops)
        return [
            compare_once("tracker", "every change once", ops, kept),
            compare_equal("tracker", "an event for each", done, done, len(changes)),
            compare_equal(
                "tracker",
                "versions without a gap",
                len(rows),
                list(range(1, version + 1)),
                [seq for seq, _ in rows],
            ),
            compare_equal(
                "tracker", "the last scores are kept", 2, self._last_scores(ops), _scores(state)
            ),
            *self._hold_sockets(rows),
        ]

    def _last_scores(self, ops: list[Op]) -> dict[str, int]:
        last = {op.body["player_id"]: op.body["scores"]["primary"] for op in ops if op.is_done}
        return dict(sorted(last.items()))

    def _hold_sockets(self, rows: list[tuple[Any, ...]]) -> list[Verdict]:
        """All have the events of the table, and each event alike."""
        states = self._watchers.list_received()
        frames: dict[int, dict[str, Any]] = {}
        for state in states:
            for kind, frame in state["received"]:
                if kind == "event":
                    frames.setdefault(frame["seq"], frame)
        table = [frames.get(seq, {"seq": seq}) for seq, _ in rows]
        return hold_replays("tracker", states, table)


def _token(who: Any) -> str:
    return str(who.headers["Authorization"].removeprefix("Bearer "))


def _scores(state: dict[str, Any]) -> dict[str, int]:
    players = state["players"].items()
    return {name: player["scores"]["primary"] for name, player in sorted(players)}
