"""Ignore rules: what staff chose not to store."""

from __future__ import annotations

from typing import Any, NamedTuple

from functions.logs.sent import Event

_SPARED = frozenset({"CONNECT", "DISCONNECT", "ROUND_START", "ROUND_END"})


class Rules(NamedTuple):
    """Texts in lower case; an event that contains one of them is not stored."""

    tools: tuple[str, ...] = ()
    commands: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()

    def hit(self, event: Event) -> str | None:
        """The kind of the first rule that an event matches: tool, command or rawText."""
        if event.type == "TOOL_USE" and _matches(self.tools, event.metadata.get("toolName")):
            return "tool"
        is_command = event.type in ("COMMAND", "ULX")
        if is_command and _matches(self.commands, event.metadata.get("command")):
            return "command"
        if event.type not in _SPARED and _matches(self.texts, event.raw_text):
            return "rawText"
        return None


def read(config: Any) -> Rules:
    """The rules of a site configuration's `logs` part; what is no list of texts counts as empty."""
    logs = config.get("logs") if isinstance(config, dict) else None
    found = logs if isinstance(logs, dict) else {}
    names = ("ignoredTools", "ignoredCommands", "rawTextFilters")
    return Rules(*(_texts(found.get(name)) for name in names))


def _texts(sent: Any) -> tuple[str, ...]:
    listed = sent if isinstance(sent, list) else []
    return tuple(one.strip().lower() for one in listed if isinstance(one, str) and one.strip())


def _matches(texts: tuple[str, ...], said: Any) -> bool:
    if not texts or not isinstance(said, str):
        return False
    lowered = said.lower()
    return any(text in lowered for text in texts)
