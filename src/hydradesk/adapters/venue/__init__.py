"""A paper venue in another process, spoken to over HTTP."""

from hydradesk.adapters.venue.client import RemoteVenue

__all__ = ["RemoteVenue"]
