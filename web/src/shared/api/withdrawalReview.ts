import { infiniteQueryOptions } from "@tanstack/react-query";

import { api, idempotent, unwrap } from "./client";
import { firstPage, given, nextPage, paged } from "./paging";
import type { Withdrawal } from "./types";

export const allWithdrawalsQuery = (state: Withdrawal["state"] | "") =>
  infiniteQueryOptions({
    queryKey: ["admin", "withdrawals", state],
    queryFn: ({ pageParam, signal }) => unwrap(api.GET("/api/admin/withdrawals", { params: { query: { ...given({ state }), ...paged(pageParam) } as never }, signal })),
    initialPageParam: firstPage,
    getNextPageParam: nextPage,
    refetchInterval: 15_000,
  });

export function decideWithdrawal({ id, approve, reason }: { id: string; approve: boolean; reason: string }) {
  const call = { params: { path: { withdrawal_id: id } }, body: { reason }, headers: idempotent() };
  return approve ? unwrap(api.POST("/api/admin/withdrawals/{withdrawal_id}/approve", call)) : unwrap(api.POST("/api/admin/withdrawals/{withdrawal_id}/reject", call));
}
