import createClient from "openapi-fetch";

import { problemFrom, SilentDesk, type ProblemError } from "./problem";
import type { paths } from "./schema";
import { deliver, freshKey } from "./transport";

export { freshKey } from "./transport";

export const api = createClient<paths>({ baseUrl: window.location.origin, fetch: deliver });

interface Reply<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

async function settle<T>(reply: Promise<Reply<T>>): Promise<Reply<T>> {
  try {
    return await reply;
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === "AbortError") throw cause;
    throw new SilentDesk(cause);
  }
}

/** Turns openapi-fetch's pair into a value or a thrown error, as react-query expects. */
export async function unwrap<T>(reply: Promise<Reply<T>>): Promise<T> {
  const settled = await settle(reply);
  if (settled.data !== undefined) return settled.data;
  throw problemFrom(settled.error, settled.response) satisfies ProblemError;
}

/** The same for answers without a body. */
export async function done(reply: Promise<Reply<unknown>>): Promise<void> {
  const settled = await settle(reply);
  if (!settled.response.ok) throw problemFrom(settled.error, settled.response);
}

export function idempotent(key: string = freshKey()): { "Idempotency-Key": string } {
  return { "Idempotency-Key": key };
}

/** A call outside the schema's JSON: files that go up or come down as they are. */
export async function raw(path: string, init: RequestInit = {}): Promise<Response> {
  let response: Response;
  try {
    response = await deliver(new Request(new URL(path, window.location.href), init));
  } catch (cause) {
    throw new SilentDesk(cause);
  }
  if (response.ok) return response;
  const text = await response.text();
  let body: unknown = text;
  try {
    body = JSON.parse(text) as unknown;
  } catch {
    // Not a problem document: its text must do.
  }
  throw problemFrom(body, response);
}

/** Saves an answer as a file; the session is renewed on the way where a plain link would fail. */
export async function saveFile(path: string, name: string): Promise<void> {
  const response = await raw(path);
  const url = URL.createObjectURL(await response.blob());
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  // The browser has begun to read it by then.
  setTimeout(() => { URL.revokeObjectURL(url); }, 60_000);
}
