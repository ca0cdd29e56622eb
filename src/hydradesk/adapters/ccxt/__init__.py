"""Exchanges through ccxt, which takes seconds to import and is imported only when used."""

from hydradesk.adapters.ccxt.feed import CcxtFeed

__all__ = ["CcxtFeed"]
