"""TTT rounds: stored once, whole or not at all."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Literal

from pydantic import Field

from functions.shared import db, fields, ids, locks, spool
from functions.shared.erasure import find_erasures, to_tombstone
from functions.shared.errors import Conflict, Invalid
from functions.shared.spool import Accepted
from functions.ttt import erasure, feed
from functions.ttt.round_report import RoundReport

_TOO_OLD = "is older than what is kept here"


class RoundPath(fields.BracketPathModel):
    """Which round."""

    round_id: str = Field(max_length=36)


class NamedKill(feed.FeedKill):
    """A death with its id."""

    id: str


class NamedPlayer(feed.FeedPlayer):
    """A player with the id of this row, and what they were called then."""

    id: str


class NamedBuy(feed.FeedBuy):
    """A purchase with its id."""

    id: str


class NamedRound(feed.FeedRound):
    """A round with names and ids; `winner_raw` is what the server sent."""

    winner_raw: str | None
    server: str | None
    kills: list[NamedKill]  # type: ignore[assignment]
    players: list[NamedPlayer]  # type: ignore[assignment]
    buys: list[NamedBuy]  # type: ignore[assignment]


def record(
    report: RoundReport, server: str | None = None, key: str | None = None
) -> Literal["new", "known", "queued"]:
    """Stores a round with its players, kills and buys; `server` is who sent it, if known, with
    which `key`.

    Raises Conflict, with the names of what differs, if it is there with other content, Invalid if
    it ended before what is kept, and Unavailable. One round trip, two if the same round arrives at
    the same moment.
    """
    received_at = datetime.now(UTC)

    def queue() -> None:
        body = report.model_dump(mode="json", exclude_unset=True)
        spool.enqueue("ttt.rounds", [{"server": server, "round": body}], key)

    is_new = spool.store_or_queue(lambda: _store(report, server, received_at), queue)
    return "queued" if is_new is None else "new" if is_new else "known"


@db.retried
def consume(accepted: Sequence[Accepted]) -> None:
    """Stores spooled rounds, all or none, as of when they were accepted, without who was erased
    since then. Raises as `record`. A round trip a round, and one commit."""
    sent = [
        (
            fields.parse(RoundReport, one.item["round"]),
            one.item["server"],
            datetime.fromtimestamp(one.at / 1000, UTC),
        )
        for one in accepted
    ]
    sent.sort(key=lambda one: (one[0].round_id, one[2]))  # two drains take turns, in one order
    with erasure.block_erasure():
        erasures = find_erasures(
            "ttt.erase",
            min(received_at for _, _, received_at in sent),
            {person for report, _, _ in sent for person in report.people},
        )
        for report, server, received_at in sent:
            erased = {
                person
                for person in report.people
                if person in erasures and erasures[person] >= received_at
            }
            _store(report, server, received_at, erased)


def _store(
    report: RoundReport, server: str | None, received_at: datetime, erased: set[str] | None = None
) -> bool:
    """Whether the round is new; raises Conflict, and Invalid for one before what is retained."""
    content = report.content
    if erased:
        stones = {person: to_tombstone(person) for person in erased}
        content = erasure.replace_people(stones, content)
    received_ms = received_at.replace(microsecond=received_at.microsecond // 1000 * 1000)
    values = {
        **content,
        "id": report.round_id,
        "occurred_at": report.ended_at or received_ms,
        "ended_at": report.ended_at,
        "server": server,
        "winner_raw": report.winner,
        "received_at": received_at,
        "writing": locks.TTT_ROUNDS,
    }
    while True:
        for row in db.query(_INSERT, values):
            if row["is_new"] is None:
                raise Invalid(f"ended_at {_TOO_OLD}", [{"field": "ended_at", "problem": _TOO_OLD}])
            if not row["is_new"]:
                _compare(report, content, row)
            return bool(row["is_new"])
        # Another request stored the round after this statement began: now it can be read.


# The hypertables' rows are read from the very texts that the round keeps.
_INSERT = """
    with round as (
      insert into ttt.rounds
        (id, occurred_at, ended_at, server, map_name, winner, winner_raw, duration, players, kills,
         buys, received_at)
      select %(id)s, %(occurred_at)s, %(ended_at)s, %(server)s, %(map_name)s, %(winner)s,
        %(winner_raw)s, %(duration)s, %(players)s, %(kills)s, %(buys)s, %(received_at)s
      from pg_advisory_xact_lock_shared(%(writing)s)
      where %(occurred_at)s >= rollups.retained_from('ttt.rounds')
      on conflict do nothing
      returning id, occurred_at, nullif(map_name, '') as map_name, server, winner, duration
    ), player as (
      insert into ttt.players
        (occurred_at, round_id, steam_id, role_start, role_end, karma_diff, points_diff, map_name,
         server, winner, duration)
      select r.occurred_at, r.id, p.steam_id, ttt.role(p.role_start), ttt.role(p.role_end),
        p.karma_diff, p.points_diff, r.map_name, r.server, r.winner, r.duration
      from round r
      cross join json_to_recordset(%(players)s::json) as p (
        steam_id text, role_start text, role_end text, karma_diff integer, points_diff integer
      )
    ), kill as (
      insert into ttt.kills
        (occurred_at, round_id, ordinal, attacker_steamid, attacker_role, victim_steamid,
         victim_role, weapon, headshot, map_name, server)
      select r.occurred_at, r.id, k.ordinal - 1, k.attacker_steamid, ttt.role(k.attacker_role),
        k.victim_steamid, ttt.role(k.victim_role), nullif(k.weapon, ''), k.headshot, r.map_name,
        r.server
      from round r
      cross join rows from (json_to_recordset(%(kills)s::json) as (
        attacker_steamid text, attacker_role text, victim_steamid text, victim_role text,
        weapon text, headshot boolean
      )) with ordinality as k (
        attacker_steamid, attacker_role, victim_steamid, victim_role, weapon, headshot, ordinal
      )
    ), buy as (
      insert into ttt.buys (occurred_at, round_id, ordinal, steam_id, role, item, map_name, server)
      select r.occurred_at, r.id, b.ordinal - 1, b.steam_id, ttt.role(b.role), b.item, r.map_name,
        r.server
      from round r
      cross join rows from (json_to_recordset(%(buys)s::json) as (
        steam_id text, role text, item text
      )) with ordinality as b (steam_id, role, item, ordinal)
    )
    select true as is_new, null as map_name, null as winner, null as duration, null as ended_at,
      null as players, null as kills, null as buys
    from round
    union all
    select false, map_name, winner, duration, ended_at, players, kills, buys
    from ttt.rounds
    where id = %(id)s
    union all
    select null, null, null, null, null, null, null, null
    where %(occurred_at)s < rollups.retained_from('ttt.rounds')
"""


def _compare(report: RoundReport, content: dict[str, Any], stored: db.Row) -> None:
    """Raises Conflict naming in what a repeated round differs from the stored one."""
    people = report.people
    gone = erasure.find_tombstones(people, stored["players"] + stored["kills"] + stored["buys"])
    content = erasure.replace_people(gone, content) if gone else content
    differences = [name for name in content if content[name] != stored[name]]
    if report.ended_at and stored["ended_at"] and report.ended_at != stored["ended_at"]:
        differences.insert(len({"map_name", "winner", "duration"} & {*differences}), "ended_at")
    if differences:
        raise Conflict(
            "Round already stored with different content",
            round_id=report.round_id,
            differences=differences,
        )


def get_round(round_id: str) -> dict[str, Any] | None:
    """A round with names, the ids of its rows and what was sent as its winner; None if unknown."""
    row = db.fetch_one(
        """
        select r.id, r.occurred_at, r.map_name, r.winner, r.winner_raw, r.duration, r.server,
          r.players, r.kills, r.buys, ttt.names_at(r.players, r.occurred_at) as names
        from ttt.rounds r
        where r.id = %s
        """,
        (round_id,),
    )
    return _with_ids(row) if row else None


def _with_ids(row: db.Row) -> dict[str, Any]:
    at_ms = round(row["occurred_at"].timestamp() * 1000)
    kills, players, buys = (json.loads(row[name]) for name in ("kills", "players", "buys"))

    def event_id(what: str, which: str | int) -> str:
        return ids.make_event_id(at_ms, f"{row['id']}/{what}/{which}")

    return {
        "id": row["id"],
        "map_name": row["map_name"],
        "winner": row["winner"],
        "winner_raw": row["winner_raw"],
        "duration": row["duration"],
        "timestamp": row["occurred_at"],
        "server": row["server"],
        "kills": [{"id": event_id("kill", n), **kill} for n, kill in enumerate(kills)],
        "players": [
            {
                "id": event_id("player", one["steam_id"]),
                **one,
                "display_name": row["names"].get(one["steam_id"]),
            }
            for one in players
        ],
        "buys": [{"id": event_id("buy", n), **buy} for n, buy in enumerate(buys)],
    }
