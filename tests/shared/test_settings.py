"""Settings: an invalid one fails startup with its name, and never with its value."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from functions.shared.settings import WrongSettingError, settings


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TILT_KEYS", "perhaps"),
        ("LOG_LEVEL", "LOUD"),
        ("DATABASE_POOLER", "maybe"),
        ("LOGS_IP_DAYS", "91"),
        ("GAME_MIN_CONTRIBUTION", "101"),
        ("GAME_MIN_CONTRIBUTION", "-0.01"),
        ("GAME_MIN_CONTRIBUTION", "0.123"),
        ("GAME_MIN_CONTRIBUTION", "nan"),
        ("AVATAR_URL", "https://pictures.example/of-everybody"),
    ],
)
def test_a_wrong_setting_is_named_and_not_shown(
    setting: Callable[..., None], name: str, value: str
) -> None:
    setting(**{name: value})
    with pytest.raises(WrongSettingError) as raised:
        settings()
    assert name in str(raised.value)
    assert value not in str(raised.value)


def test_secrets_are_none_of_the_settings(setting: Callable[..., None]) -> None:
    setting(DATABASE_URL="postgresql://u:hunter2@h/d", API_KEY="hunter2")
    assert "hunter2" not in repr(settings())
