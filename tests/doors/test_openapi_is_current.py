"""The API's description that the web client was generated from is the one the desk gives."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

ROOT = Path(__file__).parents[2]
COMMITTED = ROOT / "web/src/shared/api/openapi.json"


@pytest.fixture(scope="module")
def written() -> bytes:
    """What `make gen` would write now."""
    command = [sys.executable, "-m", "hydradesk.app.openapi"]
    source = os.environ | {"PYTHONPATH": str(ROOT / "src")}
    return subprocess.run(command, cwd=ROOT, env=source, check=True, stdout=subprocess.PIPE).stdout


def test_the_committed_document_is_what_the_desk_writes(written: bytes) -> None:
    assert written == COMMITTED.read_bytes(), "run `make gen` and commit the result"


def operations(written: bytes) -> Iterator[tuple[str, Any]]:
    for path, methods in msgspec.json.decode(written)["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


def test_every_operation_is_described(written: bytes) -> None:
    for where, operation in operations(written):
        assert operation["description"], where
        for one in operation.get("parameters", []):
            assert one["in"] != "path" or one.get("description"), (where, one["name"])


def test_every_answer_has_an_example(written: bytes) -> None:
    for where, operation in operations(written):
        for status, reply in operation["responses"].items():
            for kind, content in reply.get("content", {}).items():
                assert "example" in content, (where, status, kind)


def test_names_are_those_outsiders_know(written: bytes) -> None:
    for name in msgspec.json.decode(written)["components"]["schemas"]:
        assert name.isalnum() and not name.endswith("View"), name


def test_the_generated_client_fits_the_document() -> None:
    npm = shutil.which("npm")
    if npm is None or not (ROOT / "web/node_modules").is_dir():
        reason = "the web client's tools are not installed: run `make setup`"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    command = [npm, "run", "--silent", "gen:check"]
    said = subprocess.run(command, cwd=ROOT / "web", capture_output=True, text=True, check=False)
    assert said.returncode == 0, said.stdout + said.stderr
