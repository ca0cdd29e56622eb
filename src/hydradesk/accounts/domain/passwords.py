"""Which passwords are refused: the short, the endless, and those everybody tries first.

After NIST SP 800-63B and ASVS 5.0 §6.2: no rules about kinds of characters, every character
counts and is compared as it was sent. The list of common ones is zxcvbn's; what people make of them
(digits at the ends, 4 for a), walks over the keys, repeats and dates are refused as well.
"""

import re

from zxcvbn.frequency_lists import FREQUENCY_LISTS

from hydradesk.kernel.errors import Invalid

SHORTEST, LONGEST = 8, 128
RECOMMENDED = 15
_FIX = f"use {RECOMMENDED} characters or more: several words, or what a password manager makes"

_OURS = """administrator hydradesk hydra trading trader bitcoin ethereum solana crypto blockchain
satoshi dogecoin binance coinbase metamask phantom wallet"""
_COMMON = frozenset([*FREQUENCY_LISTS["passwords"], *_OURS.split()])
"""About 30,000 of the passwords that leaks show most, 11,000 of them long enough for us, and what
people at a trading desk think of first."""
_ROWS = (
    "qwertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "qwertzuiop",
    "yxcvbnm",
    "azertyuiop",
    "qsdfghjklm",
    "wxcvbn",
    "1234567890",
    "abcdefghijklmnopqrstuvwxyz",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p",
    "qazwsxedcrfvtgbyhnujmikolp",
    "1q2w3e4r5t6y7u8i9o0p",
    "q1w2e3r4t5y6u7i8o9p0",
    "!@#$%^&*()",
)
_LEET = str.maketrans("@4301!|$5789", "aaeoiiissTbg".lower())
_EDGES = re.compile(r"^[\W\d_]+|[\W\d_]+$")


def check(password: str, *names: str) -> None:
    """Refuse a password that would not protect anybody; `names` are the person's own.

    Raises:
        Invalid: with the field `password` and what to use instead.
    """
    if not SHORTEST <= len(password) <= LONGEST:
        said = f"a password has {SHORTEST} to {LONGEST} characters, this one {len(password)}"
        raise Invalid(said, field="password", fix=_FIX)
    if is_common(password):
        raise Invalid("this is among the first that anybody tries", field="password", fix=_FIX)
    small = password.casefold()
    if any(len(name) >= 4 and small.strip("0123456789!.") == name.casefold() for name in names):
        raise Invalid("this is your own name or address", field="password", fix=_FIX)


def is_common(password: str) -> bool:
    """Whether it is a common password, also with the usual ornaments, or a walk over the keys."""
    small = password.casefold()
    return _is_walk(small) or _is_date(small) or any(_is_words(one) for one in _plain(small))


def _plain(small: str) -> set[str]:
    """Return what is left without digits and signs at the ends, as written and as meant."""
    meant = small.translate(_LEET)
    trimmed = _EDGES.sub("", small)
    return {small, meant, trimmed, trimmed.translate(_LEET), _EDGES.sub("", meant)} - {""}


def _is_words(text: str) -> bool:
    """Whether it is a common password, once or twice."""
    half = text[: len(text) // 2]
    return text in _COMMON or (half * 2 == text and half in _COMMON)


def _is_walk(small: str) -> bool:
    """Whether it is made of at most two pieces that repeat or follow a row of keys."""
    pieces, at = 0, 0
    while at < len(small) and pieces < 3:
        at += max(_repeats(small[at:]), *(_follows(small[at:], row) for row in _BOTH_WAYS))
        pieces += 1
    return at >= len(small) and pieces <= 2


def _repeats(text: str) -> int:
    """Return how far the text begins by repeating at most three characters."""
    best = 1
    for size in (1, 2, 3):
        unit, end = text[:size], size
        while text[end : end + size] == unit:
            end += size
        best = max(best, end if end >= 3 * size else 1)
    return best


def _follows(text: str, row: str) -> int:
    """Return how far the text begins by following a row, which goes round."""
    start = row.find(text[0])
    if start < 0:
        return 1
    twice = (row + row)[start : start + len(row)]
    length = 1
    while length < len(text) and length < len(twice) and text[length] == twice[length]:
        length += 1
    return length if length >= 3 else 1


def _is_date(small: str) -> bool:
    """Whether it is a day: 8 digits that hold a year, with or without separators."""
    digits = re.sub(r"[-./ ]", "", small)
    if not re.fullmatch(r"\d{8}", digits, re.ASCII):
        return False
    return any(1900 <= int(year) <= 2100 for year in (digits[:4], digits[4:]))


_BOTH_WAYS = _ROWS + tuple(row[::-1] for row in _ROWS)
