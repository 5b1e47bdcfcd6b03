"""Runs a module as the local database's admin: `… -m infra.local.database schema.engine.migrate`.

The module finds the login in DATABASE_URL. Where that is set already, it is left as it is.
"""

import os
import subprocess
import sys

from infra.local import stack, timescale


def main(module: str, *words: str) -> int:
    """The module's exit code; the server is started for it if it was not up."""
    was_up = timescale.read_record() is not None
    try:
        environ = {"SIGNING_KEY": stack.secret_keys()["signing_key"]} | os.environ
        environ |= {"DATABASE_URL": timescale.start().admin_url}
        command = [sys.executable, "-m", module, *words]
        return subprocess.run(command, env=environ, check=False).returncode
    except timescale.TimescaleError as error:
        print(error, file=sys.stderr)
        return 1
    finally:
        if not was_up:
            timescale.stop()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
