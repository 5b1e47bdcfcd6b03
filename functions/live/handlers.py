"""The live function: sockets that open, say something and close; its own work; the sweep."""

from __future__ import annotations

import json
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from functions.live import (
    catch_up,
    closing,
    connections,
    fanout,
    giving_up,
    later,
    management,
    messages,
    opening,
    presence,
)
from functions.live import sweep as sweeping
from functions.shared import db, log
from functions.shared.errors import Problem
from functions.shared.scheduled import run_job

Answer = dict[str, Any]
_OK: Answer = {"statusCode": HTTPStatus.OK}
_SECONDS = 2.0  # for an error message


def sockets(event: dict[str, Any], context: Any) -> Answer:
    """An event of the gateway, or work that this function left for another invocation of it."""
    if "work" in event:
        _work(event)
        return _OK
    if "Records" in event:
        return _work_all(event["Records"])
    # Not by its route: a client may say one in a message.
    return _EVENTS[event["requestContext"]["eventType"]](event)


def sweep(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Sees to what nobody else does: lost posts, lost sockets, users who were signed out."""
    return run_job("live.sweep", lambda _, seconds: sweeping.sweep(seconds / 2), context)


def _connect(event: dict[str, Any]) -> Answer:
    """Opens a socket, or refuses it with the problem's status."""
    try:
        protocol = opening.open_socket(event)
    except Problem as problem:
        log.event("live.refused", status=int(problem.status))
        return {"statusCode": int(problem.status), "body": problem.message}
    later.invoke("welcome", connection_id=event["requestContext"]["connectionId"])
    return _OK | ({"headers": {"Sec-WebSocket-Protocol": protocol}} if protocol else {})


def _disconnect(event: dict[str, Any]) -> Answer:
    try:
        connections.close([event["requestContext"]["connectionId"]])
    except db.DatabaseUnavailable as problem:  # the sweep finds that it is gone
        return _say_unavailable("disconnect", problem)
    return _OK


def _message(event: dict[str, Any]) -> Answer:
    name = event["requestContext"]["connectionId"]
    try:
        connection = connections.receive(name)
        if connection is None:  # it was given up: its client opens another one
            management.close_all([name])
            return {"statusCode": HTTPStatus.GONE}
        messages.receive(connection, event.get("body") or "")
    except db.DatabaseUnavailable as problem:
        management.post_all({name: [fanout.encode(_describe(problem))]}, _SECONDS)
        return _say_unavailable("message", problem)
    return _OK


def _describe(problem: Problem) -> dict[str, Any]:
    """The message that refuses another one where nobody can look up of which kind the room is:
    with the fields of all kinds."""
    said = {"code": problem.code, "message": problem.message, "detail": problem.message}
    return {"type": "error", **said, "ref": None}


def _say_unavailable(event: str, problem: Problem) -> Answer:
    log.event("live.unavailable", level="ERROR", during=event)
    return {"statusCode": int(problem.status), "body": problem.message}


_EVENTS: dict[str, Callable[[dict[str, Any]], Answer]] = {
    "CONNECT": _connect,
    "DISCONNECT": _disconnect,
    "MESSAGE": _message,
}


def _work(work: dict[str, Any]) -> None:
    match work:
        case {"work": "welcome", "connection_id": str(name)}:
            catch_up.welcome(name)
        case {"work": "catch_up", "connection_id": str(name)}:
            catch_up.catch_up(name)
        case {"work": "close", "connection_id": str(name), "tries": int(tries)}:
            giving_up.close_sockets([name], tries)
        case {"work": "deliver", "room": str(room)}:
            fanout.deliver(room)
        case {"work": "leave", "room": str(room)}:
            presence.leave(room)
        case {"work": "presence", "room": str(room), "presence": side, "member": member}:
            presence.tell(room, side, member, is_due=True)
        case {"work": "close_user", "user_id": int(user_id)}:
            closing.close_refused(user_id=user_id)
        case {"work": "close_room", "room": str(room)}:
            closing.close_refused(room=room)
        case _:
            log.event("live.work", level="ERROR", work=str(work.get("work")))


def _work_all(records: list[dict[str, Any]]) -> Answer:
    """Does delayed work; names what is to be tried again."""
    failed = []
    for record in records:
        try:
            _work(json.loads(record["body"]))
        except db.DatabaseUnavailable:
            failed.append({"itemIdentifier": record["messageId"]})
    return {"batchItemFailures": failed}
