"""SteamIDs as game servers write them; only real ones stand for a person."""

from __future__ import annotations

import re

from functions.shared import fields

_REAL = re.compile(r"STEAM_[0-5]:[01]:(?!0+\Z)[0-9]{1,10}")


def is_real(steam_id: str | None) -> bool:
    """Whether it names an account: bots, pending joins and placeholders do not."""
    return steam_id is not None and _REAL.fullmatch(steam_id) is not None


class PersonPath(fields.BracketPathModel):
    """Which player."""

    steam_id: str
