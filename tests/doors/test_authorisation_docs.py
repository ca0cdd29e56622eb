"""The tables of docs/authorisation.md are the matrix that the code goes by."""

from pathlib import Path

from hydradesk.accounts.contracts import DEMO_SCOPES, ENTITLEMENTS, EVERY_SCOPE, SCOPES_OF

PAGE = Path(__file__).parents[2] / "docs" / "authorisation.md"


def table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def roles_table() -> str:
    matrix = {**SCOPES_OF, "demo": DEMO_SCOPES}
    rows = [
        [f"`{scope}`", *("yes" if scope in mine else "" for mine in matrix.values())]
        for scope in sorted(EVERY_SCOPE)
    ]
    return table(["scope", *matrix], rows)


def membership_table() -> str:
    rows = [
        [
            f"`{role}`",
            ", ".join(one.timeframes),
            "yes" if one.votes else "no",
            "yes" if one.auto_trade else "no",
            str(one.webhooks),
            str(one.api_keys),
            one.tier,
        ]
        for role, one in ENTITLEMENTS.items()
    ]
    head = ["role", "signals of", "votes", "auto_trade", "webhooks", "API keys", "rate limits"]
    return table(head, rows)


def test_the_page_shows_the_matrix_of_roles() -> None:
    assert roles_table() in PAGE.read_text()


def test_the_page_shows_what_a_membership_includes() -> None:
    assert membership_table() in PAGE.read_text()
