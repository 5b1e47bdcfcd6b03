"""Targets: the path and query of a request line, and how the local cloud must hear a path."""

from __future__ import annotations

import re

_WHOLE = re.compile(r"https?://[^/?#]*", re.IGNORECASE)
_UNSPELLED = re.compile(rb"[^!-~]")  # what no address may hold as it is


def encode_path(path: str) -> str:
    """The path as the local cloud must hear it for a function to see what the client sent.

    AWS hands `event.path` over as it was sent, percent signs and all; MiniStack decodes it once.
    """
    return path.replace("%", "%25")


def parse_target(raw: str) -> str | None:
    """The path and query that a request line names, in ASCII; None when it names none.

    A client that takes us for its proxy sends the whole address.
    """
    if whole := _WHOLE.match(raw):
        rest = raw[whole.end() :]
        raw = rest if rest.startswith("/") else f"/{rest}"
    if not raw.startswith("/"):
        return None
    query_text = raw.partition("#")[0].encode("utf-8", "surrogateescape")
    return _UNSPELLED.sub(lambda found: b"%%%02X" % found[0][0], query_text).decode("ascii")
