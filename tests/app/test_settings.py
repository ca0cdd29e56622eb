"""Who may be let in: the rules about addresses, demo and TLS."""

from typing import Any

import pytest
from pydantic import ValidationError

from hydradesk.app.settings import Settings


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    for name in [one for one in os.environ if one.startswith("HYDRADESK_")]:
        monkeypatch.delenv(name)


TLS = {"tls_cert": "/c.pem", "tls_key": "/k.pem"}


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"demo": True},
        {"host": "localhost", "demo": True},
        {"host": "::1"},
        {"host": "0.0.0.0"} | TLS,
        {"host": "0.0.0.0", "trusted_proxies": "10.0.0.0/8, ::1"},
        {"public_url": "https://desk.example.org"},
        {"public_url": "http://localhost:9000/"},
    ],
)
def test_a_desk_may_be_run_like_this(given: dict[str, Any]) -> None:
    assert Settings(**given).host == given.get("host", "127.0.0.1")


@pytest.mark.parametrize(
    ("given", "word"),
    [
        ({"host": "0.0.0.0"}, "in the clear"),
        ({"host": "192.168.1.5"}, "in the clear"),
        ({"host": "desk.example.org"}, "in the clear"),
        ({"host": "0.0.0.0", "demo": True} | TLS, "--demo"),
        ({"host": "0.0.0.0", "demo": True, "trusted_proxies": "::1"}, "--demo"),
        ({"tls_cert": "/c.pem"}, "together"),
        ({"tls_key": "/k.pem"}, "together"),
        ({"trusted_proxies": "everybody"}, "not a network"),
        ({"public_url": "http://desk.example.org"}, "https"),
        ({"public_url": "https://desk.example.org/app"}, "origin"),
        ({"public_url": "https://a@desk.example.org"}, "origin"),
        ({"public_url": "ftp://desk.example.org"}, "origin"),
    ],
)
def test_a_desk_may_not_be_run_like_this(given: dict[str, Any], word: str) -> None:
    with pytest.raises(ValidationError, match=word):
        Settings(**given)


def test_the_origin_is_what_people_type() -> None:
    assert Settings().origin == "http://localhost:8000"
    assert Settings(port=9, **TLS).origin == "https://localhost:9"
    assert Settings(public_url="https://desk.example.org").origin == "https://desk.example.org"
