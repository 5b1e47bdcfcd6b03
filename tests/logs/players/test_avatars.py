"""Avatars: nobody else is asked for a picture unless the operator says so."""

from __future__ import annotations

from collections.abc import Callable

from functions.logs.players import avatars


def test_by_default_a_picture_is_small_inline_and_somebodys_own() -> None:
    ana, bo = avatars.get_avatar_url("STEAM_0:1:101"), avatars.get_avatar_url("STEAM_0:1:102")
    assert ana.startswith("data:image/svg+xml,")
    assert len(ana.encode()) <= 400
    assert ana == avatars.get_avatar_url("STEAM_0:1:101") != bo


def test_the_operators_template_names_the_player(setting: Callable[..., None]) -> None:
    setting(AVATAR_URL="https://pictures.example/{steamId}.png?size=64")
    assert (
        avatars.get_avatar_url("STEAM_0:1:101")
        == "https://pictures.example/STEAM_0:1:101.png?size=64"
    )
    assert (
        avatars.get_avatar_url("a/../b c") == "https://pictures.example/a%2F..%2Fb%20c.png?size=64"
    )
