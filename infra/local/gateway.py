"""What API Gateway answers by itself, as template.yaml words it, so that the edge says the same."""

from __future__ import annotations

import json
import re
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any

import yaml

_VARIABLE = re.compile(r"\$context\.([A-Za-z.]+)")
# The service's own status for the kinds that the edge tells apart.
_STATUS = {"DEFAULT_4XX": HTTPStatus.FORBIDDEN, "DEFAULT_5XX": HTTPStatus.INTERNAL_SERVER_ERROR}


class Template(yaml.SafeLoader):
    """YAML in which CloudFormation's short forms, such as !Sub, become what they are given."""


def _given(loader: Template, form: str, node: yaml.Node) -> Any:
    if isinstance(node, yaml.ScalarNode):
        return loader.construct_scalar(node)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    raise yaml.YAMLError(f"{form} of a mapping is not a form of CloudFormation's")


Template.add_multi_constructor("!", _given)


@dataclass(frozen=True)
class Answer:
    """An answer of the gateway itself."""

    status: int
    headers: dict[str, str]
    body: bytes


class Gateway:
    """The GatewayResponses of a template."""

    def __init__(self, template: Path) -> None:
        resources = yaml.load(template.read_text(), Template)["Resources"]  # noqa: S506 — it is safe
        self._responses: dict[str, Any] = resources["Api"]["Properties"]["GatewayResponses"]

    def answer(self, kind: str, status: int | None = None, message: str = "") -> Answer:
        """The answer of this kind of gateway response; `message` is what AWS itself would say."""
        default = "DEFAULT_5XX" if (status or 0) >= 500 else "DEFAULT_4XX"
        message = message or f"The gateway answered {status or _STATUS[default]} by itself."
        response = self._responses.get(kind) or self._responses[default]
        context = {
            "requestId": str(uuid.uuid4()),
            "requestTime": datetime.now(UTC).strftime("%d/%b/%Y:%H:%M:%S +0000"),
            "error.responseType": kind,
            "error.messageString": json.dumps(message),
        }
        headers = {"Content-Type": "application/json"}
        for name, source in response["ResponseParameters"]["Headers"].items():
            literal = source.startswith("'")
            headers[name] = (
                source.strip("'") if literal else context[source.removeprefix("context.")]
            )
        body = response["ResponseTemplates"]["application/json"]
        body = _VARIABLE.sub(lambda found: context[found[1]], body)
        return Answer(
            int(response.get("StatusCode") or status or _STATUS[default]), headers, body.encode()
        )
