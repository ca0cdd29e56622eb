import createClient from "openapi-fetch";

import { problemFrom, SilentDesk, type ProblemError } from "./problem";
import type { paths } from "./schema";

// `fetch` is looked up at each call so that a test can put its own in place.
export const api = createClient<paths>({ baseUrl: "/", fetch: (request) => fetch(request) });

interface Reply<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/** Turns openapi-fetch's pair into a value or a thrown error, as react-query expects. */
export async function unwrap<T>(reply: Promise<Reply<T>>): Promise<T> {
  let settled: Reply<T>;
  try {
    settled = await reply;
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === "AbortError") throw cause;
    throw new SilentDesk(cause);
  }
  if (settled.data !== undefined) return settled.data;
  throw problemFrom(settled.error, settled.response) satisfies ProblemError;
}

/** Random id for Idempotency-Key; crypto.randomUUID is missing where the page is not a secure context. */
export function freshKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

export function idempotent(key: string = freshKey()): { "Idempotency-Key": string } {
  return { "Idempotency-Key": key };
}
