import { queryOptions } from "@tanstack/react-query";

import { api, idempotent, unwrap } from "./client";
import type { LimitsChange } from "./riskProfile";

/** What waits for a decision, and what is decided for everybody. */
export const kycQueueQuery = (status: string) =>
  queryOptions({
    queryKey: ["admin", "kyc", status],
    queryFn: ({ signal }) => unwrap(api.GET("/api/admin/kyc", { params: { query: { status } as never }, signal })),
    refetchInterval: 30_000,
  });

export const kycCaseQuery = (person: string) =>
  queryOptions({
    queryKey: ["admin", "kyc-case", person],
    queryFn: ({ signal }) => unwrap(api.GET("/api/admin/kyc/{person}", { params: { path: { person } }, signal })),
  });

export const adminLimitsQuery = queryOptions({
  queryKey: ["admin", "limits"],
  queryFn: ({ signal }) => unwrap(api.GET("/api/admin/limits", { signal })),
});

export interface KycDecision {
  person: string;
  approved: boolean;
  level: number;
  reason: string;
}

export function decideKyc({ person, ...body }: KycDecision) {
  return unwrap(api.POST("/api/admin/kyc/{person}/decision", { params: { path: { person } }, body, headers: idempotent() }));
}

export function changePlatformLimits(body: LimitsChange) {
  return unwrap(api.PUT("/api/admin/limits", { body, headers: idempotent() }));
}
