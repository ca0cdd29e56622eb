"""E-mail addresses, as far as a desk must understand them: the plain form of RFC 5321 in ASCII."""

import re

from hydradesk.kernel.errors import Invalid

LONGEST = 254
_LOCAL = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
ADDRESS = re.compile(rf"({_LOCAL})@({_LABEL}(?:\.{_LABEL})+)")


def normalised(text: str) -> str:
    """Return an address with its domain in small letters; raises Invalid for none."""
    found = ADDRESS.fullmatch(text.strip()) if len(text) <= LONGEST else None
    if found is None or len(found[1]) > 64:
        raise Invalid("this is not an e-mail address", field="email", fix="name@example.org")
    return f"{found[1]}@{found[2].lower()}"
