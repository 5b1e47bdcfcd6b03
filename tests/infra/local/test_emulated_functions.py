"""Archives that are unpacked once, and numbers that parameters give."""

from __future__ import annotations

import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from infra.local.emulated_functions import read_numbers, share_files


def pack(path: Path, text: str) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("code/handler.py", text)
    return path


@pytest.fixture
def runtime(tmp_path: Path) -> SimpleNamespace:
    found = SimpleNamespace(zipfile=zipfile)
    share_files(found, tmp_path / "unpacked")
    return found


def unpack(runtime: SimpleNamespace, archive: Path, target: Path) -> str:
    target.mkdir()
    with runtime.zipfile.ZipFile(archive) as opened:
        opened.extractall(target)
    return (target / "code/handler.py").read_text()


def test_the_same_archive_is_unpacked_once_for_all_environments(
    tmp_path: Path, runtime: SimpleNamespace
) -> None:
    archives = [pack(tmp_path / f"{n}.zip", "one") for n in range(8)]
    with ThreadPoolExecutor(8) as pool:
        texts = pool.map(lambda n: unpack(runtime, archives[n], tmp_path / f"at-{n}"), range(8))
        assert set(texts) == {"one"}
    assert len(list((tmp_path / "unpacked").iterdir())) == 1
    # What an environment is cleared away with leaves the files to the others.
    (tmp_path / "at-0").unlink()
    assert (tmp_path / "at-1/code/handler.py").exists()


def test_another_archive_has_files_of_its_own(tmp_path: Path, runtime: SimpleNamespace) -> None:
    first, second = pack(tmp_path / "1.zip", "one"), pack(tmp_path / "2.zip", "two")
    assert unpack(runtime, first, tmp_path / "a") == "one"
    assert unpack(runtime, second, tmp_path / "b") == "two"
    with pytest.raises(runtime.zipfile.BadZipFile):
        runtime.zipfile.ZipFile(tmp_path / "a/code/handler.py")


def test_numbers_of_a_mapping_may_be_text() -> None:
    """Regression: with the template's parameter for it, no message of the spool was delivered."""

    def count(mapping: dict[str, Any], function: str) -> int:
        return min(mapping["ScalingConfig"]["MaximumConcurrency"], mapping["BatchSize"])

    functions = SimpleNamespace(_sqs_esm_concurrency=count)
    read_numbers(functions)
    mapping = {"ScalingConfig": {"MaximumConcurrency": "2"}, "BatchSize": "10", "Enabled": True}
    assert functions._sqs_esm_concurrency(mapping, "drain") == 2
    assert mapping["Enabled"] is True
    assert (
        functions._sqs_esm_concurrency(
            {"ScalingConfig": {"MaximumConcurrency": 3}, "BatchSize": 1}, "x"
        )
        == 1
    )
