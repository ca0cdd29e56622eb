"""docs/security/asvs.md answers every requirement with a test that there is, or a reason."""

import ast
import json
import re
from pathlib import Path

from hydradesk.accounts.contracts import (
    DEMO_SCOPES,
    ENTITLEMENTS,
    EVERY_SCOPE,
    KEY_SCOPES,
    SCOPES_OF,
)

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/security/asvs.md"
MOST_WITHOUT_A_TEST = 10
ROW = re.compile(r"^\| (V\d+\.\d+\.\d+) \| (.+?) \| (.+?) \| (.+) \|$", re.M)
DANGEROUS = re.compile(
    r"dangerouslySetInnerHTML|\.(?:inner|outer)HTML\b|insertAdjacentHTML|document\.write"
    r"|\beval\(|new Function\(|srcdoc|javascript:"
)
XML = re.compile(r"^\s*(?:import|from) (?:xml|lxml|defusedxml)\b", re.M)


def rows() -> dict[str, tuple[str, str, str]]:
    found = ROW.findall(PAGE.read_text())
    assert len(found) == len({one[0] for one in found})
    return {name: (what, how, shown) for name, what, how, shown in found}


def test_every_requirement_is_answered(shared: Path) -> None:
    asked = json.loads((shared / "vectors/asvs_5_0_0_level1.json").read_text())["requirements"]
    assert set(rows()) == {one["id"] for one in asked} and len(asked) == 70


def test_every_answer_names_a_test_that_there_is_or_a_reason() -> None:
    without = []
    for name, (what, how, shown) in rows().items():
        assert len(what) > 10 and len(how) > 10, name
        tests = re.findall(r"`(tests/[^`]+)`", shown)
        if not tests:
            assert shown.startswith("no test: ") and len(shown) > 40, name
            without.append(name)
        for test in tests:
            file, _, function = test.partition("::")
            tree = ast.parse((ROOT / file).read_text())
            defined = {node.name for node in ast.walk(tree) if hasattr(node, "name")}
            assert function in defined, f"{name}: {test}"
    assert len(without) <= MOST_WITHOUT_A_TEST, without


def test_nothing_is_quoted_at_length(shared: Path) -> None:
    """The words of the standard are its authors': ours are our own."""
    asked = json.loads((shared / "vectors/asvs_5_0_0_level1.json").read_text())["requirements"]
    page = PAGE.read_text()
    for one in asked:
        words = one["text"].split()
        for start in range(len(words) - 11):
            assert " ".join(words[start : start + 12]) not in page, one["id"]


def test_the_page_builds_no_html_and_runs_no_text() -> None:
    assert DANGEROUS.search("<p dangerouslySetInnerHTML={{ __html: x }} />")
    assert DANGEROUS.search("node.innerHTML = x") and DANGEROUS.search("eval(x)")
    sources = [
        one
        for one in (ROOT / "web/src").rglob("*")
        if one.suffix in {".ts", ".tsx"} and one.name != "schema.ts"
    ]
    assert len(sources) > 50
    for path in sources:
        assert not DANGEROUS.search(path.read_text()), path


def test_nothing_reads_xml() -> None:
    assert XML.search("from xml.etree import ElementTree")
    for path in (ROOT / "src").rglob("*.py"):
        assert not XML.search(path.read_text()), path


def table(heading: str) -> dict[str, list[str]]:
    text = (ROOT / "docs/authorisation.md").read_text().split(f"## {heading}\n")[1]
    lines = text.split("\n## ")[0].splitlines()
    cells = [
        [one.strip(" `") for one in line.split("|")[1:-1]] for line in lines if line[:1] == "|"
    ]
    return {row[0]: row[1:] for row in [cells[0], *cells[2:]]}


def test_the_matrix_is_shown_as_it_is() -> None:
    roles = table("Roles")
    names = roles.pop("scope")
    assert set(roles) == EVERY_SCOPE and names == [*SCOPES_OF, "demo"]
    for scope, marks in roles.items():
        for name, mark in zip(names, marks, strict=True):
            may = DEMO_SCOPES if name == "demo" else SCOPES_OF[name]
            assert (mark == "yes") == (scope in may), (scope, name)
    keys = table("API keys")
    kinds = keys.pop("scope")
    assert set(keys) == frozenset().union(*KEY_SCOPES.values()) and kinds == list(KEY_SCOPES)
    for scope, marks in keys.items():
        for kind, may in zip(kinds, KEY_SCOPES.values(), strict=True):
            assert (marks[kinds.index(kind)] == "yes") == (scope in may), (scope, kind)
    memberships = table("Memberships")
    memberships.pop("membership")
    assert set(memberships) == set(ENTITLEMENTS)
    for name, one in ENTITLEMENTS.items():
        shown = [", ".join(one.timeframes), "yes" if one.votes else ""]
        shown += ["yes" if one.auto_trade else "", str(one.webhooks), str(one.api_keys), one.tier]
        assert memberships[name] == shown, name


PRIMITIVES = re.compile(
    r"hashlib\.(\w+)|hashes\.([A-Z]\w+)|ciphers\.aead import (\w+)|modes\.(\w+)|padding\.(\w+)"
    r"|algorithms\.([A-Z]\w+)"
)
APPROVED = {"sha256", "sha384", "sha512", "SHA256", "SHA384", "SHA512", "AESGCM", "blake2b"}
APPROVED |= {"ES256", "RS256", "EdDSA"}  # of issuers' and passkeys' signatures, verified only


def used(source: str) -> set[str]:
    return {name for found in PRIMITIVES.findall(source) for name in found if name}


def test_only_approved_primitives_are_used() -> None:
    assert used("hashlib.md5(x); modes.ECB(); padding.PKCS1v15()") == {"md5", "ECB", "PKCS1v15"}
    seen = set[str]()
    for path in (ROOT / "src").rglob("*.py"):
        found = used(path.read_text())
        assert found <= APPROVED, (path, found - APPROVED)
        seen |= found
    assert {"sha256", "AESGCM"} <= seen


PASSWORD = re.compile(r"<(?:input|Field|Password\w*)\b[^>]*(?:password|Password)[^>]*>", re.S)


def test_password_fields_are_masked_and_may_be_filled() -> None:
    """Every field for a password is masked until asked, and nobody hinders a password manager."""
    source = {path: path.read_text() for path in (ROOT / "web/src").rglob("*.tsx")}
    for path, text in source.items():
        assert "onPaste" not in text and "onpaste" not in text, path
    signing_in = [text for path, text in source.items() if "auth" in path.parts]
    if signing_in:  # the page's part that asks for any
        fields = [one for text in source.values() for one in PASSWORD.findall(text)]
        assert fields
        filled = "".join(source.values())
        assert '"password"' in filled
        assert "current-password" in filled and "new-password" in filled
        assert not re.search(r'autoComplete="off"[^>]*[pP]assword', filled)
