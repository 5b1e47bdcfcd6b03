"""Avatars: a picture for every player, which by default nobody else is asked for."""

from __future__ import annotations

from urllib.parse import quote
from zlib import crc32

from functions.shared.settings import settings


def get_avatar_url(steam_id: str) -> str:
    """The URL of a player's picture: of the template AVATAR_URL, else a small inline one."""
    template = settings().avatar_url
    if template:
        return template.replace("{steamId}", quote(steam_id, safe=":"))
    hue = crc32(steam_id.encode()) % 360
    return (
        "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 8 8'%3E"
        f"%3Cpath fill='hsl({hue},50%25,40%25)' d='M0 0h8v8H0z'/%3E"
        "%3Cpath fill='%23fff' d='M4 1a1.5 1.5 0 1 0 .01 0zM1 8a3 3 0 0 1 6 0z'/%3E%3C/svg%3E"
    )
