import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";

import { api, idempotent, unwrap } from "./client";
import { firstPage, given, nextPage, paged } from "./paging";

/** Reads and writes of those who run the desk. Every key begins with "admin". */


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
    initialPageParam: firstPage,
    getNextPageParam: nextPage,
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
    initialPageParam: firstPage,
    getNextPageParam: nextPage,
  });

export const featuresQuery = queryOptions({
  queryKey: ["admin", "features"],
  queryFn: ({ signal }) => unwrap(api.GET("/api/admin/features", { signal })),
});

export const securityEventsQuery = (kind: string) =>
  infiniteQueryOptions({
    queryKey: ["admin", "security-events", kind],
    queryFn: ({ pageParam, signal }) => unwrap(api.GET("/api/admin/security-events", { params: { query: { ...given({ kind }), ...paged(pageParam) } as never }, signal })),
    initialPageParam: firstPage,
    getNextPageParam: nextPage,
    refetchInterval: 15_000,
  });

export function verifyAudit() {
  return unwrap(api.GET("/api/admin/audit/verify"));
}

export interface PersonDecision {
  id: string;
  role?: "user" | "pro" | "premium" | "support" | "admin" | "service";
  status?: "active" | "suspended";
  reason: string;
}

export function changePersonAsAdmin({ id, ...body }: PersonDecision) {
  return unwrap(api.PATCH("/api/admin/people/{person}", { params: { path: { person: id } }, body, headers: idempotent() }));
}

export function signOutPerson({ id, reason }: { id: string; reason: string }) {
  return unwrap(api.POST("/api/admin/people/{person}/sign-out", { params: { path: { person: id } }, body: { reason }, headers: idempotent() }));
}

export function switchFeature({ name, enabled }: { name: string; enabled: boolean }) {
  return unwrap(api.PUT("/api/admin/features/{name}", { params: { path: { name } } as never, body: { enabled }, headers: idempotent() }));
}
