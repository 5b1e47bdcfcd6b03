"""What the distribution does below `/console/`, at the local edge.

A file that never changes is asked of its function once.
"""

from __future__ import annotations

from aiohttp import web
from multidict import CIMultiDict

_BELOW = "/console/"
_MAX_BYTES = 16_000_000  # of all that is kept; the console has less than a megabyte


class EdgeCache:
    """Answers that say of themselves that they are immutable."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, bool], tuple[bytes, CIMultiDict[str]]] = {}
        self._size = 0

    def find(self, request: web.BaseRequest) -> web.Response | None:
        """What was answered to the same request before."""
        kept = self._kept.get(_name(request)) if _is_asked(request) else None
        return web.Response(body=kept[0], headers=CIMultiDict(kept[1])) if kept else None

    def keep(self, request: web.BaseRequest, answer: web.Response, content: bytes) -> None:
        """Keeps an answer, if it may be kept and there is room."""
        if not _is_asked(request) or answer.status != 200:
            return
        is_immutable = "immutable" in answer.headers.get("Cache-Control", "")
        if is_immutable and self._size + len(content) <= _MAX_BYTES:
            self._size += len(content)
            self._kept[_name(request)] = (content, CIMultiDict(answer.headers))


def _is_asked(request: web.BaseRequest) -> bool:
    is_whole = "If-None-Match" not in request.headers and "Range" not in request.headers
    return request.method == "GET" and is_whole and request.raw_path.startswith(_BELOW)


def _name(request: web.BaseRequest) -> tuple[str, bool]:
    takes_gzip = "gzip" in request.headers.get("Accept-Encoding", "").lower()
    return request.raw_path, takes_gzip
