"""HTTP views of execution: orders and trades for people, and a venue for a desk far away."""

from hydradesk.execution.api.orders import (
    OrderReader,
    order_routes,
    order_view,
    position_routes,
    trade_routes,
    trade_view,
)

__all__ = [
    "OrderReader",
    "order_routes",
    "order_view",
    "position_routes",
    "trade_routes",
    "trade_view",
]
