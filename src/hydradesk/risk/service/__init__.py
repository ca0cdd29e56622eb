"""Judges intents, and keeps what they are judged by."""

from hydradesk.risk.service.guardian import Outside, RiskService, Standing
from hydradesk.risk.service.profiles import Archive, Known, Profiles

__all__ = ["Archive", "Known", "Outside", "Profiles", "RiskService", "Standing"]
