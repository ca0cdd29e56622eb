"""An invented market, for when there is neither exchange nor recording."""

from hydradesk.adapters.simulated.feed import SimulatedFeed

__all__ = ["SimulatedFeed"]
