"""Battles: making, reading and listing them."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, NoReturn

from psycopg.types.json import Jsonb

from functions.live import tickets
from functions.shared import db, tracker_tokens
from functions.shared.errors import Conflict, Forbidden, Problem
from functions.shared.general_limit import Deferred
from functions.shared.request import Caller
from functions.shared.response import Response
from functions.shared.settings import settings
from functions.tracker.battles import changes, turns
from functions.tracker.battles.battle import SYSTEM, Actor, Battle
from functions.tracker.battles.changes import Change, Opened, open_battle, room_of
from functions.tracker.battles.creation import make_battle
from functions.tracker.battles.models import BattlesQuery, show_battle
from functions.tracker.battles.problems import refuse_field
from functions.tracker.battles.requests import EventsQuery
from functions.tracker.calls import Body, Call, keep_problem, keep_refusal, refuse, to_response
from functions.tracker.pages import answer_events, open_page

_TRIES = 3
_NO_CACHE = {"Cache-Control": "private, no-cache"}


class InvalidTournamentState(Conflict):
    """The tournament does not let this happen now."""

    code = "INVALID_TOURNAMENT_STATE"


def read_battle(
    call: Call, battle_id: str, source: Any = "rest", limit: Deferred | None = None
) -> Opened:
    """A battle as of now, after what its clock has done; raises NotFound. `limit` counts the
    request.

    One round trip, two where the clock has done something.
    """
    for _ in range(_TRIES):
        opened = open_battle(call, battle_id, source, limit)
        assert isinstance(opened, Opened)  # an answer of before is none of a read
        row = changes.store(call, opened)
        if row is None or row["outcome"] == "stored":
            return opened
    raise Conflict("Others change this battle all the time; try again", reason="busy")


def get_battle(call: Call, battle_id: str, limit: Deferred | None = None) -> Response:
    """A battle; raises as `read_battle`."""
    opened = read_battle(call, battle_id, limit=limit)
    tag = {"ETag": f'"{opened.battle.state["version"]}"'}
    return Response({"battle": opened.show()}, headers=tag | _NO_CACHE)


def change_battle(call: Call, battle_id: str, change: Change, limit: Deferred | None) -> Response:
    """A battle after a change; raises as `changes.change_battle`."""
    done = changes.change_battle(call, battle_id, change, limit)
    if done.reply:
        return to_response(done.reply)
    tag = {"ETag": f'"{done.version}"'}
    return Response({"battle": done.battle}, headers=tag | _NO_CACHE)


def list_events(call: Call, query: EventsQuery, limit: Deferred | None) -> dict[str, Any]:
    """A page of events of a battle, oldest first; raises as `read_battle`. Two round trips."""
    read_battle(call, query.battle_id, limit=limit)
    rows = db.query(
        "select tracker.list_battle_events(%s, %s, %s) as event",
        (query.battle_id, query.since, query.limit + 1),
    )
    return answer_events(query, [row["event"] for row in rows])


def issue_ticket(call: Call, battle_id: str, edge: str, limit: Deferred | None) -> dict[str, Any]:
    """What opens a socket to a battle, at the edge or at the gateway itself; raises as
    `read_battle`. Two round trips.
    """
    open_battle(call, battle_id, "rest", limit)
    ticket = tickets.issue(room_of(battle_id), *call[:3])
    if edge:
        url = f"{edge}/v1/ws/battles/{battle_id}?ticket={ticket}"
    else:
        url = f"{settings().live_endpoint}?tracker={battle_id}&ticket={ticket}"
    return {
        "ticket": ticket,
        "expires_in": tickets.SECONDS,
        "url": url.replace("http", "ws", 1),
    }


def list_battles(caller: Caller, query: BattlesQuery) -> dict[str, Any]:
    """A page of the battles that the caller may read, the newest first. One round trip.

    What a clock has done is in them, and stored when one of them is read alone, or by the sweep.
    """
    page = open_page(query, caller.user_id)
    rows = db.query(
        """
        with page as (
          select c.is_active, b.created_at, b.id, b.state
          from accounts.session_caller(%s, %s, %s::uuid) as c
          left join lateral tracker.list_battles(
            row(c.public_id, tracker.to_role(c.role))::tracker.caller, %s, %s, %s, %s, %s, %s, %s
          ) as b on c.is_active
        )
        select is_active, created_at, id, state, tracker.get_moment() as moment,
          (
            select accounts.list_display_names(array_agg(distinct p.id))
            from page
            cross join jsonb_object_keys(page.state -> 'players') as p (id)
          ) as names,
          (
            select coalesce(
                jsonb_agg(jsonb_build_array(m.room, m.member ->> 'user_id')), '[]'
              )
            from live.list_members(array(select 'tracker:' || page.id from page)) as m
          ) as present
        from page
        order by created_at desc, id desc
        """,
        (
            *(caller.user_id, caller.version, caller.session_id),
            *(query.player_id, query.status or None, query.tournament_id, *page.after),
            *(page.limit + 1, page.offset),
        ),
    )
    tracker_tokens.check(rows[0] if rows else None)
    found = [row for row in rows if row["id"]]
    return page.answer(found, [_show(row) for row in found], "created_at", "id")


def _show(row: db.Row) -> dict[str, Any]:
    battle = Battle(row["state"], SYSTEM, row["moment"])
    turns.settle(battle)
    present = [user_id for room, user_id in row["present"] if room == room_of(row["id"])]
    return show_battle(battle.state, {"names": row["names"], "connected": present}, battle.now)


def create_battle(call: Call, body: Body) -> Response:
    """Makes a battle; raises Forbidden, Conflict, Invalid. Two round trips.

    Of a tournament's pairing it is the battle that there is.
    """
    for _ in range(_TRIES):
        prepared = _prepare(call, body.sent or {})
        if prepared["status"] is not None:
            return to_response(prepared)
        if body.sent is None:
            keep_refusal(call, HTTPStatus.UNPROCESSABLE_ENTITY, body.problem or {})
            refuse({"status": 422, "body": body.problem, "headers": {}})
        try:
            paired = _check(prepared, body.sent)
        except Problem as problem:
            keep_problem(call, problem)
            raise
        if paired:
            return get_battle(call, paired)
        actor, armies = _find_actor(call, prepared, body.sent), prepared["armies"]
        rules = _read_rules(prepared["tournament"])
        copies = {key: one["army"] for key, one in armies.items()}
        battle = make_battle(body.sent, copies, actor, prepared["moment"], **rules)
        row = _insert(call, battle, {"names": prepared["names"], "connected": []})
        if row["outcome"] == "answered":
            return to_response(row)
        if row["outcome"] == "stored":
            return _answer(battle, {"names": prepared["names"], "connected": []})
    raise Conflict("An army of this battle is being deleted; try again", reason="busy")


def _prepare(call: Call, sent: Mapping[str, Any]) -> db.Row:
    players = sent.get("players", [])
    row = db.fetch_once(
        """
        select (p.reply).status, (p.reply).body::text as body, (p.reply).headers,
          (p.reply).is_replay, p.caller_id, p.caller_role, p.is_organizer, p.names, p.armies,
          p.tournament, p.moment
        from tracker.prepare_battle(
          row(%s, %s, %s, %s, %s, %s, %s, %s)::tracker.call, %s, %s, %s
        ) as p
        """,
        (
            *call,
            [one["user_id"] for one in players],
            [one["army_id"] for one in players],
            sent.get("tournament_id"),
        ),
    )
    assert row
    return row


def _find_actor(call: Call, prepared: db.Row, sent: Mapping[str, Any]) -> Actor:
    is_admin, is_organizer = prepared["caller_role"] == "admin", prepared["is_organizer"]
    is_player = prepared["caller_id"] in [one["user_id"] for one in sent["players"]]
    if not (is_player or is_admin or is_organizer):
        raise Forbidden("Only its players may make a battle", required="player")
    role: Any = "player" if is_player else "organizer" if is_organizer else "admin"
    return Actor(prepared["caller_id"], role, "rest", is_admin or is_organizer, call[-1])


def _check(prepared: db.Row, sent: Mapping[str, Any]) -> str | None:
    """The battle that a tournament has made of the same pair already; raises what is wrong."""
    actor = _find_actor((None,), prepared, sent)
    for number, player in enumerate(sent["players"]):
        user_id, army = player["user_id"], prepared["armies"].get(player["army_id"])
        if user_id not in prepared["names"]:
            refuse_field(f"players.{number}.user_id", "unknown_user", "must be a user")
        if army is None:
            refuse_field(f"players.{number}.army_id", "unknown_army", "must be an army")
        if army["owner_id"] != user_id:
            refuse_field(f"players.{number}.army_id", "not_owner", "must be an army of the player")
    if sent["tournament_id"] is None:
        return None
    found = prepared["tournament"]
    if found is None:
        refuse_field("tournament_id", "unknown_tournament", "must be a tournament")
    if found["status"] != "active":
        _refuse_tournament(found["status"], "not_active", "The tournament is not being played")
    if not actor.is_official and found["battle_id"] is None:
        message = "The current round does not pair these players"
        _refuse_tournament(found["status"], "not_paired", message)
    return None if actor.is_official else str(found["battle_id"])


def _refuse_tournament(status: str, reason: str, message: str) -> NoReturn:
    raise InvalidTournamentState(message, status=status, reason=reason)


def _read_rules(tournament: Mapping[str, Any] | None) -> dict[str, Any]:
    """What a tournament says of an extra battle of its organiser's."""
    found = tournament or {}
    return {"score_caps": found.get("score_caps"), "needs_winner": False}


def _insert(call: Call, battle: Battle, people: Mapping[str, Any]) -> db.Row:
    answer = _answer(battle, people)
    kept = call[4] is not None
    row = db.fetch_once(
        """
        select i.outcome, (i.reply).status, (i.reply).body::text as body, (i.reply).headers,
          (i.reply).is_replay
        from tracker.insert_battle(
          row(%s, %s, %s, %s, %s, %s, %s, %s)::tracker.call, %s, %s,
          row(%s, %s, %s, false)::tracker.reply
        ) as i
        """,
        (
            *(*call, Jsonb(battle.state), Jsonb(changes.with_frames(battle, people))),
            *(int(answer.status) if kept else None, Jsonb(answer.body), Jsonb(answer.headers)),
        ),
    )
    assert row
    return row


def _answer(battle: Battle, people: Mapping[str, Any]) -> Response:
    shown = show_battle(battle.state, people, battle.now)
    headers = {"ETag": '"1"', "Location": f"/v1/battles/{shown['id']}"}
    return Response({"battle": shown}, HTTPStatus.CREATED, headers | _NO_CACHE)
