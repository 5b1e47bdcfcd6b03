"""The one reader of JSON: what JSON can spell, what GMod spells, and what is neither."""

from __future__ import annotations

import json
import math
import tracemalloc
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.shared import json_codec
from functions.shared.errors import BadRequest, Invalid, InvalidJson

# How GMod, the C libraries below it and Python write a number that is not finite. Nothing at all
# is a spelling too, but alone in a list it reads as no entry.
WORDS = (
    *("nan", "NaN", "-nan", "-nan(ind)", "nan(snan)", "inf", "-inf", "+inf", "Infinity"),
    *("-Infinity", "1.#INF", "-1.#IND", "1.#QNAN0"),
    *("1e400", "-1E+400", "9" * 309, "9" * 5000, "1" * 250 + "e99"),
)


@pytest.mark.parametrize(
    "body",
    [
        *("", " ", "{", '{"a":1,}', '{,"a":1}', "[1 2]", "[,]x", "nano", "xnan", "1nan", "nan nan"),
        *('{"a" nan}', '"nan', "in f", "- inf", "inf.", "[--inf]", "undefined", "'a'", "[1,2,,"),
    ],
)
def test_what_is_no_json(body: str) -> None:
    for read in (json_codec.parse, json_codec.loads, json_codec.loads_of_game_server):
        with pytest.raises(BadRequest, match="Invalid JSON"):
            read(body)


@pytest.mark.parametrize(
    ("body", "position"),
    [
        ("oops", 0),
        ("\ufeffoops", 1),
        ('{"a":nan,"b":,"c":,"d":oops}', 23),
        ('{"a":,"b":,"c":"nan,,","d":[,,],"e":-nan(ind) "f":1}', 46),
        ('{"a":' + "9" * 5000 + ',"b":x}', 5010),
    ],
)
def test_the_position_is_that_of_what_was_sent(body: str, position: int) -> None:
    with pytest.raises(BadRequest) as raised:
        json_codec.parse(body)
    problem = f"is no JSON at character {position}"
    assert raised.value.details == [{"field": "body", "problem": problem}]


def test_control_characters_that_are_not_escaped_are_taken() -> None:
    """A script repeats a refused body for ever: one line break in a chat held up all behind it."""
    for read in (json_codec.parse, json_codec.loads, json_codec.loads_of_game_server):
        assert read('{"text":"one\ntwo\tthree\x01"}') == {"text": "one\ntwo\tthree\x01"}
    with pytest.raises(Invalid, match="NUL"):
        json_codec.loads_of_game_server('{"text":"\0"}')


def test_of_a_key_that_comes_twice_the_last_one_counts() -> None:
    assert json_codec.loads('{"a":1,"b":{"c":1,"c":2},"a":3}') == {"a": 3, "b": {"c": 2}}


def test_fewer_levels_may_be_asked_for() -> None:
    body = '{"a":' + "[" * 31 + "]" * 31 + "}"
    assert json_codec.loads(body, max_depth=32)
    with pytest.raises(BadRequest, match="must not be nested more than 32 levels deep"):
        json_codec.loads(body.replace("[]", "[[]]"), max_depth=32)


def test_a_byte_order_mark_is_no_error() -> None:
    assert json_codec.loads("\ufeff{}") == {}


@pytest.mark.parametrize("deep", [1_500, 100_000])
def test_bottomless_nesting_is_refused_and_does_not_crash(deep: int) -> None:
    for read in (json_codec.parse, json_codec.loads, json_codec.loads_of_game_server):
        for body in ("[" * deep + "]" * deep, '{"a":' * deep + "nan" + "}" * deep):
            with pytest.raises(BadRequest, match="Invalid JSON"):
                read(body)


@pytest.mark.parametrize("opening", ["[", '{"a":'])
def test_what_all_is_kept_of_has_64_levels(opening: str) -> None:
    """Regression: what was nested 490 deep was read, and failed as 500 when it was written."""
    closing = "]" if opening == "[" else "}"
    inner = "" if opening == "[" else "1"
    json_codec.loads(f'{{"a":{opening * 63}{inner}{closing * 63}}}')
    with pytest.raises(BadRequest, match="must not be nested more than 64 levels deep") as raised:
        json_codec.loads(f'{{"a":{opening * 64}{inner}{closing * 64}}}')
    assert raised.value.details
    assert raised.value.details[0]["field"].startswith("a.")
    json_codec.loads("[" + "[]," * 10_000 + "[]]")  # many are not deep


@pytest.mark.parametrize("word", WORDS, ids=lambda word: word[:20])
def test_a_number_that_is_not_finite_is_named_where_it_stands(word: str) -> None:
    """Regression: a number of 250 digits and e99 was infinite, and nobody looked."""
    with pytest.raises(BadRequest, match=r"a\.0\.b must be a finite number") as raised:
        json_codec.loads(f'{{"a": [{{"b": {word}}}], "c": "{word}"}}')
    assert not isinstance(raised.value, Invalid)  # 400 in every family


def test_a_missing_value_is_named_too() -> None:
    for body, field in (('{"a":{"b":}}', "a.b"), ("[1,,2]", "1"), ("[,2]", "0"), ("[1, ]", "1")):
        with pytest.raises(BadRequest, match=f"{field} must be a finite number"):
            json_codec.loads(body)


@pytest.mark.parametrize("word", ["", *WORDS[:-5]])
def test_of_a_game_server_it_is_null(word: str) -> None:
    body = f'{{"a":{word},"b":[1,{word},2],"c":"{word},,:}}","d":[{word or "nan"}],"e":{word}}}'
    assert json_codec.loads_of_game_server(body) == {
        **{"a": None, "b": [1, None, 2], "c": f"{word},,:}}", "d": [None], "e": None}
    }


def test_numbers_that_are_finite_stay_as_they_are() -> None:
    numbers = "[1e308, -1.7976931348623157e308, 1e-400, 0.0, -0.0, 12.0, 12345678901234567890]"
    read = json.loads(numbers)
    assert json_codec.loads(numbers) == json_codec.loads_of_game_server(numbers) == read
    most = 2**1024 - 2**971  # the largest that a float holds
    assert json_codec.loads(f"[{most}]") == [most]
    with pytest.raises(BadRequest):
        json_codec.loads(f"[{most + 1}]")
    digits = "0." + "1" * 5000  # of this text only the gap is mended
    assert json_codec.loads_of_game_server(f"[{digits},,{digits}e-99]") == [1 / 9, None, 1e-99 / 9]


def test_nul_is_refused_in_keys_and_values() -> None:
    for body in ('{"a": "x\\u0000"}', '{"a": {"x\\u0000": 1}}'):
        for read in (json_codec.loads, json_codec.loads_of_game_server):
            with pytest.raises(Invalid, match="a must not contain a NUL character"):
                read(body)
        assert json_codec.loads(body, keeps_nul=True) == json.loads(body)


def test_surrogates_pairs_stay_and_lone_ones_are_replaced() -> None:
    for read in (json_codec.loads, json_codec.loads_of_game_server):
        assert read('"\\ud83c\\udfb2"') == "🎲"
        assert read('"a\\ud83cb\\udfb2"') == "a\ufffdb\ufffd"
        assert read('{"\\ud83c": ["\\udfb2"]}') == {"\ufffd": ["\ufffd"]}


_TEXTS = st.text(max_size=8) | st.sampled_from(["nan", ",,", ":,", '":', "\\", "[,]", "-inf"])
_VALUES: Any = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | _TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_TEXTS, inner, max_size=4),
    max_leaves=12,
)


def _spell(value: Any, word: str) -> str:
    """The value as GMod would write it."""
    if isinstance(value, float) and not math.isfinite(value):
        return word
    if isinstance(value, list):
        alone = word if word or len(value) > 1 else "nan"
        return f"[{','.join(_spell(inner, alone) for inner in value)}]"
    if isinstance(value, dict):
        parts = (f"{json.dumps(key)}:{_spell(inner, word)}" for key, inner in value.items())
        return "{" + ",".join(parts) + "}"
    return json.dumps(value)


def _null(value: Any) -> Any:
    if isinstance(value, list):
        return [_null(inner) for inner in value]
    if isinstance(value, dict):
        return {key.replace("\0", ""): _null(inner) for key, inner in value.items()}
    return None if isinstance(value, float) and not math.isfinite(value) else value


@given(value=_VALUES, word=st.sampled_from(["", "nan", "-nan", "inf", "-inf", "NaN", "Infinity"]))
def test_whatever_gmod_writes_is_read_as_it_was_meant(value: Any, word: str) -> None:
    text = _spell({"value": value}, word)
    if "\\u0000" in text:
        with pytest.raises(Invalid):
            json_codec.loads_of_game_server(text)
    else:
        assert json_codec.loads_of_game_server(text) == {"value": _null(value)}


@given(text=st.text(alphabet='{}[]:,"\\ 10.eE-+nafiN#', max_size=24))
def test_no_text_is_more_than_refused(text: str) -> None:
    """And what JSON can spell is read as JSON."""
    try:
        read = json_codec.parse(text)
    except BadRequest:
        with pytest.raises(json.JSONDecodeError):
            json.loads(text)
        return
    try:
        assert repr(json.loads(text)) == repr(read)
    except ValueError:
        assert "nan" in repr(read) or "inf" in repr(read)


@pytest.mark.parametrize(
    ("max_bytes", "taken"), [(100, 3), (11, 3), (10, 2), (8, 2), (7, 1), (0, 1)]
)
def test_an_array_takes_the_texts_that_fit_and_at_least_one(max_bytes: int, taken: int) -> None:
    assert len(json_codec.take_fitting(["10", "é", "12"], max_bytes=max_bytes)) == taken


def test_no_text_behind_the_first_that_does_not_fit_is_read() -> None:
    read = iter(["1" * 9, "2" * 9, "3" * 9])
    assert json_codec.take_fitting(read, max_bytes=15) == ["1" * 9]
    assert next(read) == "3" * 9


@pytest.mark.parametrize("text", ["[" + "," * 2_000_000 + "]", '{"a":[' + "," * 60_000 + "]}"])
def test_millions_of_gaps_are_no_json(text: str) -> None:
    """Regression: 16 KB of gzip became 1.6 GB of values that nobody had sent."""
    with pytest.raises(InvalidJson, match="Invalid JSON"):
        json_codec.loads(text)


def test_a_game_servers_gaps_are_filled() -> None:
    assert json_codec.loads_of_game_server("[" + "1,," * 20_000 + "1]").count(None) == 20_000


def test_cleaning_holds_the_way_down_to_one_value_alone() -> None:
    """Regression: it held a place for each of two million lists."""
    body = "[" + "[],[]," * 100_000 + '{"a":[[]]}]'
    value = json.loads(body)
    tracemalloc.start()
    json_codec.without_infinite(value)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 100_000
