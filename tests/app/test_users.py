"""People are made and listed from the command line, with the desk stopped."""

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.app.desks import environment


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    path = Path(tempfile.mkdtemp(prefix="hydradesk-users-", dir="/var/tmp"))
    path.chmod(0o755)
    yield path
    from hydradesk.infra.postgres import PostgresServer

    PostgresServer(path).stop()
    shutil.rmtree(path, ignore_errors=True)


def users(home: Path, *arguments: str, typed: str = "") -> subprocess.CompletedProcess[str]:
    cheap = {"HYDRADESK_ARGON2_MEMORY_KIB": "64", "HYDRADESK_ARGON2_PASSES": "1"}
    return subprocess.run(
        [sys.executable, "-m", "hydradesk", "users", *arguments, "--data-dir", str(home)],
        input=typed,
        capture_output=True,
        text=True,
        env=environment() | cheap,
        check=False,
        timeout=120,
    )


def test_the_first_administrator(home: Path) -> None:
    made = users(home, "create", "--admin", "--email", "root@Desk.Example", typed="correct horse\n")
    assert made.returncode == 0, made.stderr
    assert "root@desk.example" in made.stdout and "admin" in made.stdout
    assert "correct horse" not in made.stdout + made.stderr
    late = users(home, "create", "--email", "bob@desk.example", "--name", "Bob", "--one-time")
    assert late.returncode == 0, late.stderr
    assert "http://localhost:8000/enrol#" in late.stdout
    for wrong, typed, word in (
        ("root@desk.example", "correct horse\n", "somebody at this desk"),
        ("no-address", "correct horse\n", "e-mail address"),
        ("carol@desk.example", "password1\n", "first that anybody tries"),
        ("carol@desk.example", "", "standard input"),
    ):
        refused = users(home, "create", "--email", wrong, typed=typed)
        assert refused.returncode == 2 and word in refused.stderr, refused.stderr
    listed = users(home, "list", "--json")
    people = json.loads(listed.stdout)
    assert [(one["email"], one["role"]) for one in people] == [
        ("root@desk.example", "admin"),
        ("bob@desk.example", "user"),
    ]
    assert "Bob" in users(home, "list").stdout
