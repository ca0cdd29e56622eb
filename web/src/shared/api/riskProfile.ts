import { queryOptions } from "@tanstack/react-query";

import { api, idempotent, unwrap } from "./client";

export const riskProfileQuery = queryOptions({
  queryKey: ["risk-profile"],
  queryFn: ({ signal }) => unwrap(api.GET("/api/risk/profile", { signal })),
});

export interface LimitsChange {
  order_max?: string;
  gross_max?: string;
  daily_loss_max?: string;
  risk_per_trade?: string;
}

export function changeRiskProfile(body: LimitsChange) {
  return unwrap(api.PUT("/api/risk/profile", { body, headers: idempotent() }));
}

