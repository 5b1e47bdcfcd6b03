"""Fields of the game's requests, and models that several of its answers share."""

from __future__ import annotations

import re
import unicodedata
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, Strict

from functions.shared.fields import RequestModel, ResponseModel, fail_validation, to_integer

LARGEST = 2**53 - 1  # what JavaScript holds exactly
_MARKUP = re.compile('[<>&"`]')  # several views of the game put names into the page as HTML
_NUMBER = re.compile(r"[+-]?[0-9]{1,16}")

SetType = Literal["attack", "defense"]
Slot = Literal["weapon", "helmet", "armor", "boots", "gloves", "ring", "ring2", "amulet"]


def _trim(sent: Any) -> Any:
    return unicodedata.normalize("NFC", sent).strip() if isinstance(sent, str) else sent


def _name(text: str) -> str:
    if _MARKUP.search(text) or not text.isprintable():
        fail_validation('must hold printable characters, and none of < > & " `')
    return text


def _printable(text: str) -> str:
    if not text.isprintable():
        fail_validation("must hold printable characters only")
    return text


def _path_number(sent: Any) -> int:
    if not (isinstance(sent, str) and _NUMBER.fullmatch(sent)):
        fail_validation("must be a whole number")
    return int(sent)


def clamp(default: int, most: int) -> BeforeValidator:
    """A query number from 1 to `most` that never fails: `default` where it is none."""

    def read(value: Any) -> int:
        try:
            return min(max(int(float(value)), 1), most)
        except (TypeError, ValueError, OverflowError):
            return default

    return BeforeValidator(read, json_schema_input_type=int)


Id = Annotated[int, Field(strict=True, ge=-LARGEST, le=LARGEST), BeforeValidator(to_integer)]
Count = Annotated[int, Field(strict=True, ge=0, le=LARGEST), BeforeValidator(to_integer)]
Change = Annotated[int, Field(strict=True, ge=-LARGEST, le=LARGEST), BeforeValidator(to_integer)]
Amount = Annotated[int, Field(strict=True, ge=1, le=LARGEST), BeforeValidator(to_integer)]
PathId = Annotated[
    int, Field(ge=-LARGEST, le=LARGEST), BeforeValidator(_path_number, json_schema_input_type=int)
]
PetSlot = Annotated[int, Field(strict=True, ge=1, le=3), BeforeValidator(to_integer)]
PetName = Annotated[
    str,
    Strict(),
    Field(max_length=20),
    BeforeValidator(_trim, json_schema_input_type=str),
    AfterValidator(_name),
]
Reason = Annotated[
    str,
    Strict(),
    BeforeValidator(_trim, json_schema_input_type=str),
    AfterValidator(_printable),
    Field(min_length=1, max_length=500),
]


class OfSet(RequestModel):
    """Which of the two sets a path names."""

    set_type: SetType


class OfPlayer(RequestModel):
    """Which player a path names."""

    player_id: PathId


class Stats(ResponseModel):
    """Sums of a set, or the bonuses of a pet."""

    attack: int
    defense: int
    hp: int


class Message(ResponseModel):
    """What was done, in a sentence."""

    message: str
