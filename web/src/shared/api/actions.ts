import { api, idempotent, unwrap } from "./client";
import type { FeedCommand, Order, OrderRequest, Page, Portfolio, Feed, Limits } from "./types";

/** Every write of the desk. Each carries an Idempotency-Key, so that a repeated click acts once. */
export function controlFeed(body: FeedCommand): Promise<Feed> {
  return unwrap(api.POST("/api/feed", { body, headers: idempotent() }));
}

/** The caller owns the key: a retry after silence must carry the same one. */
export function placeOrder(body: OrderRequest, key: string): Promise<Order> {
  return unwrap(api.POST("/api/orders", { body, headers: idempotent(key) }));
}

export function cancelOrder(order_id: string): Promise<Order> {
  return unwrap(api.DELETE("/api/orders/{order_id}", { params: { path: { order_id } }, headers: idempotent() }));
}

export function cancelAllOrders(): Promise<Page<Order>> {
  return unwrap(api.DELETE("/api/orders", { headers: idempotent() }));
}

export function closePosition(symbol: string): Promise<Order> {
  return unwrap(
    api.POST("/api/positions/{symbol}/close", { params: { path: { symbol } }, headers: idempotent() }),
  );
}

export function setAutoTrade(auto_trade: boolean): Promise<Portfolio> {
  return unwrap(api.PATCH("/api/portfolio", { body: { auto_trade }, headers: idempotent() }));
}

export function resetAccount(): Promise<Portfolio> {
  return unwrap(api.POST("/api/portfolio/reset", { headers: idempotent() }));
}

export function haltTrading(reason: string): Promise<Limits> {
  return unwrap(api.POST("/api/risk/halt", { body: { reason }, headers: idempotent() }));
}

export function resumeTrading(): Promise<Limits> {
  return unwrap(api.POST("/api/risk/resume", { headers: idempotent() }));
}
