import { describe, expect, it } from "vitest";

import { landingFrom, takeHash } from "./landing";
import { safeTarget } from "./useSignIn";

describe("coming back from elsewhere", () => {
  it("reads a refusal or a second step", () => {
    expect(landingFrom("error=state_invalid")).toEqual({ error: "state_invalid", second: null });
    expect(landingFrom("ticket=t-1&factors=totp,recovery")).toEqual({ error: null, second: { ticket: "t-1", factors: ["totp", "recovery"] } });
    expect(landingFrom("")).toEqual({ error: null, second: null });
  });

  it("takes what it read out of the address", () => {
    window.history.replaceState(null, "", "/enrol#one-time");
    expect(takeHash()).toBe("one-time");
    expect(window.location.href).not.toContain("#");
    expect(takeHash()).toBe("");
  });
});

describe("where to go afterwards", () => {
  it.each(["//evil.example", "/\\evil.example", "https://evil.example", "javascript:alert(1)", "", undefined])("never leaves the page: %s", (to) => {
    expect(safeTarget(to)).toBe("/");
  });

  it("is the page that was asked for", () => {
    expect(safeTarget("/account/security")).toBe("/account/security");
  });
});
