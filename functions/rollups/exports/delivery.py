"""How a file reaches its caller: in the answer while it is small, else from a bucket.

Lambda answers 6 MB at most, of which base64 leaves 4.5 MB for a file.
"""

from __future__ import annotations

import secrets
import tempfile
import time
from datetime import datetime
from http import HTTPStatus
from typing import IO, Any

from functions.rollups.exports.files import Limits, Written, write_file
from functions.rollups.exports.formats import FORMATS, FileFormat
from functions.rollups.exports.query import RollupQuery
from functions.rollups.exports.selection import Selection
from functions.shared import aws
from functions.shared.errors import Unavailable
from functions.shared.fields import ResponseModel
from functions.shared.request import Request
from functions.shared.response import Response
from functions.shared.settings import settings

ANSWER_BYTES = 4_000_000
MAX_BYTES = 256_000_000  # of a file; /tmp has 512 MB
MAX_SECONDS = 18.0  # for writing it; the gateway hangs up after 29
LINK_SECONDS = 900  # for which an address is good
HEADERS = ("Location", "X-Dirty-Buckets", "X-Row-Count")


class FileLink(ResponseModel):
    """A file whose address, good for 15 minutes and without a key, is the header `Location`."""

    rows: int
    size: int
    dirty_buckets: int
    expires_in: int


class LargeFile(FileLink):
    """A file above 4 MB, which a client that follows redirects gets from `Location`."""


def export(query: RollupQuery, request: Request) -> Response:
    """A file, or where it is; raises NotFound, Invalid, TooMuch, Unavailable."""
    selection = query.select()
    assert query.format != "json"
    file_format = FORMATS[query.format]
    deadline = time.monotonic() + MAX_SECONDS
    with tempfile.TemporaryFile() as file:
        written = write_file(selection, file_format, file, Limits(MAX_BYTES, deadline))
        file.seek(0)
        headers = {
            "X-Row-Count": str(written.rows),
            "X-Dirty-Buckets": str(written.dirty_buckets),
        }
        # The gateway makes bytes of base64 for callers alone who say what they accept.
        is_small = written.size <= ANSWER_BYTES and request.header("accept") != ""
        about = {
            "Content-Type": file_format.media_type,
            "Content-Disposition": f'attachment; filename="{name_file(selection, file_format)}"',
        }
        if is_small and not query.link:
            return Response(file.read(), headers={**headers, **about})
        headers["Location"] = _store(file, name_file(selection, file_format), about)
    status = HTTPStatus.CREATED if query.link else HTTPStatus.SEE_OTHER
    return Response(_to_link(written), status, headers)


def name_file(selection: Selection, file_format: FileFormat) -> str:
    """The name of a file, such as `ttt.player_days_2026-01-01_2026-02-01.csv`."""
    bounds = [_name_bound(bound) for bound in (selection.since, selection.until) if bound]
    return f"{'_'.join([selection.rollup.name, *bounds])}.{file_format.name}"


def _name_bound(moment: datetime) -> str:
    is_day = (moment.hour, moment.minute, moment.second, moment.microsecond) == (0, 0, 0, 0)
    return moment.strftime("%Y-%m-%d" if is_day else "%Y-%m-%dT%H%M%SZ")


def _store(file: IO[bytes], name: str, about: dict[str, str]) -> str:
    """Puts a file into the bucket, in parts if it is large, and returns its presigned address."""
    bucket = settings().exports_bucket
    if not bucket:
        raise Unavailable("There is no bucket for files of this size")
    place = {"Bucket": bucket, "Key": f"{secrets.token_urlsafe(16)}/{name}"}
    extra = {name.replace("-", ""): value for name, value in about.items()}
    try:
        s3 = aws.client("s3")
        s3.upload_fileobj(file, *place.values(), ExtraArgs=extra)
        address: str = s3.generate_presigned_url("get_object", place, LINK_SECONDS)
    except aws.failures() as error:
        raise Unavailable("The file cannot be stored now") from error
    return address


def _to_link(written: Written) -> dict[str, Any]:
    return {**vars(written), "expires_in": LINK_SECONDS}
