"""The operator's list is read strictly, compared generously, and read again when it changes."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hydradesk.accounts.domain.screening import address_key, words
from hydradesk.accounts.service.screening import ListScreening
from hydradesk.kernel.errors import Unavailable

CSV = """name,aliases,addresses
José Ñandú-García,"Pepe García; Joe Garcia",0x52908400098527886E0F7030069857D2E4169EE7
Øystein Łukasz Straße,,
Mononym,,7xKXtg2CW87d97TXJSDpbD5jBkheTqA83TZRuJosgAsU
"""


async def listed(tmp_path: Path, text: str = CSV, name: str = "list.csv") -> ListScreening:
    file = tmp_path / name
    file.write_text(text, encoding="utf-8")
    screening = ListScreening(file)
    await screening.load()
    return screening


@pytest.mark.parametrize(
    ("name", "entry"),
    [
        ("JOSE NANDU GARCIA", "José Ñandú-García"),
        ("garcia, jose nandu", "José Ñandú-García"),
        ("Jose\u0301 N\u0303andu\u0301 Garci\u0301a", "José Ñandú-García"),
        ("Maria Jose Nandu Garcia Lopez", "José Ñandú-García"),
        ("joe  GARCIA", "José Ñandú-García"),
        ("oystein lukasz strasse", "Øystein Łukasz Straße"),
        ("mononym", "Mononym"),
        ("Mononym Smith", None),
        ("Jose Garcia", None),
        ("Garcia", None),
        ("", None),
        ("!!!", None),
    ],
)
async def test_names(tmp_path: Path, name: str, entry: str | None) -> None:
    hit = (await listed(tmp_path)).check(name=name)
    assert (hit.entry if hit else None) == entry
    if hit is not None:
        assert hit.list.startswith("list.csv ")


async def test_addresses_match_exactly(tmp_path: Path) -> None:
    screening = await listed(tmp_path)
    ether = "0x52908400098527886E0F7030069857D2E4169EE7"
    for one in (ether, ether.lower(), f" {ether} "):
        hit = screening.check(address=one)
        assert hit is not None and hit.matched == "address" and hit.entry.startswith("José")
    solana = "7xKXtg2CW87d97TXJSDpbD5jBkheTqA83TZRuJosgAsU"
    assert screening.check(address=solana) is not None
    for other in (solana.lower(), solana[:-1], ether[:-1], ""):
        assert screening.check(address=other) is None


async def test_without_a_list_nobody_is_found(tmp_path: Path) -> None:
    screening = ListScreening(None)
    await screening.load()
    assert screening.check(name="Mononym", address="x") is None


async def test_json_lines(tmp_path: Path) -> None:
    text = '{"name":"A B","aliases":["C D"],"addresses":["zz"]}\n\n{"name":"E F","id":7}\n'
    screening = await listed(tmp_path, text, "list.jsonl")
    hit = screening.check(name="d c")
    assert hit is not None and (hit.entry, hit.matched) == ("A B", "alias")
    assert screening.check(name="f e") and screening.check(address="zz")


@pytest.mark.parametrize(
    ("text", "name", "word"),
    [
        ("names\nx\n", "list.csv", "columns"),
        ("name,aliases\n,x\n", "list.csv", "line 2"),
        ("name\na,b\n", "list.csv", "line 2"),
        ('name\n"a\n', "list.csv", "line"),
        ('{"name":1}\n', "list.jsonl", "line 1"),
        ('{"name":"a"}\n{"name":" "}\n', "list.json", "line 2"),
        ("not json", "list.json", "line 1"),
    ],
)
async def test_a_bad_list_is_refused_with_its_line(
    tmp_path: Path, text: str, name: str, word: str
) -> None:
    with pytest.raises(Unavailable, match=word):
        await listed(tmp_path, text, name)


async def test_a_list_that_is_not_there_or_no_text(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match=r"none.csv"):
        await ListScreening(tmp_path / "none.csv").load()
    (tmp_path / "bytes.csv").write_bytes(b"name\n\xff\xfe\n")
    with pytest.raises(Unavailable, match=r"bytes.csv"):
        await ListScreening(tmp_path / "bytes.csv").load()


async def test_a_changed_list_is_read_again_and_a_broken_one_leaves_the_one_before(
    tmp_path: Path,
) -> None:
    screening = await listed(tmp_path)
    file = tmp_path / "list.csv"
    file.write_text("name\nSomebody Else\n")
    os.utime(file, ns=(1, 1))
    await screening.load()
    assert screening.check(name="Mononym") is None and screening.check(name="else somebody")
    file.write_text("nonsense\n")
    with pytest.raises(Unavailable):
        await screening.load()
    assert screening.check(name="else somebody") is not None


@given(st.text(max_size=40))
def test_words_are_the_same_however_often_they_are_taken(name: str) -> None:
    once = words(name)
    assert words(" ".join(reversed(once))) == once
    assert address_key(address_key(name)) == address_key(name)
