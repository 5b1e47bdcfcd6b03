"""Imports text logs of a game server: `… -m infra.ops.import_logs --server ID [--date …] FILE…`.

Each file is one log, sent to the stack as the panel would send it. What the server sent live, or an
import before, is not stored again. Goes to URL with STAFF_KEY, else to the checkout's own stack.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any

from infra.demo.progress import Progress
from infra.demo.service import DemoError, RefusedError, Service, find_staff_service

PATH = "/api/admin/legacy-logs/import"
_LARGEST = 5 * 1024 * 1024  # bytes, as the stack takes it
_SHOWN = 20  # lines that tell nothing, of each file
_ISO = re.compile(r"(?<![0-9])([0-9]{4})-([0-9]{2})-([0-9]{2})(?![0-9])")
_ULX = re.compile(r"(?<![0-9])([0-9]{2})-([0-9]{2})-([0-9]{2})(?![0-9])")


def main() -> None:
    """Prints how far it is, what became of each file, and the lines that became no event."""
    arguments = _arguments()
    sizes = [path.stat().st_size for path in arguments.files]
    progress, done, failed = Progress(sys.stdout, "bytes"), 0, 0
    try:
        with closing(find_staff_service()) as service:
            for path, size in zip(arguments.files, sizes, strict=True):
                try:
                    lines = list(_report(path, _brought(service, path, arguments)))
                except RefusedError as refused:
                    lines, failed = list(_refused(path, refused)), failed + 1
                done += size
                progress(done, sum(sizes))
                print("\n".join(lines), flush=True)
    except DemoError as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        sys.exit("\nStopped; run it again to import the rest.")
    if failed:
        sys.exit(f"{failed} of {len(sizes)} files were not imported.")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m infra.ops.import_logs", description=__doc__)
    parser.add_argument("files", nargs="+", type=_file, metavar="FILE")
    parser.add_argument("--server", required=True, help="the id of the server whose logs they are")
    parser.add_argument("--format", choices=("auto", "ulx", "tagged"), default="auto")
    parser.add_argument("--mode", choices=("sandbox", "ttt", "murder"), help="the server's if not")
    parser.add_argument("--offset", type=int, default=0, help="minutes of local time ahead of UTC")
    day = parser.add_mutually_exclusive_group()
    day.add_argument("--date", type=date.fromisoformat, help="YYYY-MM-DD, of the first line")
    day.add_argument(
        "--dates-in-names", action="store_true", help="as YYYY-MM-DD, or MM-DD-YY as ULX has it"
    )
    parser.add_argument("--dry-run", action="store_true", help="store nothing, only read")
    return parser.parse_args()


def _file(text: str) -> Path:
    path = Path(text)
    if not path.is_file():
        raise argparse.ArgumentTypeError(f"{text} is no file")
    if path.stat().st_size > _LARGEST:
        raise argparse.ArgumentTypeError(f"{text} is larger than 5 MB: split it where a day ends")
    return path


def _brought(service: Service, path: Path, arguments: argparse.Namespace) -> dict[str, Any]:
    """What the stack answers to a file; raises RefusedError."""
    day = parse_date(path.name) if arguments.dates_in_names else arguments.date
    payload = {
        "serverId": arguments.server,
        "content": path.read_bytes().decode("utf-8", "replace"),
        "formatHint": arguments.format.upper(),
        "defaultGameMode": arguments.mode,
        "timezoneOffsetMinutes": arguments.offset,
        "baseDate": day and day.isoformat(),
        "dryRun": arguments.dry_run,
    }
    answer: dict[str, Any] = service.post(PATH, payload).body
    return answer


def parse_date(name: str) -> date | None:
    """The day that the name of a file tells."""
    iso, ulx = _ISO.search(name), _ULX.search(name)
    if iso:
        year, month, day = map(int, iso.groups())
    elif ulx:
        month, day, year = map(int, ulx.groups())
        year += 2000
    else:
        return None
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _report(path: Path, answer: dict[str, Any]) -> Iterator[str]:
    """What became of a file, in sentences."""
    total = answer["errorsTotal"]
    yield (
        f"{_safe(path.name)}: {answer['format']} of {answer['baseDateUsed']}, "
        f"{answer['linesParsed']} lines, {answer['eventsGenerated']} events"
    )
    if answer["dryRun"]:
        yield "  a dry run: nothing was stored"
    else:
        yield (
            f"  {answer['eventsInserted']} stored, {answer['duplicates']} were there already, "
            f"{answer['ignored']} ignored by rule, {answer['rejected']} refused"
        )
    if answer["warnings"]:
        yield f"  warnings: {', '.join(answer['warnings'])}"
    if not _is_utf8(path):
        yield "  it is not UTF-8 throughout: what is not reads as \ufffd"
    yield from _errors(answer["errors"], total)


def _is_utf8(path: Path) -> bool:
    try:
        path.read_bytes().decode()
    except UnicodeDecodeError:
        return False
    return True


def _errors(errors: list[dict[str, Any]], total: int) -> Iterator[str]:
    if total:
        yield f"  {total} {'line' if total == 1 else 'lines'} became no event:"
    for one in errors[:_SHOWN]:
        yield f"    {one['line']}: {one['reason']}: {_safe(one['text'])[:120]}"
    if total > _SHOWN:
        yield f"    and {total - min(len(errors), _SHOWN)} more"


def _refused(path: Path, refused: RefusedError) -> Iterator[str]:
    body = refused.answer.body if isinstance(refused.answer.body, dict) else {}
    errors = body.get("errors", [])
    yield f"{_safe(path.name)}: {body.get('error') or refused}"
    if str(body.get("error", "")).startswith("baseDate"):
        yield "  tell it with --date, or with --dates-in-names if its name has one"
    yield from _errors(errors, body.get("errorsTotal", len(errors)))


def _safe(text: str) -> str:
    """The text without what could steer the terminal."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)


if __name__ == "__main__":
    main()
