import { QueryClient } from "@tanstack/react-query";
import { afterEach, describe, expect, it, vi } from "vitest";

import { themeChoice } from "../lib/theme";
import { stored } from "../lib/storage";
import { finishLeaving, forgetPerson, leave, may, sessionFrom, type Session } from "./session";
import { hasSession, leaving, onSession } from "./sessionState";
import type { Me } from "./types";

const ME = { scopes: ["orders:read"], features: { timeframes: ["1h"] } } as unknown as Me;
const MEMBER: Session = { kind: "member", me: ME };

describe("who is there", () => {
  it("is not known until the desk has said so", () => {
    expect(sessionFrom(undefined, undefined)).toEqual({ kind: "asking" });
    expect(sessionFrom(false, undefined)).toEqual({ kind: "asking" });
    expect(sessionFrom(true, undefined)).toEqual({ kind: "demo" });
    expect(sessionFrom(false, null)).toEqual({ kind: "stranger" });
    expect(sessionFrom(false, ME)).toEqual(MEMBER);
  });

  it.each([
    [{ kind: "stranger" }, "market:read", true],
    [{ kind: "stranger" }, "orders:read", false],
    [{ kind: "asking" }, "orders:read", false],
    [{ kind: "demo" }, "orders:write", true],
    [{ kind: "demo" }, "account:read", false],
    [{ kind: "demo" }, "admin:read", false],
    [MEMBER, "orders:read", true],
    [MEMBER, "orders:write", false],
  ] as const)("decides what is shown: %o %s", (session, scope, allowed) => {
    expect(may(session, scope)).toBe(allowed);
  });
});

describe("leaving", () => {
  afterEach(() => {
    vi.unstubAllGlobals();
    document.cookie = "desk-csrf=; Max-Age=0; path=/";
    leaving.write(false);
  });

  it("forgets the person and keeps the market and the theme", () => {
    const client = new QueryClient();
    client.setQueryData(["markets"], "public");
    client.setQueryData(["portfolio"], "mine");
    client.setQueryData(["me"], "me");
    themeChoice.write("light");
    const alerts = stored("alerts-of-mine", (raw) => (typeof raw === "string" ? raw : "none"));
    alerts.write("at 2,400");
    sessionStorage.setItem("x", "1");
    forgetPerson(client);
    expect(client.getQueryData(["markets"])).toBe("public");
    expect(client.getQueryData(["portfolio"])).toBeUndefined();
    expect(client.getQueryData(["me"])).toBeNull();
    expect(alerts.read()).toBe("none");
    expect(themeChoice.read()).toBe("light");
    expect(sessionStorage).toHaveLength(0);
  });

  it("counts at once while the desk is silent, and is told to it later", async () => {
    document.cookie = "desk-csrf=t; path=/";
    const events: string[] = [];
    const stop = onSession((event) => events.push(event));
    vi.stubGlobal("fetch", () => Promise.reject(new TypeError("no route")));
    await leave();
    expect(events).toEqual(["ended"]);
    expect(hasSession()).toBe(false);
    expect(leaving.read()).toBe(true);
    const heard: (string | null)[] = [];
    vi.stubGlobal("fetch", (request: Request) => {
      heard.push(request.headers.get("X-CSRF-Token"));
      return Promise.resolve(new Response(null, { status: 204 }));
    });
    await finishLeaving();
    expect(heard).toEqual(["t"]);
    expect(leaving.read()).toBe(false);
    stop();
  });
});
