"""Sign-In With Solana: a strict reader and a writer of its messages.

The form is that of the wallet standard (`solana:signIn`): every field but domain and address may
be left out, a statement may be in any script, and there is no checksum in an address.
"""

import re

from hydradesk.accounts.domain import signin
from hydradesk.accounts.domain.signin import SignInMessage, malformed

HEAD = " wants you to sign in with your Solana account:"
BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
ADDRESS = re.compile(rf"[{BASE58}]{{32,44}}")
CHAIN = re.compile(r"(?:solana:)?(?:mainnet|testnet|devnet|localnet)")
_FIELDS: dict[str, str] = {
    "URI": "uri",
    "Version": "version",
    "Chain ID": "chain_id",
    "Nonce": "nonce",
    "Issued At": "issued_at",
    "Expiration Time": "expiration_time",
    "Not Before": "not_before",
    "Request ID": "request_id",
}
_LABELLED = (*(f"{label}: " for label in _FIELDS), "Resources:")


def parse(text: str) -> SignInMessage:
    """Read one message; raises MessageMalformed for anything that is not of the form."""
    lines = signin.lines_of(text)
    if not lines[0].endswith(HEAD):
        raise malformed("the first line is not that of a sign-in with Solana")
    domain = _whole(signin.AUTHORITY, lines[0].removesuffix(HEAD), "domain")
    if len(lines) < 2:
        raise malformed("the message ends before its address")
    address = lines[1]
    if ADDRESS.fullmatch(address) is None or len(decoded(address) or b"") != 32:
        raise malformed("the address is not one of Solana's")
    statement, fields = _blocks(lines[2:])
    named = _named(fields)
    resources = named.pop("resources", None)
    message = SignInMessage(
        domain=domain,
        address=address,
        statement=statement,
        resources=None if resources is None else tuple(resources),
        **{name: str(value) for name, value in named.items()},
    )
    _check_fields(message)
    return message


def write(message: SignInMessage) -> str:
    """Write a message as wallets show it; raises MessageMalformed for what would not be read."""
    text = f"{message.domain}{HEAD}\n{message.address}"
    if message.statement is not None:
        text += f"\n\n{message.statement}"
    values = [(label, getattr(message, name)) for label, name in _FIELDS.items()]
    fields = [f"{label}: {value}" for label, value in values if value is not None]
    if message.resources is not None:
        fields += ["Resources:", *(f"- {one}" for one in message.resources)]
    if fields:
        text += "\n\n" + "\n".join(fields)
    if parse(text) != message:
        raise malformed("the fields do not survive being written")
    return text


def chain(name: str | None) -> str | None:
    """Return a network's short name: `solana:mainnet` is `mainnet`."""
    return None if name is None else name.removeprefix("solana:")


def decoded(text: str) -> bytes | None:
    """Read base58 (at most 128 characters); None for anything else."""
    if len(text) > 128 or any(one not in BASE58 for one in text):
        return None
    number = 0
    for one in text:
        number = number * 58 + BASE58.index(one)
    zeros = len(text) - len(text.lstrip("1"))
    return bytes(zeros) + number.to_bytes((number.bit_length() + 7) // 8, "big")


def encoded(value: bytes) -> str:
    """Write base58."""
    number, text = int.from_bytes(value, "big"), ""
    while number:
        number, digit = divmod(number, 58)
        text = BASE58[digit] + text
    return "1" * (len(value) - len(value.lstrip(b"\0"))) + text


def _blocks(lines: list[str]) -> tuple[str | None, list[str]]:
    """Tell the statement from the fields: each stands after an empty line."""
    if not lines:
        return None, []
    if lines[0] or len(lines) < 2 or not lines[1]:
        raise malformed("there is text where an empty line belongs")
    body = lines[1:]
    if body[0].startswith(_LABELLED):
        return None, body
    if len(body) == 1:
        return body[0], []
    if body[1] or len(body) < 3 or not body[2]:
        raise malformed("a statement has one line, and fields follow an empty one")
    return body[0], body[2:]


def _named(lines: list[str]) -> dict[str, str | list[str]]:
    """Name the fields' values, which come in their order."""
    found: dict[str, str | list[str]] = {}
    left = list(lines)
    for label, name in _FIELDS.items():
        if left and left[0].startswith(f"{label}: "):
            found[name] = left.pop(0)[len(label) + 2 :]
    if left and left[0] == "Resources:":
        if not all(line.startswith("- ") for line in left[1:]):
            raise malformed("a resource does not begin with a dash")
        found["resources"] = [line[2:] for line in left[1:]]
        left = []
    if left:
        raise malformed("a field is unknown, repeated or out of its order")
    return found


def _check_fields(message: SignInMessage) -> None:
    if message.version not in (None, "1"):
        raise malformed("the version is not 1")
    for pattern, value, what in (
        (signin.URI, message.uri, "URI"),
        (CHAIN, message.chain_id, "chain id"),
        (signin.NONCE, message.nonce, "nonce"),
        (signin.REQUEST_ID, message.request_id, "request id"),
        *((signin.URI, one, "resource") for one in message.resources or ()),
    ):
        if value is not None:
            _whole(pattern, value, what)
    for field, value in (
        ("Issued At", message.issued_at),
        ("Expiration Time", message.expiration_time),
        ("Not Before", message.not_before),
    ):
        if value is not None:
            signin.instant(value, field)


def _whole(pattern: re.Pattern[str], text: str, what: str) -> str:
    if pattern.fullmatch(text) is None:
        raise malformed(f"the {what} is not one")
    return text
