import { queryOptions, useQuery, type QueryClient } from "@tanstack/react-query";

import { forgetStored } from "../lib/storage";
import { api, done, unwrap } from "./client";
import { ProblemError } from "./problem";
import { announceSession, dropCsrf, hasSession, leaving } from "./sessionState";
import type { Me } from "./types";

export const methodsQuery = queryOptions({
  queryKey: ["methods"],
  queryFn: ({ signal }) => unwrap(api.GET("/api/auth/methods", { signal })),
  staleTime: Infinity,
});

/** Who is signed in; null for a stranger, who is not even asked about. */
export const meQuery = queryOptions({
  queryKey: ["me"],
  queryFn: async ({ signal }): Promise<Me | null> => {
    if (!hasSession()) return null;
    try {
      return await unwrap(api.GET("/api/auth/me", { signal }));
    } catch (error) {
      if (error instanceof ProblemError && error.problem.status === 401) return null;
      throw error;
    }
  },
  staleTime: 5 * 60_000,
});

export type Session =
  | { kind: "asking" }
  /** The desk runs for one local person and asks nobody who they are. */
  | { kind: "demo" }
  | { kind: "stranger" }
  | { kind: "member"; me: Me };

export function sessionFrom(demo: boolean | undefined, me: Me | null | undefined): Session {
  if (demo === true) return { kind: "demo" };
  if (demo === undefined || me === undefined) return { kind: "asking" };
  return me === null ? { kind: "stranger" } : { kind: "member", me };
}

export function useSession(): Session {
  const demo = useQuery(methodsQuery).data?.demo;
  const me = useQuery({ ...meQuery, enabled: demo === false }).data;
  return sessionFrom(demo, me);
}

const OPEN_TO_ALL = new Set(["market:read", "auth:public"]);
/** Whole families that a desk without sign-in does not have. */
const NOT_IN_DEMO = new Set(["account", "withdrawals", "webhooks", "support", "kyc", "admin"]);

export function may(session: Session, scope: string): boolean {
  if (OPEN_TO_ALL.has(scope)) return true;
  if (session.kind === "demo") return !NOT_IN_DEMO.has(scope.split(":", 1)[0] ?? scope);
  return session.kind === "member" && session.me.scopes.includes(scope);
}

/** Whether the caller may do what this scope names; false while it is not known yet. */
export function useMay(scope: string): boolean {
  return may(useSession(), scope);
}

/** Whether signals of a timeframe come with the caller's membership. */
export function useMaySignals(timeframe: string): boolean {
  const session = useSession();
  if (!may(session, "signals:read")) return false;
  return session.kind !== "member" || session.me.features.timeframes.includes(timeframe);
}

/** What is nobody's in particular: it outlives whoever was signed in. */
const PUBLIC = new Set<unknown>(["feed", "markets", "price", "bar", "candles", "indicators", "patterns", "methods", "system"]);

/** Nothing of the person who leaves may be seen by the next: not in memory, not in storage. */
export function forgetPerson(client: QueryClient): void {
  const personal = { predicate: (query: { queryKey: readonly unknown[] }) => !PUBLIC.has(query.queryKey[0]) };
  void client.cancelQueries(personal);
  client.setQueryData(meQuery.queryKey, null);
  client.removeQueries({ predicate: (query) => personal.predicate(query) && query.queryKey[0] !== "me" });
  client.getMutationCache().clear();
  // The theme is this device's, "leaving" is for the server, "refreshed" a time.
  forgetStored(["theme", "leaving", "refreshed"]);
}

/** Signs out here and now; a desk that does not answer is told later. */
export async function leave(everywhere = false): Promise<void> {
  const path = everywhere ? "/api/auth/logout-all" : "/api/auth/logout";
  try {
    await done(api.POST(path));
    dropCsrf();
  } catch (error) {
    // 401: the session was over already. Silence: the cookies stay, but no call counts on them.
    if (error instanceof ProblemError && error.problem.status === 401) dropCsrf();
    else leaving.write(true);
  }
  announceSession("ended");
}

/** Tells the desk of a sign-out that it could not hear. */
export async function finishLeaving(): Promise<void> {
  if (!leaving.read()) return;
  try {
    await done(api.POST("/api/auth/logout"));
  } catch (error) {
    if (!(error instanceof ProblemError)) return;
  }
  dropCsrf();
  leaving.write(false);
}
