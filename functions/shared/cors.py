"""CORS: pages of which origins may call, as CORS_ORIGINS says.

No answer allows credentials: what proves who is calling is a header that a page's own script sets,
never a cookie that a browser adds by itself.
"""

from __future__ import annotations

from functions.shared.request import Request
from functions.shared.settings import settings

_EXPOSED = (
    "X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset, Retry-After, ETag, Location, "
    "X-Request-Id, X-Has-More, X-Next-Offset, X-Next-Cursor, X-Total-Count, "
    "X-Row-Count, X-Dirty-Buckets, Idempotency-Replayed"
)
# What a preflight is answered beside its methods.
PREFLIGHT = {
    "Access-Control-Allow-Headers": (
        "Authorization, Content-Type, X-Api-Key, X-Server-Key, Idempotency-Key, If-Match, "
        "If-None-Match"
    ),
    "Access-Control-Max-Age": "600",
}


def allow_origin(request: Request, headers: dict[str, str]) -> None:
    """Adds to an answer's headers which page may read it: any, or the caller's if it is listed.

    With a list the answer depends on its `Origin`, and says so to caches.
    """
    headers["Access-Control-Expose-Headers"] = _EXPOSED
    allowed = settings().allowed_origins
    if allowed == {"*"}:
        headers["Access-Control-Allow-Origin"] = "*"
        return
    headers["Vary"] = f"{headers['Vary']}, Origin" if "Vary" in headers else "Origin"
    if (origin := request.header("origin")) in allowed:
        headers["Access-Control-Allow-Origin"] = origin
