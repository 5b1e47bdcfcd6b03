"""Which SteamIDs stand for a person."""

from __future__ import annotations

import pytest

from functions.logs import steam_ids


@pytest.mark.parametrize("text", ["STEAM_0:0:1", "STEAM_5:1:9999999999", "STEAM_1:1:0000000001"])
def test_an_account_is_real(text: str) -> None:
    assert steam_ids.is_real(text)


@pytest.mark.parametrize(
    "text",
    [
        *("BOT", "NULL", "UNKNOWN", "STEAM_ID_PENDING", "STEAM_ID_LAN", "STEAM_0:0:0", ""),
        *("STEAM_0:0:ID", "STEAM_0:0:00", "STEAM_6:0:1", "STEAM_0:2:1", "STEAM_0:0:12345678901"),
        *("STEAM_0:0:1 ", " STEAM_0:0:1", "STEAM_0:0:1\n", "steam_0:0:1", "STEAM_0:0:١", None),
    ],
)
def test_bots_and_placeholders_are_not(text: str | None) -> None:
    assert not steam_ids.is_real(text)
