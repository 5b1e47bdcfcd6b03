"""The lake's bucket: one key per file, which S3 replaces at once, and a manifest per table."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import IO, Any

from functions.lake.days import LakeFile
from functions.lake.relations import Relation
from functions.shared import aws
from functions.shared.errors import Unavailable
from functions.shared.settings import settings

_AT_ONCE = 1000  # keys of one call that deletes
MANIFEST = "_manifest.json"  # readers of folders skip what begins with _


class Store:
    """A bucket of Parquet files; raises Unavailable while S3 cannot be reached."""

    def __init__(self, bucket: str, client: Any) -> None:
        self.bucket, self.client = bucket, client

    def put(self, key: str, file: IO[bytes]) -> None:
        """Replaces an object at once, in parts if it is large: nobody ever reads half of it."""
        self._call(
            self.client.upload_fileobj,
            *(file, self.bucket, key),
            ExtraArgs={"ContentType": "application/vnd.apache.parquet"},
        )

    def put_manifest(self, relation: Relation, files: Sequence[LakeFile]) -> None:
        """Replaces the manifest of a table: from then on its readers see these files."""
        self._call(
            self.client.put_object,
            Bucket=self.bucket,
            Key=name_manifest(relation.name),
            Body=json.dumps(_describe(relation, files), indent=1).encode(),
            ContentType="application/json",
        )

    def delete(self, keys: Sequence[str]) -> None:
        """Deletes objects, also such as are not there."""
        for start in range(0, len(keys), _AT_ONCE):
            names = [{"Key": key} for key in keys[start : start + _AT_ONCE]]
            done = self._call(
                self.client.delete_objects,
                Bucket=self.bucket,
                Delete={"Objects": names, "Quiet": True},
            )
            if done.get("Errors"):
                raise Unavailable("Files of the lake cannot be deleted now")

    def read(self, key: str) -> bytes | None:
        """An object's bytes; None: there is none."""
        try:
            return bytes(self.client.get_object(Bucket=self.bucket, Key=key)["Body"].read())
        except self.client.exceptions.NoSuchKey:
            return None
        except aws.failures() as error:
            raise _unavailable(error) from error

    def list_keys(self) -> Iterator[str]:
        """The keys of all objects."""
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket)
        for page in pages:
            yield from (found["Key"] for found in page.get("Contents", ()))

    def _call(self, verb: Any, *values: Any, **named: Any) -> Any:
        try:
            return verb(*values, **named)
        except aws.failures() as error:
            raise _unavailable(error) from error


def _unavailable(error: Exception) -> Unavailable:
    return Unavailable(f"The lake's bucket cannot be used now: {error}")


def open_store() -> Store:
    """The store of LAKE_BUCKET; raises Unavailable without one."""
    if not settings().lake_bucket:
        raise Unavailable("There is no bucket for the lake: LAKE_BUCKET is missing")
    return Store(settings().lake_bucket, aws.client("s3"))


def name_manifest(name: str) -> str:
    """The key of a table's manifest."""
    return f"{name.replace('.', '/')}/{MANIFEST}"


def _describe(relation: Relation, files: Sequence[LakeFile]) -> dict[str, Any]:
    return {
        "table": relation.name,
        "kind": relation.kind,
        "comment": relation.rows.comment,
        "written_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "from": f"{files[0].day:%Y-%m-%d}" if files else None,
        "to": f"{files[-1].day:%Y-%m-%d}" if files else None,
        "rows": sum(file.row_count for file in files),
        "bytes": sum(file.size for file in files),
        "columns": [
            {
                "name": column.name,
                "type": "decimal(38, 18)" if column.type == "decimal" else column.type,
                "unit": column.unit,
                "comment": column.comment,
            }
            for column in relation.rows.columns
        ],
        "files": [
            {
                "key": file.key,
                "day": f"{file.day:%Y-%m-%d}",
                "rows": file.row_count,
                "bytes": file.size,
                "sha256": file.sha256,
            }
            for file in files
        ],
    }
