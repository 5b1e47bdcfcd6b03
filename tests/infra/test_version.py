"""One place says which version this is."""

from __future__ import annotations

import json

from infra.local.sam import ROOT
from infra.version import get_version


def test_all_say_the_same_version() -> None:
    document = json.loads((ROOT / "functions/site/openapi.json").read_text())
    assert document["info"]["version"] == get_version()
