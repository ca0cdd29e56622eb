"""Fills become positions, positions become worth; withdrawals move step by step. Pure."""

from hydradesk.portfolio.domain.positions import (
    Worth,
    applied,
    given_back,
    opened,
    taken,
    worth,
)

__all__ = ["Worth", "applied", "given_back", "opened", "taken", "worth"]
