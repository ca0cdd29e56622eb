"""The pairs the desk trades out of the box, with the filters their venue applies."""

from decimal import Decimal

from hydradesk.kernel.errors import Invalid
from hydradesk.kernel.ids import Symbol
from hydradesk.kernel.numbers import Asset
from hydradesk.market.contracts import Instrument, Instruments

USDT = Asset("USDT", 8)
ETH = Asset("ETH", 8)
BTC = Asset("BTC", 8)
ASSETS = (USDT, ETH, BTC)

DEFAULT = Instruments(
    (
        Instrument(
            symbol=Symbol("ETH-USDT"),
            base=ETH,
            quote=USDT,
            tick=Decimal("0.01"),
            lot=Decimal("0.0001"),
            min_notional=Decimal(5),
        ),
        Instrument(
            symbol=Symbol("BTC-USDT"),
            base=BTC,
            quote=USDT,
            tick=Decimal("0.01"),
            lot=Decimal("0.00001"),
            min_notional=Decimal(5),
        ),
    )
)
"""ETH-USDT and BTC-USDT; an exchange's own filters replace these while it is connected."""

_QUOTES = ("USDT", "USDC", "FDUSD", "TUSD", "BUSD", "USD", "EUR", "BTC", "ETH", "BNB")


def symbol_of(text: str) -> Symbol:
    """Spell a pair our way (ETHUSDT, eth/usdt and ETH-USDT are ETH-USDT); Invalid if unclear."""
    name = text.upper().replace("/", "-")
    if "-" in name:
        base, _, quote = name.partition("-")
    else:
        quote = next((one for one in _QUOTES if name.endswith(one)), "")
        base = name[: len(name) - len(quote)]
    if not (base.isalnum() and quote.isalnum()):
        raise Invalid(
            f"cannot tell the pair from {text[:32]!r}", field="symbol", fix="pass e.g. ETH-USDT"
        )
    return Symbol(f"{base}-{quote}")
