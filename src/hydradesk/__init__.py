"""Hydradesk: one trading desk, from market data to money."""

__version__ = "0.2.0"
