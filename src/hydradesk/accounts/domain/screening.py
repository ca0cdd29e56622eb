"""How names and addresses are compared with a sanctions list. Pure."""

import csv
import io
import re
import unicodedata
from collections.abc import Iterator, Sequence

import msgspec
from msgspec import Struct

from hydradesk.kernel.errors import Invalid

_LETTERS = str.maketrans(
    {
        "ø": "o",
        "ł": "l",
        "đ": "d",
        "ð": "d",
        "þ": "th",
        "æ": "ae",
        "œ": "oe",
        "\u0131": "i",
        "ħ": "h",
    }
)
"""What Unicode does not take apart into a letter and an accent."""
_WORDS = re.compile(r"[^\W_]+")
_HEX = re.compile(r"0[xX][0-9a-fA-F]{40}")


class Entry(Struct, frozen=True, kw_only=True):
    """One entry of the list."""

    name: str
    aliases: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()


def words(name: str) -> tuple[str, ...]:
    """Return a name's words in one order, without accents, case and punctuation."""
    flat = unicodedata.normalize("NFKD", name.replace("'", "").replace("\u2019", ""))
    bare = "".join(one for one in flat if not unicodedata.combining(one))
    return tuple(sorted(_WORDS.findall(bare.casefold().translate(_LETTERS))))


def address_key(address: str) -> str:
    """Return what two spellings of one address share: Ethereum's case is a checksum only."""
    trimmed = address.strip()
    return trimmed.lower() if _HEX.fullmatch(trimmed) else trimmed


def holds(name: Sequence[str], entry: Sequence[str]) -> bool:
    """Whether a name is an entry's, or contains all of its words when there are two or more."""
    if tuple(name) == tuple(entry):
        return bool(entry)
    return len(entry) >= 2 and all(name.count(one) >= entry.count(one) for one in entry)


def entries(text: str, *, as_csv: bool) -> list[Entry]:
    """Read a list; Invalid names the line that is not an entry."""
    return list(_csv(text) if as_csv else _json(text))


def _csv(text: str) -> Iterator[Entry]:
    rows = csv.DictReader(io.StringIO(text), strict=True)
    try:
        if "name" not in (rows.fieldnames or ()):
            raise Invalid("a sanctions list begins with the columns name, aliases, addresses")
        for row in rows:
            if None in row or not (row["name"] or "").strip():
                raise Invalid(f"line {rows.line_num} of the sanctions list is not an entry")
            more = [_several(row.get(one)) for one in ("aliases", "addresses")]
            yield Entry(name=row["name"].strip(), aliases=more[0], addresses=more[1])
    except csv.Error as error:
        raise Invalid(f"line {rows.line_num} of the sanctions list: {error}") from error


def _several(text: str | None) -> tuple[str, ...]:
    return tuple(one.strip() for one in (text or "").split(";") if one.strip())


def _json(text: str) -> Iterator[Entry]:
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            entry = msgspec.json.decode(line, type=Entry)
        except msgspec.MsgspecError as error:
            raise Invalid(f"line {number} of the sanctions list is not an entry") from error
        if not entry.name.strip():
            raise Invalid(f"line {number} of the sanctions list has no name")
        yield entry
