"""Which passwords are refused: the short, the endless, and those everybody tries first.

After NIST SP 800-63B and ASVS 5.0 §6.2: no rules about kinds of characters, every character
counts and is compared as it was sent. There is no list of leaked passwords here: the commonest
ones are rebuilt from the words and habits they are made of (docs/sign-in.md).
"""

import re

from hydradesk.kernel.errors import Invalid

SHORTEST, LONGEST = 8, 128
RECOMMENDED = 15
_FIX = f"use {RECOMMENDED} characters or more: several words, or what a password manager makes"

_WORDS = frozenset(
    re.findall(
        r"\w+",
        """
    password passwort passwd pass motdepasse contrasena parola senha wachtwoord haslo lozinka
    admin administrator root user guest login welcome letmein changeme default secret master
    access system server service support manager test tester testing demo temp temporary public
    private internet computer network windows microsoft google apple facebook twitter instagram
    youtube linkedin amazon netflix samsung android iphone nokia toyota honda ferrari porsche
    mercedes corvette mustang harley yamaha kawasaki suzuki bitcoin ethereum solana crypto trading
    trader trade hydradesk hydra binance coinbase metamask phantom wallet market money dollar
    million billion lambo moon hodl satoshi nakamoto dogecoin
    love iloveyou loveyou lovely lover loveme baby babygirl princess angel sweetheart sweety honey
    sunshine sunflower butterfly flower rainbow chocolate cookie cheese banana orange strawberry
    cherry pepper ginger coffee summer winter spring autumn monday tuesday wednesday thursday
    friday saturday sunday january february march april june july august september october
    november december dragon monkey tigger tiger lion eagle falcon phoenix wolf panther jaguar
    shadow hunter killer ninja samurai warrior soldier ranger sniper trooper assassin pirate
    wizard merlin gandalf knight legend hero batman superman spiderman ironman starwars startrek
    matrix pokemon pikachu naruto minecraft fortnite roblox zelda mario football baseball
    basketball soccer hockey tennis golf cricket rugby boxing skater surfer cowboy steelers
    yankees lakers liverpool chelsea arsenal barcelona realmadrid juventus manchester
    michael jennifer jessica ashley amanda nicole michelle charlie robert thomas daniel andrew
    anthony joshua matthew jordan hunter george william richard martin patrick alexander jonathan
    christopher benjamin samantha elizabeth victoria stephanie melissa danielle natasha maria
    family friend friends forever freedom heaven jesus christ blessed blessing believe faith
    church grace america england london paris berlin madrid moscow russia germany france india
    china japan mexico brazil canada australia texas newyork california
    trustno qwerty qwertz azerty asdfgh zxcvbn qazwsx abcdef abcdefg abcdefgh abcd abc aaa
    whatever nothing something anything unknown hello hallo bonjour hola privet secure security
    superstar rockstar metallica nirvana eminem slipknot beatles music guitar piano player gamer
    peanut snoopy mickey disney donald goofy maggie buddy lucky happy smile sexy hottie pussy
    fuckyou fuckoff fuck asshole bitch bullshit biteme dickhead penis
    """,
    )
)
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
    """Whether it is a common word, or two, with the usual ornaments, or a walk over the keys."""
    small = password.casefold()
    return _is_walk(small) or _is_date(small) or any(_is_words(one) for one in _plain(small))


def _plain(small: str) -> set[str]:
    """Return what is left without digits and signs at the ends, as written and as meant."""
    meant = small.translate(_LEET)
    trimmed = _EDGES.sub("", small)
    return {small, meant, trimmed, trimmed.translate(_LEET), _EDGES.sub("", meant)} - {""}


def _is_words(text: str) -> bool:
    """Whether it is one common word, one repeated, or two in a row."""
    if text in _WORDS:
        return True
    return any(text[:cut] in _WORDS and text[cut:] in _WORDS for cut in range(3, len(text) - 2))


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
