"""Names: what players were called, and when; sent by servers each time one joins."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Literal

from pydantic import BaseModel, Field

from functions.shared import db, fields, json_codec, spool
from functions.shared.erasure import find_erasures
from functions.shared.errors import BadRequest, Invalid
from functions.shared.spool import Accepted
from functions.ttt import erasure

LONGEST = 128  # code points; a longer name is cut


class NewName(BaseModel):
    """A player's name as a server sends it when they join."""

    steam_id: str = Field(min_length=1, max_length=64)
    display_name: str = Field(min_length=1, description="cut after 128 characters")


class NamesPath(fields.BracketPathModel):
    """Whose names."""

    steam_id: fields.Name64


class PastName(fields.ResponseModel):
    """A name, from its first receipt until another one's; `valid_to` is null for the current."""

    name: str
    valid_from: datetime
    valid_to: datetime | None
    last_seen: datetime


class Names(fields.ResponseModel):
    """All names of a player, the newest first."""

    steam_id: str
    current: str | None
    items: list[PastName]


def parse_body(body: str) -> NewName:
    """The name of a request body; raises BadRequest or Invalid in the words of the contract."""
    try:
        payload = json_codec.loads_of_game_server(body)
    except Invalid as problem:
        is_nul = "display_name must not contain a NUL" in problem.message
        sentence = "Invalid display_name" if is_nul else "Invalid JSON"
        raise BadRequest(sentence, problem.details) from None
    if (
        not isinstance(payload, dict)
        or not payload.get("steam_id")
        or not payload.get("display_name")
    ):
        raise BadRequest("Missing steam_id or display_name")
    steam_id, name = payload["steam_id"], payload["display_name"]
    if not isinstance(steam_id, str) or len(steam_id) > 64:
        raise Invalid("Invalid steam_id")
    if not isinstance(name, str):
        raise Invalid("Invalid display_name")
    return NewName(steam_id=steam_id, display_name=name[:LONGEST])


def record(payload: NewName, key: str | None = None) -> Literal["new", "known", "queued"]:
    """Notes a player's name as of now; "new" for the first one ever. One round trip.

    `key`: what it was sent with. Raises Unavailable.
    """
    if payload.steam_id in erasure.PSEUDO_IDS:
        return "known"
    is_first = spool.store_or_queue(
        lambda: _note(payload, datetime.now(UTC)),
        lambda: spool.enqueue("ttt.names", [payload.model_dump()], key),
    )
    return "queued" if is_first is None else "new" if is_first else "known"


@db.retried
def consume(accepted: Sequence[Accepted]) -> None:
    """Notes spooled names, all or none, as of when they were accepted, but of who was erased since
    then. A round trip a name, and one commit."""
    sent = [
        (fields.parse(NewName, one.item), datetime.fromtimestamp(one.at / 1000, UTC))
        for one in accepted
    ]
    sent.sort(key=lambda one: (one[0].steam_id, one[1]))  # two drains take turns, in one order
    with erasure.block_erasure():
        erasures = find_erasures(
            "ttt.erase", min(moment for _, moment in sent), {name.steam_id for name, _ in sent}
        )
        for payload, received_at in sent:
            erased_at = erasures.get(payload.steam_id)
            if erased_at is None or erased_at < received_at:
                _note(payload, received_at)


def _note(payload: NewName, received_at: datetime) -> bool:
    return bool(
        db.fetch_value(
            "select ttt.record_name(%s, %s, %s) as is_first",
            (payload.steam_id, payload.display_name, received_at),
        )
    )


def get_names(steam_id: str) -> dict[str, Any]:
    """A player's Names; empty for somebody unknown. One round trip."""
    found = db.query(
        """
        select display_name as name, valid_from, valid_to, last_seen
        from ttt.names
        where steam_id = %s
        order by valid_from desc
        """,
        (steam_id,),
    )
    return {"steam_id": steam_id, "current": found[0]["name"] if found else None, "items": found}
