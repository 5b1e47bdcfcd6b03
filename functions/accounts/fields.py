"""Fields of accounts, and the formats that each door checks when somebody registers."""

from __future__ import annotations

import re
import unicodedata
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, Strict

from functions.shared.fields import fail_validation

MAX_EMAIL = 254
MAX_PASSWORD = 1024  # of a login: longer ones than a door accepts are wrong, and still answered so
_EMAIL = re.compile(r"[^\s@\"(),:;<>\[\]\\]{1,64}@(?:[\w-]{1,63}\.)+[\w-]{2,63}")
_MARKUP = re.compile('[<>&"`]')  # several views of the game put names into the page as HTML
_TRACKER_NAME = re.compile(r"[A-Za-z0-9_.-]{3,32}")


def _trim(sent: Any) -> Any:
    return unicodedata.normalize("NFC", sent).strip() if isinstance(sent, str) else sent


def _email(text: str) -> str:
    if len(text) > MAX_EMAIL or not text.isprintable() or not _EMAIL.fullmatch(text):
        fail_validation("must be an e-mail address")
    return text


def _printable(text: str) -> str:
    if not text.isprintable():
        fail_validation("must hold printable characters only")
    return text


def _no_controls(text: str) -> str:
    if any(unicodedata.category(character) == "Cc" for character in text):
        fail_validation("must not contain control characters")
    return text


def _game_name(text: str) -> str:
    if _MARKUP.search(_printable(text)):
        fail_validation('must not contain < > & " or `')
    return text


def _tracker_name(text: str) -> str:
    if not _TRACKER_NAME.fullmatch(text):
        fail_validation("must be 3 to 32 characters of A-Z, a-z, 0-9, _, . and -")
    return text


Trimmed = BeforeValidator(_trim, json_schema_input_type=str)
Text = Annotated[str, Strict()]
Email = Annotated[Text, Trimmed, AfterValidator(_email)]
Printable = Annotated[Text, Trimmed, AfterValidator(_printable)]
GameName = Annotated[Text, Field(min_length=3, max_length=20), Trimmed, AfterValidator(_game_name)]
TrackerName = Annotated[Text, Trimmed, AfterValidator(_tracker_name)]
GamePassword = Annotated[Text, Field(min_length=8, max_length=100)]
TrackerPassword = Annotated[Text, Field(min_length=8, max_length=128), AfterValidator(_no_controls)]
PanelPassword = Annotated[Text, Field(min_length=6, max_length=128)]
SentPassword = Annotated[Text, Field(max_length=MAX_PASSWORD)]
Identifier = Annotated[Text, Trimmed, Field(min_length=1, max_length=MAX_EMAIL)]
