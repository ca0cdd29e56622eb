import { announceSession, csrfToken, dropCsrf, hasSession, renewedAt } from "./sessionState";
import { askStepUp } from "./stepUp";

/** Ways in: what they refuse is an answer to who asked, not the end of a session. */
const WAYS_IN = /^\/api\/auth\/(?!me$|logout|step-up)/;
const READS = new Set(["GET", "HEAD", "OPTIONS"]);
const LOCK = "hydradesk.refresh";

/** Random id for Idempotency-Key; crypto.randomUUID is missing where the page is not a secure context. */
export function freshKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** `fetch` is looked up at each call so that a test can put its own in place. */
function send(request: Request): Promise<Response> {
  const token = csrfToken();
  if (token !== null && !READS.has(request.method)) request.headers.set("X-CSRF-Token", token);
  return fetch(request);
}

let running: Promise<boolean> | null = null;

/**
 * Renews the session once, however many calls found it expired, in however many windows: a refresh
 * token counts once, and using it twice would close the session. True when it is renewed.
 *
 * `since`: when the call was made that was refused; a renewal after that is good enough.
 */
export function refreshSession(since: number): Promise<boolean> {
  running ??= alone(() => refresh(since)).finally(() => {
    running = null;
  });
  return running;
}

async function alone(job: () => Promise<boolean>): Promise<boolean> {
  // Browsers offer locks only in a secure context; there are then no Secure cookies to race for either.
  const locks = (navigator as { locks?: LockManager }).locks;
  return locks === undefined ? job() : await locks.request(LOCK, job);
}

async function refresh(since: number): Promise<boolean> {
  if (renewedAt.read() > since) return true;
  const began = Date.now();
  const body = JSON.stringify({ session: "cookie" });
  const headers = { "Content-Type": "application/json" };
  let answer: Response;
  try {
    answer = await send(new Request(new URL("/api/auth/refresh", window.location.href), { method: "POST", body, headers }));
  } catch {
    return false; // The desk is silent: that ends no session.
  }
  if (answer.ok) {
    renewedAt.write(began);
    announceSession("renewed");
    return true;
  }
  if (answer.status < 500 && answer.status !== 429) {
    dropCsrf();
    announceSession("ended");
  }
  return false;
}

async function codeOf(response: Response): Promise<string> {
  try {
    const body = (await response.clone().json()) as { code?: unknown };
    return typeof body.code === "string" ? body.code : "";
  } catch {
    return "";
  }
}

/** A refused write did not happen; it is repeated as a new one, not as an echo of the refusal. */
function repeated(request: Request): Request {
  const again = request.clone();
  if (again.headers.has("Idempotency-Key")) again.headers.set("Idempotency-Key", freshKey());
  return again;
}

/** Whether a refusal says that the session is over, and not that a proof just given is wrong. */
async function isExpired(path: string, response: Response): Promise<boolean> {
  if (response.status !== 401 || WAYS_IN.test(path) || !hasSession()) return false;
  return !path.startsWith("/api/auth/step-up") || !PROOF_CODES.test(await codeOf(response));
}

const PROOF_CODES = /^(credentials|code|signature|nonce|factor|recovery|passkey|message|domain)_/;

/** Every call of the page: with its session, renewed where it expired, proved again where asked. */
export async function deliver(request: Request): Promise<Response> {
  const path = new URL(request.url).pathname;
  const spare = request.clone();
  const began = Date.now();
  let response = await send(request);
  if ((await isExpired(path, response)) && (await refreshSession(began))) {
    response = await send(repeated(spare));
  }
  if (response.status === 403 && (await codeOf(response)) === "step_up_required" && (await askStepUp())) {
    response = await send(repeated(spare));
  }
  return response;
}
