import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";

import { api, done, unwrap } from "./client";
import { firstPage, nextPage, paged } from "./paging";

export const subscriptionsQuery = queryOptions({
  queryKey: ["subscriptions"],
  queryFn: ({ signal }) => unwrap(api.GET("/api/webhooks/subscriptions", { signal })),
});

export const deliveriesQuery = infiniteQueryOptions({
  queryKey: ["deliveries"],
  queryFn: ({ pageParam, signal }) => unwrap(api.GET("/api/webhooks/deliveries", { params: { query: paged(pageParam) }, signal })),
  initialPageParam: firstPage,
  getNextPageParam: nextPage,
  refetchInterval: 10_000,
});

export function changeSubscription(subscription_id: string, enabled: boolean) {
  return unwrap(api.PATCH("/api/webhooks/subscriptions/{subscription_id}", { params: { path: { subscription_id } }, body: { enabled } }));
}

export function removeSubscription(subscription_id: string) {
  return done(api.DELETE("/api/webhooks/subscriptions/{subscription_id}", { params: { path: { subscription_id } } }));
}

export function rotateSubscription(subscription_id: string) {
  return unwrap(api.POST("/api/webhooks/subscriptions/{subscription_id}/rotate", { params: { path: { subscription_id } } }));
}

export function testSubscription(subscription_id: string) {
  return unwrap(api.POST("/api/webhooks/subscriptions/{subscription_id}/test", { params: { path: { subscription_id } } }));
}

export function replayDelivery(delivery_id: string) {
  return unwrap(api.POST("/api/webhooks/deliveries/{delivery_id}/replay", { params: { path: { delivery_id } } }));
}

export function addSubscription(body: { url: string; events: ("orders" | "fills" | "signals" | "positions" | "withdrawals" | "security")[]; description?: string }) {
  return unwrap(api.POST("/api/webhooks/subscriptions", { body }));
}
