"""Sign-In With Ethereum (EIP-4361): a strict reader and a writer of its messages.

The grammar is the ABNF of https://eips.ethereum.org/EIPS/eip-4361; what it does not derive is
refused: other line ends, missing or reordered fields, text after the end.
"""

import re

from eth_hash.auto import keccak

from hydradesk.accounts.domain import signin
from hydradesk.accounts.domain.signin import SignInMessage, malformed

HEAD = " wants you to sign in with your Ethereum account:"
STATEMENT = re.compile(r"[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;= ]+")
ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")
CHAIN = re.compile(r"[0-9]{1,32}", re.ASCII)
_LABELS = ("URI", "Version", "Chain ID", "Nonce", "Issued At")
_OPTIONAL = ("Expiration Time", "Not Before", "Request ID")


def parse(text: str) -> SignInMessage:
    """Read one message; raises MessageMalformed for anything the grammar does not derive."""
    lines = signin.lines_of(text)
    scheme, domain = _head(lines[0])
    rest = _Lines(lines[1:])
    address = _address(rest.take())
    rest.blank()
    statement = None
    if rest.peek():
        statement = _whole(STATEMENT, rest.take(), "statement")
    rest.blank()
    required = {label: rest.labelled(label) for label in _LABELS}
    optional = {label: rest.labelled(label) if rest.has(label) else None for label in _OPTIONAL}
    resources = _resources(rest)
    if rest.peek() is not None:
        raise malformed("the message goes on after its last field")
    message = SignInMessage(
        scheme=scheme,
        domain=domain,
        address=address,
        statement=statement,
        uri=required["URI"],
        version=required["Version"],
        chain_id=required["Chain ID"],
        nonce=required["Nonce"],
        issued_at=required["Issued At"],
        expiration_time=optional["Expiration Time"],
        not_before=optional["Not Before"],
        request_id=optional["Request ID"],
        resources=resources,
    )
    _check_fields(message)
    return message


def write(message: SignInMessage) -> str:
    """Write a message as wallets show it; raises MessageMalformed for what would not be read."""
    scheme = f"{message.scheme}://" if message.scheme is not None else ""
    lines = [f"{scheme}{message.domain}{HEAD}", message.address, ""]
    lines += [message.statement, ""] if message.statement is not None else [""]
    fields = (message.uri, message.version, message.chain_id, message.nonce, message.issued_at)
    lines += [f"{label}: {value}" for label, value in zip(_LABELS, fields, strict=True)]
    more = (message.expiration_time, message.not_before, message.request_id)
    lines += [
        f"{label}: {value}"
        for label, value in zip(_OPTIONAL, more, strict=True)
        if value is not None
    ]
    if message.resources is not None:
        lines += ["Resources:", *(f"- {one}" for one in message.resources)]
    text = "\n".join(lines)
    if parse(text) != message:
        raise malformed("the fields do not survive being written")
    return text


def checksummed(address: str) -> str:
    """Spell an address with the capitals of EIP-55."""
    small = address.lower().removeprefix("0x")
    digest = keccak(small.encode()).hex()
    spelled = (a.upper() if int(d, 16) >= 8 else a for a, d in zip(small, digest, strict=False))
    return "0x" + "".join(spelled)


def personal_digest(message: bytes) -> bytes:
    """Return what personal_sign signs: EIP-191, version 0x45."""
    return keccak(b"\x19Ethereum Signed Message:\n" + str(len(message)).encode() + message)


class _Lines:
    """The lines that are left."""

    def __init__(self, lines: list[str]) -> None:
        self._lines, self._at = lines, 0

    def peek(self) -> str | None:
        return self._lines[self._at] if self._at < len(self._lines) else None

    def take(self) -> str:
        line = self.peek()
        if line is None:
            raise malformed("the message ends too early")
        self._at += 1
        return line

    def blank(self) -> None:
        if self.take():
            raise malformed("there is text where an empty line belongs")

    def has(self, label: str) -> bool:
        return (self.peek() or "").startswith(f"{label}: ")

    def labelled(self, label: str) -> str:
        line = self.take()
        if not line.startswith(f"{label}: "):
            raise malformed(f"there is no {label} where it belongs")
        return line[len(label) + 2 :]


def _head(line: str) -> tuple[str | None, str]:
    if not line.endswith(HEAD):
        raise malformed("the first line is not that of a sign-in with Ethereum")
    named = line.removesuffix(HEAD)
    scheme, found, domain = named.rpartition("://")
    if found:
        _whole(signin.SCHEME, scheme, "scheme")
    _whole(signin.AUTHORITY, domain, "domain")
    return (scheme if found else None), domain


def _address(line: str) -> str:
    _whole(ADDRESS, line, "address")
    if checksummed(line) != line:
        raise malformed("the address is not spelled with its EIP-55 checksum")
    return line


def _resources(rest: _Lines) -> tuple[str, ...] | None:
    if rest.peek() != "Resources:":
        return None
    rest.take()
    found = []
    while (line := rest.peek()) is not None:
        if not line.startswith("- "):
            raise malformed("a resource does not begin with a dash")
        found.append(_whole(signin.URI, line[2:], "resource"))
        rest.take()
    return tuple(found)


def _check_fields(message: SignInMessage) -> None:
    _whole(signin.URI, message.uri or "", "URI")
    if message.version != "1":
        raise malformed("the version is not 1")
    _whole(CHAIN, message.chain_id or "", "chain id")
    _whole(signin.NONCE, message.nonce or "", "nonce")
    signin.instant(message.issued_at or "", "Issued At")
    for field, value in (
        ("Expiration Time", message.expiration_time),
        ("Not Before", message.not_before),
    ):
        if value is not None:
            signin.instant(value, field)
    if message.request_id is not None:
        _whole(signin.REQUEST_ID, message.request_id, "request id")


def _whole(pattern: re.Pattern[str], text: str, what: str) -> str:
    if pattern.fullmatch(text) is None:
        raise malformed(f"the {what} is not one")
    return text
