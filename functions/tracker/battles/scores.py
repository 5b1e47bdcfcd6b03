"""Scores: a grand total, and parts of it. Points without a part are in the total alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field

from functions.tracker.battles.battle import State
from functions.tracker.battles.problems import refuse_field
from functions.tracker.fields import ChangeModel, Whole

PARTS = ("primary", "secondary", "linchpin", "challenge")
NAMES = ("victory_points", *PARTS)
Score = Annotated[int, Field(strict=True, ge=0, le=999), Whole]
_CAPS = {"total": "victory_points", "primary": "primary", "secondary": "secondary"}


class Scores(ChangeModel):
    """Scores of a player; what is absent stays, and the total moves with its parts."""

    victory_points: Score | None = None
    primary: Score | None = None
    secondary: Score | None = None
    linchpin: Score | None = None
    challenge: Score | None = None


def make_scores() -> dict[str, int]:
    """The scores of a player before the first."""
    return dict.fromkeys(NAMES, 0)


def change_scores(state: State, player_id: str, sent: Mapping[str, int], field: str) -> None:
    """Sets the scores that are sent; raises Invalid for more than its tournament allows.

    `field`: where they were sent, for the message.
    """
    scores = state["players"][player_id]["scores"]
    moved = sum(sent[part] - scores[part] for part in PARTS if part in sent)
    total = max(0, scores["victory_points"] + moved)
    changed = {**scores, "victory_points": total, **sent}
    for cap, name in _CAPS.items():
        most = (state["score_caps"] or {}).get(cap)
        if most is not None and changed[name] > most:
            refuse_field(f"{field}.{name}", "score_cap", f"must be at most {most}")
    state["players"][player_id]["scores"] = changed
    state["warnings"] = list_warnings(state)


def list_warnings(state: State) -> list[str]:
    """What looks wrong of a battle, and is kept all the same."""
    shown = [player["scores"] for player in state["players"].values()]
    found = []
    if any(sum(one[part] for part in PARTS) > one["victory_points"] for one in shown):
        found.append("SCORE_PARTS_EXCEED_TOTAL")
    if state["winner_id"] is not None and state["winner_id"] != find_leader(state):
        found.append("WINNER_DIFFERS_FROM_SCORE")
    return found


def find_leader(state: State) -> str | None:
    """Who has the higher total; None for equal ones."""
    first, second = state["order"]
    totals: dict[str, Any] = {
        name: player["scores"]["victory_points"] for name, player in state["players"].items()
    }
    if totals[first] == totals[second]:
        return None
    return str(first if totals[first] > totals[second] else second)
