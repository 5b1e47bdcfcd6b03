"""Stages: where `make deploy` deploys to, sections of samconfig.toml, which holds no secret."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_NAME = re.compile(r"[a-z][a-z0-9-]{0,29}")
_OURS = ("default", "local")  # sections of samconfig.toml that are none
_SECTION = """
[{name}.deploy.parameters]
stack_name = "{stack}"
region = "{region}"
capabilities = ["CAPABILITY_IAM"]
resolve_s3 = true
confirm_changeset = false
fail_on_empty_changeset = false
# More of the template's parameters are added here; a secret belongs into Secrets Manager.
parameter_overrides = [{parameters}]
"""


class StageError(Exception):
    """What is wrong with a stage, in a sentence."""


@dataclass(frozen=True)
class Question:
    """What is asked of an operator once; the parameter that it becomes, if it is one."""

    text: str
    pattern: str
    default: str | None = None
    parameter: str = ""


_ARN = r"arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:\d{12}:secret:[\w/+=.@-]+"
_QUESTIONS = {
    "stack": Question("Name of the stack", r"[A-Za-z][A-Za-z0-9-]{0,100}", "tiltyard-{name}"),
    "region": Question("Region", r"[a-z]{2}(-[a-z]+)+-\d"),
    "secret": Question(
        "ARN of the secret (see README.md)",
        _ARN,
        parameter="DatabaseSecret",
    ),
    "accounts": Question(
        "ARN of the secret of accounts, if there is one", rf"({_ARN})?", "", "AccountsSecret"
    ),
    "migrations": Question(
        "ARN of the secret of migrations, if there is one", rf"({_ARN})?", "", "MigrateSecret"
    ),
    "subnets": Question(
        "Subnets, with commas; none for a database with a public address",
        r"(subnet-\w+(,subnet-\w+)*)?",
        "",
        "SubnetIds",
    ),
    "groups": Question(
        "Security groups, with commas", r"(sg-\w+(,sg-\w+)*)?", "", "SecurityGroupIds"
    ),
    "pooler": Question(
        "Does url lead to a transaction pooler? true or false",
        r"true|false",
        "false",
        "DatabasePooler",
    ),
}


@dataclass(frozen=True)
class Stage:
    """A section of samconfig.toml."""

    name: str
    stack: str
    region: str


def read_stage(config: Path, name: str) -> Stage | None:
    """The stage's section, or None where nobody was asked yet; raises StageError."""
    if not _NAME.fullmatch(name) or name in _OURS:
        raise StageError(f"STAGE is {name!r}: small letters, digits and hyphens, such as prod.")
    try:
        sections = tomllib.loads(config.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise StageError(f"{config.name} cannot be read: {error}.") from error
    if name not in sections:
        return None
    given = sections[name].get("deploy", {}).get("parameters", {})
    try:
        return Stage(name, given["stack_name"], given["region"])
    except KeyError as missing:
        raise StageError(f"{config.name} lacks {missing} of stage {name}.") from missing


def ask_stage(config: Path, name: str, more: Sequence[str] = ()) -> Stage:
    """Asks for what a new stage needs, and keeps it; raises StageError where nobody answers.

    `more` parameters are kept as they are given, such as LogDays=90.
    """
    if wrong := [one for one in more if not re.fullmatch(r'[A-Za-z0-9]+=[^"\\\n]+', one)]:
        raise StageError(f"{wrong[0]!r} is no parameter: say NAME=VALUE.")
    print(f"{name} is a new stage. What you answer is kept in {config.name}.")
    given = {key: _ask(question, name) for key, question in _QUESTIONS.items()}
    asked = [
        f"{question.parameter}={given[key]}"
        for key, question in _QUESTIONS.items()
        if question.parameter and given[key]
    ]
    parameters = ", ".join(f'"{one}"' for one in (*asked, *more))
    section = _SECTION.format(
        name=name, stack=given["stack"], region=given["region"], parameters=parameters
    )
    with config.open("a", encoding="utf-8") as file:
        file.write(section)
    return Stage(name, given["stack"], given["region"])


def _ask(question: Question, name: str) -> str:
    default = None if question.default is None else question.default.format(name=name)
    hint = f" [{default}]" if default else ""
    while True:
        try:
            answer = input(f"{question.text}{hint}: ").strip()
        except EOFError:
            raise StageError("Nobody answers: run `make deploy` at a terminal once.") from None
        if default is not None and not answer:
            return default
        if re.fullmatch(question.pattern, answer):
            return answer
        print(f"{answer!r} is none.")
