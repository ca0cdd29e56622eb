"""HTTP views of risk."""

from hydradesk.risk.api.limits import judgement_view, limits_view, routes
from hydradesk.risk.api.profile import admin_routes, profile_routes

__all__ = ["admin_routes", "judgement_view", "limits_view", "profile_routes", "routes"]
