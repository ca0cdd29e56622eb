import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { api, raw, unwrap } from "./client";
import { hasSession, leaving, onSession, renewedAt, type SessionEvent } from "./sessionState";
import { answerStepUp, useStepUpAsked } from "./stepUp";
import { renderHook, waitFor } from "@testing-library/react";

interface Call {
  path: string;
  method: string;
  csrf: string | null;
  key: string | null;
  body: string;
}

let calls: Call[];
let events: SessionEvent[];
let stop: () => void;
let answer: (call: Call, nth: number) => Response | Promise<Response>;

function problem(status: number, code: string): Response {
  return Response.json({ type: "about:blank", title: code, status, code, detail: code, errors: [], request_id: "r" }, { status });
}

const CSRF = "desk-csrf";

beforeEach(() => {
  calls = [];
  events = [];
  stop = onSession((event) => events.push(event));
  document.cookie = `${CSRF}=token-1; path=/`;
  vi.stubGlobal("fetch", async (request: Request) => {
    const call = {
      path: new URL(request.url).pathname,
      method: request.method,
      csrf: request.headers.get("X-CSRF-Token"),
      key: request.headers.get("Idempotency-Key"),
      body: await request.text(),
    };
    calls.push(call);
    return answer(call, calls.filter((other) => other.path === call.path).length);
  });
});

afterEach(() => {
  stop();
  document.cookie = `${CSRF}=; Max-Age=0; path=/`;
  vi.unstubAllGlobals();
});

function paths(): string[] {
  return calls.map((call) => call.path);
}

describe("the session of every call", () => {
  it("gives writes the token of the cookie, and reads none", async () => {
    answer = () => Response.json({ closed: 1 });
    await unwrap(api.POST("/api/auth/logout-all"));
    await unwrap(api.GET("/api/auth/methods"));
    expect(calls.map((call) => call.csrf)).toEqual(["token-1", null]);
  });

  it("is renewed once for many calls that found it expired", async () => {
    answer = (call, nth) => {
      if (call.path === "/api/auth/refresh") return Response.json({});
      return nth <= 3 ? problem(401, "unauthenticated") : Response.json({ ok: true });
    };
    const asked = Array.from({ length: 3 }, () => raw("/api/account"));
    const replies = await Promise.all(asked);
    expect(replies.map((reply) => reply.status)).toEqual([200, 200, 200]);
    expect(paths().filter((path) => path === "/api/auth/refresh")).toHaveLength(1);
    expect(events).toEqual(["renewed"]);
  });

  it("is not renewed again when another window just did", async () => {
    answer = (call, nth) => (call.path === "/api/account" && nth === 1 ? problem(401, "unauthenticated") : Response.json({}));
    renewedAt.write(Date.now() + 1000);
    await raw("/api/account");
    expect(paths()).toEqual(["/api/account", "/api/account"]);
  });

  it("ends when it cannot be renewed, and nothing goes on asking", async () => {
    answer = () => problem(401, "unauthenticated");
    await expect(raw("/api/account")).rejects.toMatchObject({ problem: { status: 401 } });
    await expect(raw("/api/account")).rejects.toMatchObject({ problem: { status: 401 } });
    expect(paths()).toEqual(["/api/account", "/api/auth/refresh", "/api/account"]);
    expect(events).toEqual(["ended"]);
    expect(hasSession()).toBe(false);
  });

  it("outlives a desk that is silent or breaks", async () => {
    answer = (call) => (call.path === "/api/auth/refresh" ? problem(503, "unavailable") : problem(401, "unauthenticated"));
    await expect(raw("/api/account")).rejects.toThrow();
    expect(events).toEqual([]);
    expect(hasSession()).toBe(true);
  });

  it("is not renewed because a password was wrong, nor for a stranger", async () => {
    answer = () => problem(401, "credentials_invalid");
    const body = { email: "a@example.org", password: "wrong horse" };
    await expect(unwrap(api.POST("/api/auth/login", { body }))).rejects.toMatchObject({ problem: { code: "credentials_invalid" } });
    leaving.write(true);
    await expect(raw("/api/account")).rejects.toThrow();
    expect(paths()).toEqual(["/api/auth/login", "/api/account"]);
  });
});

describe("a call that needs a fresh proof", () => {
  it("waits for it and is repeated as a new write", async () => {
    answer = (_call, nth) => (nth === 1 ? problem(403, "step_up_required") : Response.json({ id: "k" }));
    const asked = renderHook(useStepUpAsked);
    const reply = raw("/api/account/keys", { method: "POST", body: "{}", headers: { "Idempotency-Key": "first" } });
    await waitFor(() => { expect(asked.result.current).toBe(true); });
    answerStepUp(true);
    expect((await reply).status).toBe(200);
    expect(calls.map((call) => call.body)).toEqual(["{}", "{}"]);
    expect(calls[0]?.key).toBe("first");
    expect(calls[1]?.key).not.toBe("first");
    expect(calls[1]?.key).toMatch(/^[0-9a-f]{32}$/);
  });

  it("keeps its refusal when the proof is not given, or nobody could be asked", async () => {
    answer = () => problem(403, "step_up_required");
    await expect(raw("/api/account/keys", { method: "POST" })).rejects.toMatchObject({ problem: { code: "step_up_required" } });
    const asked = renderHook(useStepUpAsked);
    const reply = raw("/api/account/keys", { method: "POST" });
    await waitFor(() => { expect(asked.result.current).toBe(true); });
    answerStepUp(false);
    await expect(reply).rejects.toMatchObject({ problem: { code: "step_up_required" } });
    expect(calls).toHaveLength(2);
  });
});
