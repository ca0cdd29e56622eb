/**
 * What the page knows of its session without asking: the readable CSRF cookie stands beside the two
 * that no script can read, so where it is, there is (or lately was) somebody signed in.
 */
const CSRF = /(?:^|;\s*)((?:__Host-)?desk-csrf)=([^;]*)/;
const LEAVING = "hydradesk.leaving";
const REFRESHED = "hydradesk.refreshed";

function remembered(name: string): string | null {
  try {
    return localStorage.getItem(name);
  } catch {
    return null;
  }
}

function remember(name: string, value: string | null): void {
  try {
    if (value === null) localStorage.removeItem(name);
    else localStorage.setItem(name, value);
  } catch {
    // Without storage each window stands for itself.
  }
}

export function csrfToken(): string | null {
  const value = CSRF.exec(document.cookie)?.[2];
  return value === undefined || value === "" ? null : decodeURIComponent(value);
}

/** Takes away the sign that somebody is signed in; the other cookies only the server can take. */
export function dropCsrf(): void {
  const name = CSRF.exec(document.cookie)?.[1];
  if (name !== undefined) document.cookie = `${name}=; Max-Age=0; Path=/; Secure; SameSite=Strict`;
}

/** Signed out here while the desk did not answer: it is told as soon as it does. */
export const leaving = {
  read: (): boolean => remembered(LEAVING) !== null,
  write: (on: boolean): void => {
    remember(LEAVING, on ? "1" : null);
  },
};

export function hasSession(): boolean {
  return csrfToken() !== null && !leaving.read();
}

/** When any window of this browser last renewed the session, in milliseconds. */
export const renewedAt = {
  read: (): number => Number(remembered(REFRESHED) ?? "0"),
  write: (at: number): void => {
    remember(REFRESHED, String(at));
  },
};

export type SessionEvent = "began" | "renewed" | "ended";
type Listener = (event: SessionEvent, elsewhere: boolean) => void;

const listeners = new Set<Listener>();
const windows = typeof BroadcastChannel === "undefined" ? null : new BroadcastChannel("hydradesk.session");

function tell(event: SessionEvent, elsewhere: boolean): void {
  listeners.forEach((listener) => {
    listener(event, elsewhere);
  });
}

if (windows !== null) {
  windows.onmessage = (message: MessageEvent<unknown>) => {
    const { data } = message;
    if (data === "began" || data === "renewed" || data === "ended") tell(data, true);
  };
}

/** Says in every window of this browser what became of the session. */
export function announceSession(event: SessionEvent): void {
  tell(event, false);
  windows?.postMessage(event);
}

export function onSession(listener: Listener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
