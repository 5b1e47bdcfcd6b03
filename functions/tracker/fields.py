"""Fields of the tracker's requests, and models that several of its answers share."""

from __future__ import annotations

import re
import unicodedata
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    Strict,
    StringConstraints,
    model_validator,
)

from functions.shared.fields import EmptyAsNone, RequestModel, fail_validation, to_integer

_FACTION = re.compile("fac_[a-z0-9_]{1,60}")


def _trim(sent: Any) -> Any:
    return unicodedata.normalize("NFC", sent).strip() if isinstance(sent, str) else sent


def _one_line(text: str) -> str:
    if any(unicodedata.category(character) == "Cc" for character in text):
        fail_validation("must not contain control characters")
    return text


def refuse_nul(text: str | None) -> str | None:
    """The text of a filter; fails the field's validation for a NUL character, which none has."""
    if text and "\0" in text:
        fail_validation("must not contain a NUL character")
    return text


def _faction(text: str) -> str:
    if not _FACTION.fullmatch(text):
        fail_validation("must be fac_ and 1 to 60 characters of a-z, 0-9 and _")
    return text


Trimmed = BeforeValidator(_trim, json_schema_input_type=str)
# Text of one line, trimmed.
Line = Annotated[
    str,
    Strict(),
    StringConstraints(min_length=1, max_length=200),
    Trimmed,
    AfterValidator(_one_line),
]
Name = Annotated[Line, Field(max_length=100)]
Reason = Annotated[
    str,
    Strict(),
    StringConstraints(min_length=1, max_length=500),
    Trimmed,
    AfterValidator(_one_line),
]
FactionId = Annotated[str, Strict(), Trimmed, AfterValidator(_faction)]
# An id in a body: what is none is one that nobody has.
Id = Annotated[str, Strict(), StringConstraints(min_length=1, max_length=64), Trimmed]
# An id in a path: whatever it is, it is looked for.
PathId = Annotated[
    str, BeforeValidator(lambda sent: str(sent).replace("\0", "")[:64], json_schema_input_type=str)
]
FilterId = Annotated[str | None, Field(max_length=64), AfterValidator(refuse_nul), EmptyAsNone]
Whole = BeforeValidator(to_integer)  # 3.0 is 3


class ChangeModel(RequestModel):
    """A change: what is absent stays, and null is a value that no field has."""

    @model_validator(mode="before")
    @classmethod
    def _holds_no_null(cls, sent: Any) -> Any:
        for name in cls.model_fields:
            if isinstance(sent, dict) and sent.get(name, ...) is None:
                fail_validation("must not be null", field=name)
        return sent


class Mission(RequestModel):
    """What a battle is fought for, and how its armies are deployed."""

    name: Name
    deployment: Name
    primary_objectives: Annotated[list[Line], Field(max_length=10)] = Field(default_factory=list)
    secondary_objectives: Annotated[list[Line], Field(max_length=10)] = Field(default_factory=list)
