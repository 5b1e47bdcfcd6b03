"""`python -m infra.ops.restored`: run once after DATABASE_URL was restored from a backup.

Rooms get another epoch: clients have seen events that the backup does not hold, and their numbers
will be given again. Sockets that were open are forgotten; their clients open new ones.
"""

from __future__ import annotations

import argparse
import os

from functions.shared import db


def main() -> None:
    """Gives all rooms another epoch."""
    argparse.ArgumentParser(
        prog="python -m infra.ops.restored", description=main.__doc__
    ).parse_args()
    os.environ.setdefault("SIGNING_KEY", "unused by this command, but never empty")
    print(f"{db.fetch_value('select live.renew_epochs()')} rooms have another epoch.")


if __name__ == "__main__":
    main()
