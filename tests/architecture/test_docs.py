"""The documentation says what the program does: settings, facts, verbs, claims."""

import ast
import re
from pathlib import Path

import pytest
from typer.main import get_command

import hydradesk.app.tables  # noqa: F401  (imports every room)
from hydradesk.app.main import cli
from hydradesk.app.settings import Settings
from hydradesk.kernel.events import Fact

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
SPINE = re.findall(
    r"\w+",
    "C1 C2 C3 C4 C5 C7 C8 C14 C15 C17 C18 C19 C20 G12 I6 I7 I8 I9 I10 I11 I12 I13 I14 I15 I16 "
    "I18 I22 N2 N7 N8 N14 N16 N17 N18 P1 P3 P5 P8 P9 P14 P15",
)
ACCOUNTS = re.findall(
    r"\w+",
    "A1 A2 A3 A4 A5 A6 A7 A8 A9 A10 A11 A12 A13 A14 A15 A16 A17 A18 B6 B7 B8 H9 N3 N4 N14 N15 N16 "
    "N17 N18 N20 N22 N26 O1 O2 O3 O4 O5 O6 O7 O8 O9 O13 O16 O18 P7",
)


def test_every_setting_is_documented() -> None:
    page = (DOCS / "settings.md").read_text()
    for name in Settings.model_fields:
        assert f"`HYDRADESK_{name.upper()}`" in page, name


def test_every_fact_is_documented() -> None:
    page = (DOCS / "facts.md").read_text()
    topics = {str(kind.__struct_config__.tag) for kind in Fact.__subclasses__()}
    ours = {topic for topic in topics if not topic.startswith("test.")}
    assert len(ours) >= 13
    for topic in ours:
        assert f"`{topic}`" in page, topic


def test_every_verb_and_option_is_documented() -> None:
    page = (DOCS / "cli.md").read_text()
    verbs = dict(get_command(cli).commands)  # type: ignore[attr-defined]
    for group in [name for name, one in verbs.items() if hasattr(one, "commands")]:
        inside = verbs.pop(group).commands
        verbs |= {f"{group} {name}": verb for name, verb in inside.items()}
    assert "candles import" in verbs
    for name, verb in verbs.items():
        assert f"`hydradesk {name}" in page, name
        for option in verb.params:
            flag = max(option.opts, key=len)
            assert not flag.startswith("--") or flag in page, f"{name} {flag}"


def claims() -> dict[str, list[str]]:
    rows = re.findall(r"^\| ([A-Z]\d+) \|.*\| (.+) \|$", (DOCS / "coverage.md").read_text(), re.M)
    return {name: re.findall(r"`(tests/[^`]+)`", shown) for name, shown in rows}


def test_every_claim_names_a_test_that_exists() -> None:
    known = claims()
    assert set(known) == set(SPINE) | set(ACCOUNTS)
    for name, tests in known.items():
        assert tests, f"{name} names no test"
        for test in tests:
            file, _, function = test.partition("::")
            tree = ast.parse((ROOT / file).read_text())
            defined = {node.name for node in ast.walk(tree) if hasattr(node, "name")}
            assert function in defined, f"{name}: {test}"


@pytest.mark.parametrize("page", [*DOCS.rglob("*.md"), *ROOT.glob("*.md")], ids=lambda p: p.name)
def test_links_lead_somewhere(page: Path) -> None:
    for link in re.findall(r"\]\(([^)#]+)\)", page.read_text()):
        if "://" not in link:
            assert (page.parent / link).exists(), f"{page.name}: {link}"
