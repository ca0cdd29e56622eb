"""Addresses of each network: published examples pass, and nothing near them."""

import pytest

from hydradesk.accounts.domain.addresses import checked
from hydradesk.kernel.errors import Invalid

# EIP-55's, BIP-173's and BIP-350's own examples; the genesis block's; Solana's token program.
GOOD = [
    ("ETH", "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"),
    ("ETH", "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359"),
    ("USDT", "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB"),
    ("ETH", "0x52908400098527886E0F7030069857D2E4169EE7"),
    ("SOL", "TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA"),
    ("SOL", "11111111111111111111111111111111"),
    ("BTC", "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa"),
    ("BTC", "3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy"),
    ("BTC", "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"),
    ("BTC", "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0"),
]
WRONG = [
    ("ETH", "0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed"),  # no checksum at all
    ("ETH", "0x5AAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"),
    ("ETH", "5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"),
    ("ETH", "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAe"),
    ("ETH", "0xZZAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"),
    ("ETH", ""),
    ("ETH", "0x"),
    ("SOL", "TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5D"),
    ("SOL", "0okenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA"),
    ("SOL", "1111111111111111111111111111111"),
    ("SOL", "z" * 44),
    ("BTC", "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNb"),
    ("BTC", "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t5"),
    ("BTC", "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7Kv8f3t4"),  # mixed case
    ("BTC", "tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx"),  # the test network's
    ("BTC", "bc1p38j9r5y49hruaue7wxjce0updqjuyyx0kh56v8s25huc6995vvpql3jow4"),
    ("BTC", "bc1zw508d6qejxtdg4y5r3zarvaryvqyzf3du"),  # BIP-350: version 2 with bech32
    ("BTC", "bc1gmk9yu"),  # BIP-173: no data
    ("BTC", "bc1"),
    ("BTC", ""),
    ("DOGE", "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa"),
]


@pytest.mark.parametrize(("asset", "address"), GOOD)
def test_an_address_of_its_network_is_one(asset: str, address: str) -> None:
    assert checked(asset, address) == address


def test_bech32_is_kept_in_small_letters() -> None:
    loud = "BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4"
    assert checked("BTC", loud) == loud.lower()


@pytest.mark.parametrize(("asset", "address"), WRONG)
def test_what_is_none_names_field_and_fix(asset: str, address: str) -> None:
    with pytest.raises(Invalid) as error:
        checked(asset, address)
    assert error.value.field == ("asset" if asset == "DOGE" else "address") and error.value.fix


@pytest.mark.parametrize(("asset", "address"), [GOOD[0], GOOD[4], GOOD[6], GOOD[8], GOOD[9]])
def test_no_single_slip_of_the_hand_passes(asset: str, address: str) -> None:
    if asset == "SOL":
        return  # 32 bytes in base58 carry no checksum: nothing to find a slip by
    passed = 0
    for place in range(2, len(address)):
        for other in "a2Z":
            slip = address[:place] + other + address[place + 1 :]
            if slip == address:
                continue
            try:
                passed += checked(asset, slip).lower() != address.lower()
            except Invalid:
                continue
    assert passed == 0
