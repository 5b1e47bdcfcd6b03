"""Cells of CSV that nobody's text turns into a formula of whoever opens the file."""

from __future__ import annotations

# https://owasp.org/www-community/attacks/CSV_Injection; the wide ones are read as the others where
# Japanese or Chinese is written.
_BEGIN_FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def neutralise(text: str) -> str:
    """The text, behind an apostrophe where a spreadsheet would take it for a formula."""
    return f"'{text}" if text.startswith(_BEGIN_FORMULAS) else text
