"""Large partitions fit the memory of the functions."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PROGRAM = Path(__file__).with_name("large_partition.py")


@pytest.mark.parametrize("rows", [5_000, pytest.param(20_000, marks=pytest.mark.slow)])
def test_it_is_read_and_assembled_within_one_gigabyte(rows: int) -> None:
    command = [sys.executable, str(PROGRAM), str(rows), "1024"]
    environment = {
        **os.environ,
        "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'functions'}",
        "ARROW_DEFAULT_MEMORY_POOL": "system",  # as the functions do
    }
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert answer["read"]["items"] == rows
    assert answer["assembled"]["rows"] == answer["assembled"]["succeeded"] == rows
    assert answer["seconds"] < 60 * rows / 5_000
