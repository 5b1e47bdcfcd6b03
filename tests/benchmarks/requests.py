"""Requests to measure with: Lambda events as API Gateway sends them, deterministic by number."""

from __future__ import annotations

import json
from typing import Any

from tests.client import gateway_event

KEY = "bench-bootstrap-key"
ENVIRON = {
    "API_KEY": KEY,
    "TILT_KEYS": "required",
    "SIGNING_KEY": "the signing key of the benchmarks, long enough",
    "DOMAINS": "tilt",
}
_HEADERS = {
    "Accept": "*/*",
    "Accept-Encoding": "gzip, deflate",
    "Content-Type": "application/json",
    "Host": "api.example.org",
    "User-Agent": "tilt-bot/1.0",
    "X-Api-Key": KEY,
    "X-Forwarded-For": "192.0.2.7",
    "X-Forwarded-Proto": "https",
}


def post(at_ms: int) -> dict[str, Any]:
    """A bot posts an event of that Unix ms: the seed's first example, another user each time."""
    body = {
        "userId": f"user-{at_ms % 997}",
        "timestamp": at_ms,
        "signals": [
            {"type": "rage-quit", "severity": 3, "confidence": 0.85},
            {"type": "rapid-messages", "severity": 2, "confidence": 0.7},
        ],
        "tiltScore": 3.5,
        "context": "discord-dm",
    }
    return gateway_event("POST", "/api/tilt/events", json.dumps(body), _HEADERS)


def get(path: str) -> dict[str, Any]:
    """A dashboard reads."""
    return gateway_event("GET", path, None, _HEADERS)
