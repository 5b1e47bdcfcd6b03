"""SAM of this checkout, apart from the user's own: `python -m infra.local.sam validate --lint`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

from infra.local.cloud import LOCAL, REGION, CloudError

ROOT = LOCAL.parent
# MAKE…: SAM calls make again, which must not take our make's flags for its own.
_NOT_SAMS = ("AWS_", "SAM_", "MAKE", "MFLAGS", "PYTHON", "VIRTUAL_ENV", "TILTYARD_", "no_proxy")
_PROGRAM = LOCAL / "sam" / "bin" / "sam"


def start(
    words: list[str], environ: dict[str, str], log: int | None = None
) -> subprocess.Popen[bytes]:
    """SAM at work, in a session of its own; its words go to the open file `log`, if given."""
    if not _PROGRAM.exists():
        raise CloudError("SAM is missing: `python3 infra/local/environments.py sam` gets it.")
    return subprocess.Popen(
        [_PROGRAM, *words],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        start_new_session=True,
        env=_quiet(environ),
    )


def stop(process: subprocess.Popen[bytes]) -> None:
    """Kill it and its children, which share its session, if it still runs."""
    if process.poll() is None:
        os.killpg(process.pid, 9)
        process.wait()


def get_reason(log: Path) -> str:
    """The last useful line of a failed SAM's output, and where the rest is."""
    lines = [line.strip() for line in log.read_text(errors="replace").splitlines() if line.strip()]
    failures = [line for line in lines if "FAILED" in line or line.startswith("Error")]
    return f"{(failures or lines or ['it said nothing'])[-1]} (all of it: {log})"


def _quiet(environ: dict[str, str]) -> dict[str, str]:
    """The user's environment, which may know the way to PyPI, but without AWS accounts in it."""
    settings = LOCAL / "sam-settings"
    settings.mkdir(exist_ok=True)
    scratch = LOCAL / "sam-scratch"  # SAM leaves empty folders there
    scratch.mkdir(exist_ok=True)
    draft = settings / f"{os.getpid()}.json"
    # SAM asks PyPI once a week for a newer SAM; say that it just did.
    draft.write_text(json.dumps({"lastVersionCheck": time.time(), "telemetryEnabled": False}))
    draft.replace(settings / "metadata.json")
    kept = {key: value for key, value in os.environ.items() if not key.startswith(_NOT_SAMS)}
    return kept | {
        "AWS_DEFAULT_REGION": REGION,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "NO_PROXY": "127.0.0.1",
        "__SAM_CLI_APP_DIR": str(settings),
        "TMPDIR": str(scratch),
        "SAM_CLI_TELEMETRY": "0",
        "SAM_CLI_POLL_DELAY": "0.1",
        **environ,
    }


def main(words: list[str]) -> int:
    """Run SAM for the Makefile; its exit code."""
    try:
        process = start(words, {})
    except CloudError as error:
        print(error, file=sys.stderr)
        return 1
    try:
        return process.wait()
    finally:
        stop(process)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
