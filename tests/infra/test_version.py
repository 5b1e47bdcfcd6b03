"""One place says which version this is."""

from __future__ import annotations

import json
import re

from infra.local.sam import ROOT
from infra.version import get_version


def test_all_say_the_same_version() -> None:
    document = json.loads((ROOT / "functions/site/openapi.json").read_text())
    assert document["info"]["version"] == get_version()


def test_the_changelog_has_it() -> None:
    """With its day; above it may stand what is not released yet."""
    headings = re.findall(r"(?m)^## (.+)$", (ROOT / "CHANGELOG.md").read_text())
    released = [one for one in headings if one != "Unreleased"]
    assert "Unreleased" not in headings[1:]
    assert re.fullmatch(rf"{re.escape(get_version())} — \d{{4}}-\d\d-\d\d", released[0])
