"""Tokens of the tracker that a warm function has verified before."""

from __future__ import annotations

import time
from collections.abc import Iterator

import jwt
import pytest

from functions.accounts import signing_keys
from functions.shared import tokens, tracker_tokens

SESSION = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
def token(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A token of a key that is loaded; no database is asked."""
    monkeypatch.setenv("TRACKER_KEY", "a tracker key of the tests, long enough")
    kid, sealed, public = signing_keys._make()
    private = signing_keys.open_sealed(sealed)
    tracker_tokens.clear_cache()
    monkeypatch.setattr(signing_keys, "_cached", (time.monotonic(), kid, private))
    monkeypatch.setitem(tracker_tokens._keys, kid, jwt.PyJWK(public, "RS256").key)
    monkeypatch.setattr(tracker_tokens, "_loaded_at", time.monotonic())
    yield signing_keys.issue({"id": 7, "token_version": 0}, SESSION)
    tracker_tokens.clear_cache()


def test_a_signature_is_checked_once(token: str, monkeypatch: pytest.MonkeyPatch) -> None:
    found = tracker_tokens.verify(token)
    monkeypatch.setattr(tokens, "read_claims", None)
    assert tracker_tokens.verify(token) == found
    assert (found.user_id, found.session_id) == (7, SESSION)


def test_a_token_that_was_verified_expires(token: str, monkeypatch: pytest.MonkeyPatch) -> None:
    expires_at = tracker_tokens.verify(token).expires_at
    monkeypatch.setattr(time, "time", lambda: float(expires_at))
    with pytest.raises(tokens.WrongTokenError) as wrong:
        tracker_tokens.verify(token)
    assert wrong.value.reason == "expired"


def test_a_token_that_was_verified_ends_with_its_key(token: str) -> None:
    tracker_tokens.verify(token)
    tracker_tokens._keys.clear()  # the key has retired
    with pytest.raises(tokens.WrongTokenError) as wrong:
        tracker_tokens.verify(token)
    assert wrong.value.reason == "malformed"


def test_no_more_tokens_are_known_than_the_newest(
    token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tokens, "MAX_VERIFIED", 1)
    tracker_tokens.verify(token)
    other = signing_keys.issue({"id": 8, "token_version": 0}, SESSION)
    tracker_tokens.verify(other)
    assert list(tracker_tokens._verified) == [other]
