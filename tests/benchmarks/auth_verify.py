"""auth.verify: what checking a token adds to a request, with its keys at hand."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from unittest.mock import patch

import jwt

from functions.accounts import signing_keys
from functions.shared import tokens, tracker_tokens
from functions.shared.secrets import clear_cache as forget_secrets
from tests.benchmarks.figures import Figure, below, rounds
from tests.benchmarks.store import Store

NAMES = ("auth.verify.hs256", "auth.verify.rs256")
_ROUNDS = 15
_TOKENS = 200  # a round; each of another user, as requests of a busy function are
_SETTINGS = {
    "SIGNING_KEY": "the signing key of the benchmarks, long enough",
    "TOKEN_KEY": "the token key of the benchmarks, long enough",
    "TRACKER_KEY": "the tracker key of the benchmarks, long enough",
}


def measure(store: Store) -> list[Figure]:
    """Both in this process, in alternating rounds; no database is asked.

    The game's tokens are new in each round: a token that is known again costs next to nothing.
    """
    with patch.dict(os.environ, _SETTINGS | {"DATABASE_URL": store.app_url}):
        forget_secrets()
        rs256 = _tracker_tokens()
        found = rounds(
            _ROUNDS,
            hs256=lambda number: _seconds(
                lambda token: tokens.verify(token, "game"), _game_tokens(number)
            ),
            rs256=lambda _: _seconds(_verify_unknown, rs256),
        )
    forget_secrets()
    return [below(NAMES[0], found["hs256"], 0.06), below(NAMES[1], found["rs256"], 0.12)]


def _game_tokens(number: int) -> list[str]:
    first = 1 + number * _TOKENS
    return [
        tokens.issue("game", n, f"user{n}@example.com", 0) for n in range(first, first + _TOKENS)
    ]


def _tracker_tokens() -> list[str]:
    """Tokens of a key that is made here and put where a function keeps those it has looked up."""
    kid, sealed, public = signing_keys._make()
    private = signing_keys.open_sealed(sealed)
    signing_keys._cached = (time.monotonic(), kid, private)
    tracker_tokens._keys[kid] = jwt.PyJWK(public, "RS256").key
    tracker_tokens._loaded_at = time.monotonic()
    session = "00000000-0000-4000-8000-000000000000"
    users = [{"id": n, "token_version": 0} for n in range(1, _TOKENS + 1)]
    return [signing_keys.issue(user, session) for user in users]


def _verify_unknown(token: str) -> None:
    tracker_tokens._verified.clear()
    tracker_tokens.verify(token)


def _seconds(verify: Callable[[str], object], sent: list[str]) -> list[float]:
    seconds = []
    for token in sent:
        began = time.perf_counter()
        verify(token)
        seconds.append(time.perf_counter() - began)
    return seconds
