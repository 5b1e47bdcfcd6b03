"""What is asked of a battle, in requests and in commands of sockets alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from pydantic import ConfigDict, RootModel

from functions.shared.errors import Invalid
from functions.tracker.battles.actions import ACTIONS, BY_PATH, AnyAction
from functions.tracker.battles.changes import Change
from functions.tracker.calls import Body, describe, parse_body
from functions.tracker.fields import PathId
from functions.tracker.pages import EventsPageQuery


class BattleAction(RootModel[AnyAction]):
    """One of the actions, with its own fields."""

    model_config = ConfigDict(defer_build=True)


class EventsQuery(EventsPageQuery):
    """Which events of which battle."""

    battle_id: PathId


def parse_action(
    sent: Mapping[str, Any],
    source: Literal["rest", "ws"],
    versions: Sequence[int] | None = None,
    ref: str | None = None,
) -> Change:
    """The change that a body with an `action` asks for."""
    known = ACTIONS | BY_PATH if source == "ws" else ACTIONS
    name = sent.get("action")
    if not isinstance(name, str) or name not in known:
        return Change(_refuse_name(name, known), _do_nothing, source, versions, ref)
    model, run = known[name]
    return Change(parse_body(model, sent, is_change=True), run, source, versions, ref)


def parse_by_path(
    name: str, sent: Mapping[str, Any], versions: Sequence[int] | None = None
) -> Change:
    """The change that a body asks for at a path of its own, `advance_round` or `complete`."""
    model, run = BY_PATH[name]
    return Change(parse_body(model, sent, is_change=True), run, "rest", versions)


def _refuse_name(name: Any, known: Mapping[str, Any]) -> Body:
    problem = "is required" if name is None else f"must be one of {', '.join(known)}"
    details = [{"field": "action", "problem": problem}]
    return Body(None, describe(Invalid(f"action {problem}", details)))


def _do_nothing(*_: Any) -> None:
    """What is asked for is never done: its body is refused."""
