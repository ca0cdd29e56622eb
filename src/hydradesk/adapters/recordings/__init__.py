"""Recorded candle files: replayed as if they were live, and written while they are."""

from hydradesk.adapters.recordings.feed import RecordingsFeed
from hydradesk.adapters.recordings.recorder import Recorder

__all__ = ["Recorder", "RecordingsFeed"]
