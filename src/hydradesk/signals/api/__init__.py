"""HTTP views of indicators, patterns and signals."""

from hydradesk.signals.api.routes import routes
from hydradesk.signals.api.views import (
    entitled_view,
    indicator_view,
    pattern_view,
    signal_view,
)

__all__ = ["entitled_view", "indicator_view", "pattern_view", "routes", "signal_view"]
