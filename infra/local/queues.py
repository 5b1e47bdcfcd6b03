"""What was queued when a stack ended: emulator.py wrote it down, the next stack queues it again."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import boto3
from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict

from infra.local.cloud import Cloud
from infra.local.emulator import to_logical_name


def get_folder(root: Path, database_url: str) -> Path:
    """The queues' folder beside a database: one database's events must not reach another."""
    if not database_url:
        return root / "own"
    try:
        parts = conninfo_to_dict(database_url)
        place = "\0".join(str(parts.get(name, "")) for name in ("host", "port", "dbname"))
    except ProgrammingError:  # whoever connects says what is wrong with it
        place = database_url
    return root / hashlib.sha256(place.encode()).hexdigest()[:16]


def list_messages(place: Path) -> list[Path]:
    """The messages that earlier stacks left in their queues, oldest first."""
    return sorted(place.glob("*/*.json"), key=lambda file: file.name)


def restore_messages(cloud: Cloud, files: list[Path]) -> int:
    """Puts messages into the queues of the same names; how many found theirs.

    Each is sent before its file is removed: ended in between, it is sent twice, and stored once.
    """
    client = boto3.client("sqs", **cloud.access)
    urls = client.list_queues().get("QueueUrls", [])
    queues = {to_logical_name(url.rpartition("/")[2]): url for url in urls}
    count = 0
    for file in files:
        if url := queues.get(file.parent.name):
            kept = json.loads(file.read_text())
            client.send_message(
                QueueUrl=url, MessageBody=kept["body"], MessageAttributes=kept["attributes"]
            )
            file.unlink()
            count += 1
    return count
