import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";

import { api, done, idempotent, unwrap } from "./client";
import { firstPage, given, nextPage, paged } from "./paging";
import type { LimitsChange } from "./riskProfile";
import type { Incident, Withdrawal } from "./types";

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

export const allWithdrawalsQuery = (state: Withdrawal["state"] | "") =>
  infiniteQueryOptions({
    queryKey: ["admin", "withdrawals", state],
    queryFn: ({ pageParam, signal }) => unwrap(api.GET("/api/admin/withdrawals", { params: { query: { ...given({ state }), ...paged(pageParam) } as never }, signal })),
    initialPageParam: firstPage,
    getNextPageParam: nextPage,
    refetchInterval: 15_000,
  });

export const adminLimitsQuery = queryOptions({
  queryKey: ["admin", "limits"],
  queryFn: ({ signal }) => unwrap(api.GET("/api/admin/limits", { signal })),
});

export const incidentsQuery = queryOptions({
  queryKey: ["admin", "incidents"],
  queryFn: ({ signal }) => unwrap(api.GET("/api/admin/incidents", { signal })),
  refetchInterval: 15_000,
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

export function decideWithdrawal({ id, approve, reason }: { id: string; approve: boolean; reason: string }) {
  const call = { params: { path: { withdrawal_id: id } }, body: { reason }, headers: idempotent() };
  return approve ? unwrap(api.POST("/api/admin/withdrawals/{withdrawal_id}/approve", call)) : unwrap(api.POST("/api/admin/withdrawals/{withdrawal_id}/reject", call));
}

export function changePlatformLimits(body: LimitsChange) {
  return unwrap(api.PUT("/api/admin/limits", { body, headers: idempotent() }));
}

export function openIncident(body: { playbook: "credential_stuffing" | "key_leak" | "drift"; subject?: string; reason: string }): Promise<Incident> {
  return unwrap(api.POST("/api/admin/incidents", { body, headers: idempotent() }));
}

export function closeIncident(incident_id: string) {
  return done(api.POST("/api/admin/incidents/{incident_id}/close", { params: { path: { incident_id } }, headers: idempotent() }));
}

