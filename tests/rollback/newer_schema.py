"""A plugin of pytest: databases get the schema of the checkout in NEWER, whatever is tested."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
from typing import Any

from schema.engine import migrate as older  # that of the code under test

_MIGRATE = """
import json, sys
from schema.engine.migrate import migrate
print(json.dumps(vars(migrate(sys.argv[1]))))
"""


def migrate(url: str, *folder: Any) -> older.Report:
    """The report of the newer migration, as the older code words it."""
    assert not folder, "what changes the schema itself tests no older code"
    done = subprocess.run(
        [sys.executable, "-c", _MIGRATE, url],
        cwd=os.environ["NEWER"],
        env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    report = json.loads(done.stdout)
    known = {one.name for one in dataclasses.fields(older.Report)}
    return older.Report(**{name: value for name, value in report.items() if name in known})


older.migrate = migrate
