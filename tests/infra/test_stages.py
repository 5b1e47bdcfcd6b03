"""Stages: wrong answers are asked again, and what is kept is read again."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from infra.stages import Stage, StageError, ask_stage, read_stage

SECRET = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:tiltyard-AbC123"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    file = tmp_path / "samconfig.toml"
    file.write_text("version = 0.1\n")
    return file


@pytest.mark.parametrize("name", ["", "default", "local", "Prod", "a b", "../x", "x" * 31])
def test_a_name_that_no_stage_may_have(config: Path, name: str) -> None:
    with pytest.raises(StageError, match="STAGE is"):
        read_stage(config, name)


def test_what_was_answered_is_read_again(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = [
        "",
        "Mars",
        "eu-central-1",
        "hush",
        SECRET,
        "",
        f"{SECRET}9",
        "subnet-1,subnet-2",
        "sg-1",
        "perhaps",
    ]
    monkeypatch.setattr("sys.stdin", io.StringIO("\n".join([*answers, "", ""])))
    assert read_stage(config, "prod") is None
    assert ask_stage(config, "prod", ["LogDays=90"]) == read_stage(config, "prod")
    assert read_stage(config, "prod") == Stage("prod", "tiltyard-prod", "eu-central-1")
    text = config.read_text()
    for parameter in (
        f"DatabaseSecret={SECRET}",
        f"MigrateSecret={SECRET}9",
        "SubnetIds=subnet-1,subnet-2",
        "SecurityGroupIds=sg-1",
        "DatabasePooler=false",
        "LogDays=90",
    ):
        assert f'"{parameter}"' in text
    assert "hush" not in text
    assert read_stage(config, "test") is None


def test_where_nobody_answers_nothing_is_kept(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("\neu-central-1\n"))
    before = config.read_text()
    with pytest.raises(StageError, match="Nobody answers"):
        ask_stage(config, "prod")
    assert config.read_text() == before


@pytest.mark.parametrize("more", ["LogDays", "=90", 'LogDays="90"', "LogDays="])
def test_a_parameter_that_is_none_is_refused(config: Path, more: str) -> None:
    with pytest.raises(StageError, match="say NAME=VALUE"):
        ask_stage(config, "prod", [more])


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[prod", "cannot be read"),
        ("[prod.deploy.parameters]\nregion = 'eu-central-1'\n", "lacks 'stack_name'"),
    ],
)
def test_a_section_that_is_wrong_says_why(config: Path, text: str, reason: str) -> None:
    config.write_text(text)
    with pytest.raises(StageError, match=reason):
        read_stage(config, "prod")
