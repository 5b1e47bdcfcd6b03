"""Tokens: what is refused, whatever it is made of."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from functions.shared import tokens
from functions.shared.secrets import get_secrets
from functions.shared.settings import WrongSettingError

KEY = tokens.derive_key("the token key of the tests, which is long enough", "token")


def forge(key: Any = KEY, algorithm: str = "HS256", kid: Any = None, **changes: Any) -> str:
    """A token as ours, but for what is changed; None leaves a claim out."""
    now = int(time.time())
    claims = {
        "sub": "7",
        "email": "mira@example.com",
        "aud": "game",
        "iss": "tiltyard",
        "ver": 0,
        "iat": now,
        "exp": now + 60,
    }
    said = {name: value for name, value in (claims | changes).items() if value is not None}
    header = {"kid": kid or next(iter(tokens._keys(get_secrets())))}
    # By jwt.api_jws: a claim of the wrong type is not refused by whoever forges it.
    text = jwt.utils.force_bytes(json.dumps(said))
    return jwt.api_jws.encode(text, key, algorithm, header)


def reason(token: str, *audiences: tokens.Audience) -> str:
    with pytest.raises(tokens.WrongTokenError) as wrong:
        tokens.verify(token, *(audiences or ("game",)))
    return str(wrong.value.reason)


def test_what_is_issued_is_verified() -> None:
    token = tokens.issue("game", 7, "mira@example.com", 3)
    assert tokens.verify(token, "game") == tokens.Identity(7, 3)
    assert tokens.verify(token, "panel", "game") == tokens.Identity(7, 3)
    assert tokens.verify(forge(), "game") == tokens.Identity(7, 0)
    assert len(token) < 500


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": "panel"},
        {"aud": "tracker"},
        {"aud": None},
        {"iss": "somebody"},
        {"iss": None},
        {"sub": 7},
        {"sub": "seven"},
        {"sub": "0"},
        {"sub": "-7"},
        {"sub": "9" * 19},
        {"sub": None},
        {"ver": None},
        {"ver": "0"},
        {"ver": True},
        {"ver": -1},
        {"ver": 1 << 31},
        {"exp": None},
        {"exp": "soon"},
        {"iat": None},
        {"key": b"another key, which is long enough too"},
        {"kid": "00000000"},
        {"email": "x" * 4096},
    ],
    ids=str,
)
def test_a_forged_token_is_malformed(changes: dict[str, Any]) -> None:
    assert reason(forge(**changes)) == "malformed"


def test_an_expired_token_says_so() -> None:
    assert reason(forge(exp=int(time.time()) - 1)) == "expired"


def test_no_other_algorithm_is_believed() -> None:
    key = rsa.generate_private_key(65537, 2048)
    assert reason(forge(key, "RS256")) == "malformed"
    assert reason(forge(KEY * 2, "HS512")) == "malformed"
    assert reason(forge("", "none")) == "malformed"
    unsigned = forge().rpartition(".")[0] + "."
    assert reason(unsigned) == "malformed"


@pytest.mark.parametrize(
    "token", ["", "a", "a.b", "a.b.c", "....", "é.b.c", "W10.W10.W10", "x" * 4096, "." * 4096]
)
def test_nonsense_is_malformed(token: str) -> None:
    assert reason(token) == "malformed"


def test_a_key_is_retired_by_its_kid(setting: Callable[..., None]) -> None:
    old = tokens.issue("game", 7, "mira@example.com", 0)
    setting(TOKEN_KEY="another token key, which is long enough")
    assert reason(old) == "malformed"
    setting(TOKEN_KEY_PREVIOUS="the token key of the tests, which is long enough")
    assert tokens.verify(old, "game") == tokens.Identity(7, 0)
    new = tokens.issue("game", 7, "mira@example.com", 0)
    assert tokens.read_kid(new) != tokens.read_kid(old)
    setting(TOKEN_KEY_PREVIOUS="")
    assert tokens.verify(new, "game") == tokens.Identity(7, 0)
    assert reason(old) == "malformed"


def test_a_token_that_was_verified_is_for_no_other_audience() -> None:
    token = tokens.issue("game", 7, "mira@example.com", 0)
    assert tokens.verify(token, "game") == tokens.Identity(7, 0)
    assert reason(token, "panel") == "malformed"
    assert reason(token[:-1] + ("A" if token[-1] != "A" else "Q")) == "malformed"


def test_a_token_that_was_verified_expires(monkeypatch: pytest.MonkeyPatch) -> None:
    ends_at = int(time.time()) + 60
    token = forge(exp=ends_at)
    for now in (ends_at - 60, ends_at - 1):
        monkeypatch.setattr("functions.shared.tokens.time.time", lambda now=now: float(now))
        assert tokens.verify(token, "game") == tokens.Identity(7, 0)
    monkeypatch.setattr("functions.shared.tokens.time.time", lambda: float(ends_at))
    assert reason(token) == "expired"


def test_the_tokens_that_were_verified_last_are_known_again() -> None:
    for user_id in range(1, tokens.MAX_VERIFIED + 10):
        token = tokens.issue("game", user_id, "mira@example.com", 0)
        assert tokens.verify(token, "game") == tokens.Identity(user_id, 0)
    assert len(tokens._verified) == tokens.MAX_VERIFIED
    assert (token, ("game",)) in tokens._verified


def test_there_are_no_tokens_without_a_key_of_their_own(setting: Callable[..., None]) -> None:
    """Regression: SIGNING_KEY, which every function has, took its place."""
    token = tokens.issue("game", 7, "mira@example.com", 0)
    setting(TOKEN_KEY="", TOKEN_KEY_PREVIOUS="the token key of the tests, which is long enough")
    with pytest.raises(WrongSettingError, match="TOKEN_KEY is missing"):
        tokens.verify(token, "game")
    with pytest.raises(WrongSettingError, match="TOKEN_KEY is missing"):
        tokens.issue("game", 7, "mira@example.com", 0)


def test_another_use_of_the_signing_key_makes_no_token() -> None:
    secret = get_secrets().signing_keys[0].get_secret_value()
    assert reason(forge(secret.encode())) == "malformed"
