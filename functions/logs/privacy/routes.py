"""`DELETE /api/players/{steam_id}`: erasure of a person."""

from __future__ import annotations

from typing import Any, Literal

from functions.logs.guards import eraser, get_author
from functions.logs.privacy import erasure
from functions.logs.steam_ids import PersonPath
from functions.shared import fields
from functions.shared.request import Request
from functions.shared.routing import Routes

routes = Routes(__name__, family="plain")


class ErasedPlayer(fields.ResponseModel):
    """How many rows were changed or removed, per table."""

    message: Literal["Player erased"]
    removed: dict[str, int]


@routes.delete(
    "/api/players/{steam_id}",
    guard=eraser,
    query=PersonPath,
    answers={200: ErasedPlayer},
)
def erase_player(request: Request, path: PersonPath) -> dict[str, Any]:
    """Erases a person: a tombstone takes their place in events, which others' numbers rest on."""
    return {
        "message": "Player erased",
        "removed": erasure.erase(path.steam_id, get_author(request)),
    }
