"""The schemas of error bodies in the API reference: one of each family, and of bodies too large."""

from __future__ import annotations

from typing import Any

# The schema of each family's error bodies; a family's first domain adds its own.
NAMES = {"plain": "Error", "game": "GameError", "v1": "V1Error"}


def list_schemas() -> dict[str, Any]:
    """All of them, by name."""
    return {
        "Error": _error(),
        "TooLarge": _too_large(),
        "GameError": _game_error(),
        "V1Error": _v1_error(),
    }


def _too_large() -> dict[str, Any]:
    error = _error()
    most = {"type": "integer", "description": "How many bytes the body may have"}
    return error | {
        "required": ["error", "maxBytes"],
        "properties": error["properties"] | {"maxBytes": most},
    }


def _v1_error() -> dict[str, Any]:
    """The envelope of every error under /v1."""
    text = {"type": "string"}
    error = {
        "type": "object",
        "required": ["code", "message", "details"],
        "properties": {"code": text, "message": text, "details": {"type": "object"}},
    }
    return {
        "type": "object",
        "description": "What is wrong: a code to act on, and a sentence",
        "required": ["error", "timestamp", "request_id"],
        "properties": {
            "error": error,
            "timestamp": {"type": "string", "format": "date-time"},
            "request_id": {"type": "string", "pattern": "^req_[0-9A-Za-z]+$"},
        },
    }


def _game_error() -> dict[str, Any]:
    """What the web game reads, with `error` where the panel shares its path."""
    place = {"type": "array", "items": {"type": "string"}}
    text = {"type": "string"}
    problem = {
        "type": "object",
        "required": ["loc", "msg", "type"],
        "properties": {"loc": place, "msg": text, "type": text},
    }
    return {
        "type": "object",
        "description": "What is wrong, in a sentence or of each field",
        "required": ["detail"],
        "properties": {
            "detail": {"anyOf": [text, {"type": "array", "items": problem}]},
            "error": {"type": "string", "description": "The sentence again, for the log panel"},
        },
    }


def _error() -> dict[str, Any]:
    detail = {
        "type": "object",
        "properties": {"field": {"type": "string"}, "problem": {"type": "string"}},
    }
    return {
        "type": "object",
        "description": "What is wrong, and with which fields",
        "required": ["error"],
        "properties": {
            "error": {"type": "string", "description": "The error message"},
            "details": {"type": "array", "items": detail},
        },
    }
