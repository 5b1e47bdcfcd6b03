"""`/.well-known/jwks.json`: the keys of the tracker's tokens, for whoever verifies them."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from functions.accounts import tracker
from functions.shared import tracker_tokens
from functions.shared.request import Request
from functions.shared.routing import Routes

routes = Routes(__name__, family="plain")


@routes.get(
    "/.well-known/jwks.json",
    answers={HTTPStatus.OK: tracker.JsonWebKeys},
    headers={"Cache-Control": f"public, max-age={tracker_tokens.CACHE_SECONDS}"},
)
def list_keys(request: Request) -> dict[str, Any]:
    """The public keys of the tracker's access tokens, the newest first (RFC 7517)."""
    from functions.accounts import signing_keys  # needs the layer Rs256

    return {"keys": signing_keys.list_public_keys()}
