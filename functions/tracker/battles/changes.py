"""Changes of battles: read it, make events of what is asked, and store them if nobody was faster.

Requests and sockets come here alike, so that they are checked alike and make the same events.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Any, Literal, NamedTuple

from psycopg.types.json import Jsonb

from functions.live import fanout
from functions.shared import db
from functions.shared.errors import Conflict, Problem
from functions.shared.general_limit import Deferred
from functions.shared.settings import settings
from functions.tracker.battles import clocks, turns
from functions.tracker.battles.battle import SYSTEM, Actor, Battle, Event, State, evolve
from functions.tracker.battles.frames import make_frame
from functions.tracker.battles.models import show_battle
from functions.tracker.battles.problems import BattleNotFound, VersionConflict
from functions.tracker.calls import Body, Call, describe, refuse

_TRIES = 20  # where others are faster: a battle takes 60 changes a minute
NOBODY: Call = (None,) * 8  # the clock is nobody's call
_UNLIMITED = None, None, False
Decide = Callable[[Battle, Mapping[str, Any]], None]


class Change(NamedTuple):
    """What is asked of a battle, and how."""

    body: Body
    decide: Decide
    source: Literal["rest", "ws"]
    versions: Sequence[int] | None = None  # of which the battle is one; None: any
    ref: str | None = None  # the client's own name of a command by a socket


class Opened(NamedTuple):
    """A battle that somebody reads or changes, settled, and how others see it."""

    battle: Battle
    people: dict[str, Any]
    version: int  # that is stored
    role: str  # of the caller: player, organizer, admin or spectator

    def show(self) -> dict[str, Any]:
        """The battle's object."""
        return show_battle(self.battle.state, self.people, self.battle.now)


class Loaded(NamedTuple):
    """A battle for whoever has been let in, settled; `epoch` is its room's."""

    battle: Battle
    people: dict[str, Any]
    version: int  # that is stored
    epoch: str

    def show(self) -> dict[str, Any]:
        """The battle's object."""
        return show_battle(self.battle.state, self.people, self.battle.now)


class Changed(NamedTuple):
    """What became of a change: the battle's version and object, or the answer of an earlier one."""

    version: int
    battle: dict[str, Any] | None
    reply: db.Row | None = None


def room_of(battle_id: str) -> str:
    """The name of a battle's room."""
    return f"tracker:{battle_id}"


def open_battle(
    call: Call,
    battle_id: str,
    source: Literal["rest", "ws"],
    limit: Deferred | None = None,
    *,
    per_minute: int | None = None,
    changes: bool = False,
) -> Opened | db.Row:
    """A battle as of now; or the answer that the same request got before. Raises what refuses the
    caller. `limit` counts the request. One round trip."""
    row = db.fetch_once(
        """
        select (o.reply).status, (o.reply).body::text as body, (o.reply).headers,
          (o.reply).is_replay, o.caller_id, o.caller_role, o.is_player, o.is_organizer, o.state,
          o.people, o.moment, o.last_event, o.is_needed, o.counted, o.resets_at
        from tracker.open_battle(
          row(%s, %s, %s, %s, %s, %s, %s, %s)::tracker.call, %s, %s, %s, %s, %s, %s
        ) as o
        """,
        (*call, battle_id, changes, per_minute, *(limit.values if limit else _UNLIMITED)),
    )
    assert row
    if limit:
        limit.note(row)
    if row["status"] is not None:
        return row if row["is_replay"] else refuse(row)
    role = _find_role(row)
    actor = Actor(
        row["caller_id"],
        "player" if role == "spectator" else role,  # type: ignore[arg-type]
        source,
        row["is_organizer"] or row["caller_role"] == "admin",
        call[-1],
    )
    battle = Battle(row["state"], actor, row["moment"], row["last_event"])
    battle.is_needed = bool(row["is_needed"])
    turns.settle(battle)
    return Opened(battle, row["people"], row["state"]["version"], role)


def load_battles(battle_ids: Sequence[str]) -> list[Loaded]:
    """Battles as of now, whoever asks. One round trip."""
    rows = db.query(
        "select state, people, moment, epoch from tracker.load_battles(%s)", (list(battle_ids),)
    )
    loaded = []
    for row in rows:
        battle = Battle(row["state"], SYSTEM, row["moment"])
        turns.settle(battle)
        loaded.append(Loaded(battle, row["people"], row["state"]["version"], row["epoch"]))
    return loaded


def settle_battle(battle_id: str, *, announces: bool = True) -> Loaded:
    """A battle as of now, after what its clock has done; raises NotFound.

    One round trip, two where the clock has done something. `announces`: not inside of a
    transaction, whose events nobody may hear of yet.
    """
    for _ in range(_TRIES):
        found = load_battles([battle_id])
        if not found:
            raise BattleNotFound(battle_id=battle_id)
        [loaded] = found
        row = store(NOBODY, loaded, announces=announces)
        if row is None or row["outcome"] == "stored":
            return loaded
    raise Conflict("Others change this battle all the time; try again", reason="busy")


def _find_role(row: db.Row) -> str:
    if row["is_player"]:
        return "player"
    if row["is_organizer"]:
        return "organizer"
    return "admin" if row["caller_role"] == "admin" else "spectator"


def change_battle(
    call: Call, battle_id: str, change: Change, limit: Deferred | None = None
) -> Changed:
    """Does what is asked of a battle; raises what refuses it. `limit` counts the request.

    Two round trips, and two more for each time that somebody else was faster.
    """
    per_minute: int | None = settings().battle_updates
    for _ in range(_TRIES):
        opened = open_battle(
            call, battle_id, change.source, limit, per_minute=per_minute, changes=True
        )
        per_minute = None  # it is counted
        if not isinstance(opened, Opened):
            return Changed(0, None, opened)
        problem = _try(opened, change)
        done = _commit(call, opened, change, problem)
        if done is not None:
            return done
    raise Conflict("Others change this battle all the time; try again", reason="busy")


def _try(opened: Opened, change: Change) -> Problem | None:
    """Does it in the battle that was opened; returns what refuses it."""
    battle = opened.battle
    if change.body.sent is None:
        return None
    try:
        known = change.versions
        if known is not None and battle.state["version"] not in known:
            raise VersionConflict(
                "The battle has changed",
                current_version=battle.state["version"],
                battle=opened.show(),
            )
        settled = battle.state, list(battle.events)
        try:
            change.decide(battle, change.body.sent)
        except Problem as problem:
            battle.state, battle.events = settled  # what the clock did stays
            if problem.extra.get("action") == "complete":
                problem.extra["battle"] = opened.show()  # as it ended
            raise
    except Problem as problem:
        return problem
    return None


def _commit(call: Call, opened: Opened, change: Change, problem: Problem | None) -> Changed | None:
    """Stores what was done, and keeps the answer; None where somebody else was faster."""
    refusal = change.body.problem if change.body.sent is None else None
    if problem:
        refusal = describe(problem)
    answer = _make_answer(opened, refusal, problem)
    ref = None if refusal else change.ref
    row = store(call, opened, answer if call[4] is not None else None, ref)
    if row is not None:
        if row["outcome"] == "stale":
            return None
        if row["outcome"] == "answered":
            known = row["ref_answer"]
            return Changed(known["version"], None) if known else Changed(0, None, row)
    if refusal:
        if problem:
            raise problem
        refuse({"status": 422, "body": refusal, "headers": {}})
    return Changed(opened.battle.state["version"], answer["body"]["battle"])


def _make_answer(
    opened: Opened, refusal: dict[str, Any] | None, problem: Problem | None
) -> dict[str, Any]:
    if refusal:
        status = 422 if problem is None else int(problem.status)
        is_invalid = refusal["code"] == "VALIDATION_ERROR"
        return {"status": 422 if is_invalid else status, "body": refusal, "headers": {}}
    version = opened.battle.state["version"]
    body = {"battle": opened.show()}
    return {"status": HTTPStatus.OK, "body": body, "headers": {"ETag": f'"{version}"'}}


def store(
    call: Call,
    opened: Opened | Loaded,
    answer: dict[str, Any] | None = None,
    ref: str | None = None,
    *,
    announces: bool = True,
) -> db.Row | None:
    """Stores the events that a battle has got; None where there is nothing to store.

    One round trip, and none for nothing.
    """
    battle = opened.battle
    if not battle.events and answer is None and ref is None:
        return None
    room = room_of(battle.state["id"])
    row = db.fetch_once(
        """
        select c.outcome, c.ref_answer, (c.reply).status, (c.reply).body::text as body,
          (c.reply).headers, (c.reply).is_replay, live.count_connections(%s, %s) as sockets
        from tracker.commit_battle(
          row(%s, %s, %s, %s, %s, %s, %s, %s)::tracker.call, %s, %s, %s, %s, %s,
          row(%s, %s, %s, false)::tracker.reply, %s
        ) as c
        """,
        (
            *(room, fanout.COUNTED, *call, battle.state["id"], opened.version),
            *(Jsonb(battle.state), clocks.find_due(battle.state)),
            Jsonb(with_frames(opened.battle, opened.people)),
            *_spell(answer),
            ref,
        ),
    )
    if battle.events and announces:
        fanout.announce(room, row)
    return row


def _spell(answer: dict[str, Any] | None) -> tuple[Any, Any, Any]:
    if answer is None:
        return None, None, None
    return int(answer["status"]), Jsonb(answer["body"]), Jsonb(answer["headers"])


def with_frames(battle: Battle, people: Mapping[str, Any]) -> list[Event]:
    """The events that a battle has got, each with its message."""
    state: State = battle.first
    found = []
    for event in battle.events:
        state = evolve(state, event)
        found.append({**event, "frame": make_frame(state, event, people)})
    return found
