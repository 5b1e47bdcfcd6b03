"""What a result that an organiser sends comes to: the scores, who has won, and how."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, model_validator

from functions.shared import db
from functions.shared.fields import RequestModel, fail_validation
from functions.tracker.battles.problems import refuse_field
from functions.tracker.battles.scores import Scores, change_scores
from functions.tracker.fields import Id, Reason

if TYPE_CHECKING:  # a battle is read without the engine
    from functions.tracker.engine.tournament import Pairing, Result
    from functions.tracker.tournaments.state import StoredTournament

ResultType = Literal["score", "concession", "forfeit", "timeout", "declared", "double_loss"]


class NewResult(RequestModel):
    """A result; `reason` is needed where there is one already."""

    scores: dict[str, Scores] = Field(default_factory=dict)
    winner_id: Id | None = None
    result_type: ResultType | None = None
    reason: Reason | None = None
    dry_run: Annotated[bool, Field(strict=True)] = False
    force: Annotated[bool, Field(strict=True)] = False

    @model_validator(mode="after")
    def _says_something(self) -> NewResult:
        if not self.scores and self.winner_id is None and self.result_type is None:
            fail_validation("is required", "required", field="scores")
        return self


def merge_scores(
    stored: StoredTournament, pairing: Pairing, sent: Mapping[str, Any]
) -> dict[str, dict[str, int]]:
    """Both players' scores with what was sent: totals as they are sent, or moved by their parts.

    Raises Invalid. One round trip.
    """
    state = _read_state(pairing)
    for user_id, scores in sent["scores"].items():
        field = f"scores.{user_id}"
        if user_id not in pairing.player_ids:
            refuse_field(field, "unknown_player", "must be of one of the two players")
        given = {part: points for part, points in scores.items() if points is not None}
        change_scores(state, user_id, given, field)
    merged: dict[str, dict[str, int]] = {
        user_id: player["scores"] for user_id, player in state["players"].items()
    }
    if not sent["scores"] and sent["result_type"] == "forfeit" and sent["winner_id"] in merged:
        points = stored.tournament.rules.bye_victory_points
        for user_id, one in merged.items():
            one["victory_points"] = points if user_id == sent["winner_id"] else 0
    return merged


def judge(
    pairing: Pairing, sent: Mapping[str, Any], scores: Mapping[str, Mapping[str, int]]
) -> Result:
    """Who has won and how: by the totals, unless a winner is sent; raises Invalid."""
    from functions.tracker.engine.tournament import Result

    one, two = (scores[user_id]["victory_points"] for user_id in pairing.player_ids)
    leader = None if one == two else pairing.player_ids[one < two]
    kind, winner = sent["result_type"], sent["winner_id"]
    if winner is not None and winner not in pairing.player_ids:
        refuse_field("winner_id", "unknown_player", "must be one of the two players")
    if kind == "double_loss":
        if winner is not None:
            refuse_field("winner_id", "invalid", "must not be there: both have lost")
        return Result((one, two), None, kind)
    if winner is not None:
        usual: ResultType = "score" if winner == leader else "declared"
        return Result((one, two), winner, kind or usual)
    if kind not in (None, "score"):
        refuse_field("winner_id", "required", f"is required with {kind}")
    return Result((one, two), leader, "score" if leader else "draw")


def _read_state(pairing: Pairing) -> dict[str, Any]:
    row = db.fetch_one(
        """
        select b.state
        from tracker.battles as b
        where b.id = %s
        for no key update
        """,
        (pairing.battle_id,),
    )
    assert row
    state: dict[str, Any] = row["state"]
    return state
