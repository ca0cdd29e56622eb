"""What is committed: no hosts of registries, no machine's paths, no secrets, no foreign data."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BINARY = {".png", ".jpg", ".ico", ".woff2", ".pdf"}
SECRET = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY|(?:AKIA|ASIA)[0-9A-Z]{16}|gh[opsu]_[A-Za-z0-9]{36}"
    r"|github_pat_[A-Za-z0-9_]{40}|glpat-[A-Za-z0-9_-]{20}|xox[abprs]-[0-9]{8}|npm_[A-Za-z0-9]{36}"
    r"|AIza[0-9A-Za-z_-]{35}|[rs]k_live_[0-9A-Za-z]{16}|sk-ant-[A-Za-z0-9-]{20}|sk-[A-Za-z0-9]{40}"
    r"|hd_live_[A-Za-z0-9_-]{16}|hd_[0-9a-f]{16}_[\w-]{43}|hd[rs]_[\w-]{43}"
)
MACHINE_PATH = re.compile(r"(?<![\w.])/(?:root|work|home/\w+)/\w")


def committed() -> list[Path]:
    if shutil.which("git") is None or not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    names = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return [ROOT / name for name in names.stdout.split("\0") if name]


def test_locks_name_no_host() -> None:
    for lock in (ROOT / "requirements").glob("*.lock"):
        assert not re.search(r"https?://|--(extra-)?index-url|find-links", lock.read_text()), lock
    packages = json.loads((ROOT / "web/package-lock.json").read_text())["packages"]
    assert len(packages) > 100
    assert not [name for name, one in packages.items() if "resolved" in one]
    assert not (ROOT / "uv.lock").exists() or (ROOT / "uv.lock") not in committed()


def test_locks_carry_no_gpu_by_accident() -> None:
    for lock in (ROOT / "requirements").glob("*.lock"):
        assert not re.search(r"^(xgboost|nvidia-|torch)\b", lock.read_text(), re.M), lock


def test_every_dependency_has_a_reason() -> None:
    reasons = (ROOT / "docs/dependencies.md").read_text()
    for file in ("run.in", "dev.in", "node.in"):
        for line in (ROOT / "requirements" / file).read_text().splitlines():
            name = re.split(r"[\[<=>]", line)[0].strip()
            if name and not name.startswith("-r"):
                assert f"`{name}`" in reasons, f"docs/dependencies.md does not name {name}"
    package = json.loads((ROOT / "web/package.json").read_text())
    for name in package["dependencies"]:
        assert f"`{name}`" in reasons, f"docs/dependencies.md does not name {name}"


def test_no_secret_and_no_machine_is_committed() -> None:
    assert SECRET.search("-----BEGIN RSA PRIVATE KEY-----") and MACHINE_PATH.search(" /root/x")
    for path in committed():
        if path.suffix not in BINARY and path.is_file() and path != Path(__file__):
            text = path.read_text(errors="ignore")
            assert not SECRET.search(text), path
            assert not MACHINE_PATH.search(text), path


def test_no_market_data_is_committed() -> None:
    for path in committed():
        assert path.suffix not in {".parquet", ".gz", ".feather", ".csv"}, path
