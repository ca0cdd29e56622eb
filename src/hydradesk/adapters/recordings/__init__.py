"""Recorded candle files: replayed as if they were live, and written while they are."""

from hydradesk.adapters.recordings.feed import RecordingsFeed

__all__ = ["RecordingsFeed"]
