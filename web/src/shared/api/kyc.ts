import { queryOptions } from "@tanstack/react-query";

import { api, idempotent, raw, unwrap } from "./client";

export const kycQuery = queryOptions({
  queryKey: ["kyc"],
  queryFn: ({ signal }) => unwrap(api.GET("/api/account/kyc", { signal })),
});

export async function uploadDocument(kind: string, file: File): Promise<void> {
  const query = new URLSearchParams({ kind, name: file.name });
  await raw(`/api/account/kyc/documents?${query.toString()}`, { method: "POST", body: file, headers: { "Content-Type": file.type, ...idempotent() } });
}

export function submitKyc(level: 1 | 2) {
  return unwrap(api.POST("/api/account/kyc", { body: { level }, headers: idempotent() }));
}

