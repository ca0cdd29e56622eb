"""What stands before a commit bites: the secret scan by its hook, and bandit."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


PLANTED = {
    "a private key": "-----BEGIN " + "EC PRIVATE KEY-----",
    "a key of AWS": "key = AKIA" + "Q" * 16,
    "a token of GitHub": "ghp_" + "a1" * 18,
    "a token of Slack": "xoxb-" + "12345678-abc",
    "a key of a payment service": "sk_live_" + "4e" * 12,
    "a path of somebody's machine": "see /" + "home/somebody/desk",
}


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with this one's hooks, and little to commit."""
    where = tmp_path_factory.mktemp("repository")
    for name in (
        ".pre-commit-config.yaml",
        "pyproject.toml",
        "docs/dependencies.md",
        "web/package.json",
        "web/package-lock.json",
        "tests/__init__.py",
        "tests/architecture/__init__.py",
        "tests/architecture/test_repository.py",
        *(f"requirements/{one.name}" for one in (ROOT / "requirements").iterdir()),
    ):
        (where / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, where / name)
    (where / ".venv").symlink_to(sys.prefix)
    git(where, "init", "-q")
    (where / ".git/info/exclude").write_text(".venv\n")
    git(where, "config", "user.email", "nobody@example.org")
    git(where, "config", "user.name", "Nobody")
    return where


def git(where: Path, *words: str) -> subprocess.CompletedProcess[str]:
    skipped = "ruff,format,types,bandit"  # the hook about secrets is what this is about
    around = {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "SKIP": skipped}
    home = {"HOME": str(where.parent), "PRE_COMMIT_HOME": str(where.parent / "hooks")}
    inside = around | home
    command = ["git", "-C", str(where), *words]
    return subprocess.run(command, env=inside, capture_output=True, text=True, check=False)


def test_the_hook_lets_nobody_commit_a_secret(repository: Path) -> None:
    installed = subprocess.run(
        [sys.executable, "-m", "pre_commit", "install"],
        cwd=repository,
        capture_output=True,
        text=True,
        check=False,
    )
    assert installed.returncode == 0, installed.stdout + installed.stderr
    git(repository, "add", "--all")
    clean = git(repository, "commit", "-m", "Begin")
    assert clean.returncode == 0, clean.stdout + clean.stderr
    for what, text in PLANTED.items():
        (repository / "notes.md").write_text(f"{text}\n")
        git(repository, "add", "--all")
        refused = git(repository, "commit", "-m", what)
        assert refused.returncode != 0, what
        assert "test_no_secret_and_no_machine_is_committed" in refused.stdout + refused.stderr
    assert git(repository, "rev-list", "--count", "HEAD").stdout == "1\n"


def bandit(where: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "bandit", "-q", "-r", str(where), "-c"]
    settings = str(ROOT / "pyproject.toml")
    return subprocess.run([*command, settings], capture_output=True, text=True, check=False)


def test_bandit_finds_nothing() -> None:
    done = bandit(ROOT / "src")
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("code", "rule"),
    [
        ("import subprocess\nsubprocess.call(input(), shell=True)\n", "B602"),
        ("import hashlib\nhashlib.md5(b'')\n", "B324"),
        ("eval(input())\n", "B307"),
        ("import pickle\npickle.loads(input().encode())\n", "B301"),
        ("import ssl\nssl._create_unverified_context()\n", "B323"),
        ("import xml.etree.ElementTree as x\nx.parse(input())\n", "B314"),
    ],
)
def test_bandit_bites(tmp_path: Path, code: str, rule: str) -> None:
    (tmp_path / "planted.py").write_text(code)
    done = bandit(tmp_path)
    assert done.returncode != 0 and rule in done.stdout
