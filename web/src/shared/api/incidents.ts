import { queryOptions } from "@tanstack/react-query";

import { api, done, idempotent, unwrap } from "./client";
import type { Incident } from "./types";

export const incidentsQuery = queryOptions({
  queryKey: ["admin", "incidents"],
  queryFn: ({ signal }) => unwrap(api.GET("/api/admin/incidents", { signal })),
  refetchInterval: 15_000,
});

export function openIncident(body: { playbook: "credential_stuffing" | "key_leak" | "drift"; subject?: string; reason: string }): Promise<Incident> {
  return unwrap(api.POST("/api/admin/incidents", { body, headers: idempotent() }));
}

export function closeIncident(incident: string) {
  return done(api.POST("/api/admin/incidents/{incident}/close", { params: { path: { incident } }, headers: idempotent() }));
}
