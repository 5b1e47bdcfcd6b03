"""Examples of requests, one a route: `infra/examples/<domain>.json`.

By method and path: values of parameters, and a body. Ids are such as a store makes; a test puts its
own in their place, sends each example, and holds the answer against the reference. `status` is
there where the example is not answered with success.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

_FOLDER = Path(__file__).parent / "examples"


@cache
def load_examples() -> dict[str, dict[str, Any]]:
    """The examples of all domains, by method and path."""
    files = sorted(_FOLDER.glob("*.json"))
    return {
        route: example
        for file in files
        for route, example in json.loads(file.read_text(encoding="utf-8")).items()
    }


def add_example(route: str, operation: dict[str, Any]) -> None:
    """Puts the example of a route, such as `GET /api/stats`, into its operation."""
    example = load_examples().get(route, {})
    values = example.get("parameters", {})
    for parameter in operation["parameters"]:
        if parameter["name"] in values:
            parameter["example"] = values[parameter["name"]]
    if "body" in example:
        operation["requestBody"]["content"]["application/json"]["example"] = example["body"]
