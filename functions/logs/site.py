"""The site's configuration: one document that staff edit and the public home page reads."""

from __future__ import annotations

from typing import Any

from functions.shared import db


def config() -> Any:
    """What staff configured; an empty object before that. One round trip."""
    found = db.run("select config from logs.site")
    return found[0]["config"] if found else {}
