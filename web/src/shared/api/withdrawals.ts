import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";

import { api, done, idempotent, unwrap } from "./client";
import { firstPage, nextPage, paged } from "./paging";

export const addressesQuery = queryOptions({
  queryKey: ["addresses"],
  queryFn: ({ signal }) => unwrap(api.GET("/api/account/addresses", { signal })),
});

export const withdrawalsQuery = infiniteQueryOptions({
  queryKey: ["withdrawals"],
  queryFn: ({ pageParam, signal }) => unwrap(api.GET("/api/portfolio/withdrawals", { params: { query: paged(pageParam) }, signal })),
  initialPageParam: firstPage,
  getNextPageParam: nextPage,
  // Its delay runs on the server's clock; nobody tells the page when it is over.
  refetchInterval: 15_000,
});

export function addAddress(body: { asset: string; address: string; label: string }) {
  return unwrap(api.POST("/api/account/addresses", { body, headers: idempotent() }));
}

export function removeAddress(address_id: string) {
  return done(api.DELETE("/api/account/addresses/{address_id}", { params: { path: { address_id } } }));
}

export function requestWithdrawal(body: { asset: string; qty: string; address_id: string }, key: string) {
  return unwrap(api.POST("/api/portfolio/withdrawals", { body, headers: idempotent(key) }));
}

export function cancelWithdrawal(withdrawal_id: string) {
  return done(api.DELETE("/api/portfolio/withdrawals/{withdrawal_id}", { params: { path: { withdrawal_id } }, headers: idempotent() }));
}


