"""What a cell of CSV may begin with."""

from __future__ import annotations

import pytest

from functions.shared.csv_cells import neutralise


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff20"])
def test_no_cell_begins_a_formula(sign: str) -> None:
    text = f'{sign}HYPERLINK("https://evil.example", "Ana")'
    assert neutralise(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "Ana", "a=1", "'=1", " =1", "STEAM_0:1:101", "5"])
def test_other_texts_stay_as_they_are(text: str) -> None:
    assert neutralise(text) == text
