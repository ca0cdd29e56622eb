import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";

import { api, done, idempotent, unwrap } from "./client";
import { paged, type LimitsChange } from "./people";
import type { AdminPerson, Incident, Withdrawal } from "./types";

/** Reads and writes of those who run the desk. Every key begins with "admin". */
const first = null as string | null;
const after = (page: { next: string | null }): string | null => page.next;

/** Without what was left empty. */
function given<T extends Record<string, string>>(filter: T): Partial<T> {
  return Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== "")) as Partial<T>;
}

export const overviewQuery = queryOptions({
  queryKey: ["admin", "overview"],
  queryFn: ({ signal }) => unwrap(api.GET("/api/admin/overview", { signal })),
  refetchInterval: 15_000,
});

export interface PeopleFilter {
  query: string;
  role: string;
  status: string;
}

export const peopleQuery = (filter: PeopleFilter) =>
  infiniteQueryOptions({
    queryKey: ["admin", "people", filter],
    queryFn: ({ pageParam, signal }) => unwrap(api.GET("/api/admin/people", { params: { query: { ...given({ ...filter }), ...paged(pageParam) } as never }, signal })),
    initialPageParam: first,
    getNextPageParam: after,
  });

export const kycQueueQuery = (status: string) =>
  queryOptions({
    queryKey: ["admin", "kyc", status],
    queryFn: ({ signal }) => unwrap(api.GET("/api/admin/kyc", { params: { query: { status } as never }, signal })),
    refetchInterval: 30_000,
  });

export const kycCaseQuery = (person: string) =>
  queryOptions({
    queryKey: ["admin", "kyc-case", person],
    queryFn: ({ signal }) => unwrap(api.GET("/api/admin/kyc/{person_id}", { params: { path: { person_id: person } }, signal })),
  });

export const allWithdrawalsQuery = (state: Withdrawal["state"] | "") =>
  infiniteQueryOptions({
    queryKey: ["admin", "withdrawals", state],
    queryFn: ({ pageParam, signal }) => unwrap(api.GET("/api/admin/withdrawals", { params: { query: { ...given({ state }), ...paged(pageParam) } as never }, signal })),
    initialPageParam: first,
    getNextPageParam: after,
    refetchInterval: 15_000,
  });

export interface AuditFilter {
  chain: string;
  actor: string;
  action: string;
  from: string;
  to: string;
}

export const auditQuery = (filter: AuditFilter) =>
  infiniteQueryOptions({
    queryKey: ["admin", "audit", filter],
    queryFn: ({ pageParam, signal }) => unwrap(api.GET("/api/admin/audit", { params: { query: { ...given({ ...filter }), ...paged(pageParam) } as never }, signal })),
    initialPageParam: first,
    getNextPageParam: after,
  });

export const adminLimitsQuery = queryOptions({
  queryKey: ["admin", "limits"],
  queryFn: ({ signal }) => unwrap(api.GET("/api/admin/limits", { signal })),
});

export const featuresQuery = queryOptions({
  queryKey: ["admin", "features"],
  queryFn: ({ signal }) => unwrap(api.GET("/api/admin/features", { signal })),
});

export const securityEventsQuery = (kind: string) =>
  infiniteQueryOptions({
    queryKey: ["admin", "security-events", kind],
    queryFn: ({ pageParam, signal }) => unwrap(api.GET("/api/admin/security-events", { params: { query: { ...given({ kind }), ...paged(pageParam) } as never }, signal })),
    initialPageParam: first,
    getNextPageParam: after,
    refetchInterval: 15_000,
  });

export const incidentsQuery = queryOptions({
  queryKey: ["admin", "incidents"],
  queryFn: ({ signal }) => unwrap(api.GET("/api/admin/incidents", { signal })),
  refetchInterval: 15_000,
});

export function verifyAudit() {
  return unwrap(api.GET("/api/admin/audit/verify"));
}

export interface PersonDecision {
  id: string;
  role?: AdminPerson["role"];
  status?: "active" | "suspended";
  reason: string;
}

export function changePersonAsAdmin({ id, ...body }: PersonDecision) {
  return unwrap(api.PATCH("/api/admin/people/{person_id}", { params: { path: { person_id: id } }, body, headers: idempotent() }));
}

export function signOutPerson({ id, reason }: { id: string; reason: string }) {
  return unwrap(api.POST("/api/admin/people/{person_id}/sign-out", { params: { path: { person_id: id } }, body: { reason }, headers: idempotent() }));
}

export interface KycDecision {
  person: string;
  approved: boolean;
  level: number;
  reason: string;
}

export function decideKyc({ person, ...body }: KycDecision) {
  return unwrap(api.POST("/api/admin/kyc/{person_id}/decision", { params: { path: { person_id: person } }, body, headers: idempotent() }));
}

export function decideWithdrawal({ id, approve, reason }: { id: string; approve: boolean; reason: string }) {
  const call = { params: { path: { withdrawal_id: id } }, body: { reason }, headers: idempotent() };
  return approve ? unwrap(api.POST("/api/admin/withdrawals/{withdrawal_id}/approve", call)) : unwrap(api.POST("/api/admin/withdrawals/{withdrawal_id}/reject", call));
}

export function changePlatformLimits(body: LimitsChange) {
  return unwrap(api.PUT("/api/admin/limits", { body, headers: idempotent() }));
}

export function switchFeature({ name, enabled }: { name: string; enabled: boolean }) {
  return unwrap(api.PUT("/api/admin/features/{name}", { params: { path: { name } } as never, body: { enabled }, headers: idempotent() }));
}

export function openIncident(body: { playbook: "credential_stuffing" | "key_leak" | "drift"; subject?: string; reason: string }): Promise<Incident> {
  return unwrap(api.POST("/api/admin/incidents", { body, headers: idempotent() }));
}

export function closeIncident(incident_id: string) {
  return done(api.POST("/api/admin/incidents/{incident_id}/close", { params: { path: { incident_id } }, headers: idempotent() }));
}
