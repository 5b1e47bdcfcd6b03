"""Rules of a tournament: what its battles are played by, how it is paired and how it is ranked."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from functions.shared.fields import RequestModel, ResponseModel, fail_validation
from functions.tracker.fields import FactionId, Line, Mission, Whole
from functions.tracker.tournaments.fields import drop_nulls

Format = Literal["swiss", "single_elimination", "double_elimination"]
Tiebreaker = Literal[
    "match_points",
    "opp_win_pct",
    "opp_opp_win_pct",
    "victory_points",
    "win_path",
    "vp_difference",
    "battle_points",
]
PRESETS: dict[str, list[str]] = {
    "points": ["match_points", "victory_points", "opp_win_pct"],
    "wtc": ["battle_points", "match_points", "vp_difference"],
}
DEFAULT_TIEBREAKERS = [
    "match_points",
    "opp_win_pct",
    "opp_opp_win_pct",
    "victory_points",
    "win_path",
]


def _expand_preset(sent: Any) -> Any:
    return PRESETS.get(sent, sent) if isinstance(sent, str) else sent


def _distinct(keys: list[Any]) -> list[Any]:
    if len({str(key) for key in keys}) < len(keys):
        fail_validation("must not name anything twice")
    return keys


def _turn_seconds(seconds: int) -> int:
    if 0 < seconds < 30:
        fail_validation("must be 0, or 30 to 86400")
    return seconds


Points = Annotated[int, Field(strict=True, ge=0, le=999), Whole]
Tiebreakers = Annotated[
    list[Tiebreaker],
    Field(min_length=1, max_length=7),
    BeforeValidator(
        _expand_preset, json_schema_input_type=list[Tiebreaker] | Literal["points", "wtc"]
    ),
    AfterValidator(_distinct),
]


class ScoreCaps(RequestModel):
    """The most points of a battle, in all and by part; without one, as many as there are."""

    total: Points | None = None
    primary: Points | None = None
    secondary: Points | None = None


class Rules(RequestModel):
    """The rules of a tournament; what is absent has its default."""

    points_limit: Annotated[int, Field(strict=True, ge=1, le=20_000), Whole] = 2000
    time_limit: Annotated[
        int, Field(strict=True, ge=0, le=86_400), Whole, AfterValidator(_turn_seconds)
    ] = 1800
    allowed_factions: Annotated[
        list[FactionId | Literal["all"]],
        Field(min_length=1, max_length=100, default_factory=lambda: ["all"]),
    ]
    special_rules: Annotated[list[Line], Field(max_length=50, default_factory=list)]
    battle_type: Literal["matched_play", "crusade", "narrative"] = "matched_play"
    missions: Annotated[list[Mission], Field(max_length=20, default_factory=list)]
    clock_mode: Literal["turn", "chess"] = "turn"
    chess_budget: Annotated[int, Field(strict=True, ge=60, le=36_000), Whole] = 5400
    turn_timeout: Literal["flag", "pass"] = "flag"
    max_rounds: Annotated[int, Field(strict=True, ge=1, le=10), Whole] = 5
    pairing_score: Literal["match_points", "battle_points"] = "match_points"
    draw_band: Annotated[int, Field(strict=True, ge=0, le=100), Whole] = 5
    swiss_rounds: Annotated[int, Field(strict=True, ge=1, le=12), Whole] | None = None
    first_round: Literal["random", "seeded"] = "random"
    pairing_by: Literal["win_path", "victory_points", "random"] = "win_path"
    tiebreakers: Annotated[Tiebreakers, Field(default_factory=DEFAULT_TIEBREAKERS.copy)]
    bye_victory_points: Points = 70
    bye_battle_points: Annotated[int, Field(strict=True, ge=0, le=20), Whole] = 15
    avoid_same_club: Literal["off", "first_round", "always"] = "first_round"
    late_entry_until_round: Annotated[int, Field(strict=True, ge=0, le=12), Whole] = 2
    third_place_match: Annotated[bool, Field(strict=True)] = False
    grand_final: Literal["reset", "single"] = "reset"
    score_caps: ScoreCaps | None = None

    @model_validator(mode="before")
    @classmethod
    def _pair_as_the_preset_ranks(cls, sent: Any) -> Any:
        """The preset wtc pairs by what it ranks by, unless something else is sent; nulls are
        defaults."""
        sent = drop_nulls(sent)
        if isinstance(sent, dict) and sent.get("tiebreakers") == "wtc":
            return {"pairing_score": "battle_points"} | sent
        return sent


class ShownRules(ResponseModel):
    """The rules of a tournament, each with its value."""

    points_limit: int
    time_limit: int
    allowed_factions: list[str]
    special_rules: list[str]
    battle_type: str
    missions: list[dict[str, Any]]
    clock_mode: str
    chess_budget: int
    turn_timeout: str
    max_rounds: int
    pairing_score: str
    draw_band: int
    swiss_rounds: int | None
    first_round: str
    pairing_by: str
    tiebreakers: list[str]
    bye_victory_points: int
    bye_battle_points: int
    avoid_same_club: str
    late_entry_until_round: int
    third_place_match: bool
    grand_final: str
    score_caps: dict[str, int | None] | None
