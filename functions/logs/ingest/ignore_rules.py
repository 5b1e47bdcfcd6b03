"""Ignore rules: what staff chose not to store."""

from __future__ import annotations

from typing import Any, NamedTuple

from functions.logs.ingest.normalise import Event

_SPARED = ("CONNECT", "DISCONNECT")


class Hit(NamedTuple):
    """The first rule that an event matches: its kind, and its text as staff wrote it."""

    kind: str  # tool, command or rawText
    text: str


class Rules(NamedTuple):
    """Texts; an event that contains one of them, in any case, is not stored."""

    tools: tuple[str, ...] = ()
    commands: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()

    def hit(self, event: Event) -> Hit | None:
        """The first rule that an event matches."""
        text = None
        if event.type == "TOOL_USE" and self.tools:
            text = _match(self.tools, event.metadata.get("toolName"))
            if text:
                return Hit("tool", text)
        if event.type in ("COMMAND", "ULX") and self.commands:
            text = _match(self.commands, event.metadata.get("command"))
            if text:
                return Hit("command", text)
        if self.texts and event.type not in _SPARED and not event.type.startswith("ROUND_"):
            text = _match(self.texts, event.raw_text)
        return Hit("rawText", text) if text else None


def parse_rules(logs: Any) -> Rules:
    """The rules of a site configuration's `logs` part; what is no list of texts counts as empty."""
    found = logs if isinstance(logs, dict) else {}
    names = ("ignoredTools", "ignoredCommands", "rawTextFilters")
    return Rules(*(_texts(found.get(name)) for name in names))


def _texts(sent: Any) -> tuple[str, ...]:
    listed = sent if isinstance(sent, list) else []
    return tuple(one.strip() for one in listed if isinstance(one, str) and one.strip())


def _match(texts: tuple[str, ...], said: Any) -> str | None:
    if not isinstance(said, str):
        return None
    lowered = said.lower()
    return next((text for text in texts if text.lower() in lowered), None)
