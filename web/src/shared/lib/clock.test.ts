import { describe, expect, it } from "vitest";

import type { Feed } from "../api/types";
import { deskNow, hearClock, hearInstant } from "./clock";

const START = Date.parse("2025-06-24T00:00:00Z");
const feed = (speed: number, paused = false): Feed => ({
  session: "s1", feed: "replay", name: "x", badge: "REPLAY", clock: "2025-06-24T00:00:00Z", wall: "2026-01-01T00:00:00Z",
  start: "2025-06-24T00:00:00Z", end: null, speed, paused, ended: false, trouble: "", streams: [],
});

describe("the desk's clock", () => {
  it("runs at the feed's speed between tellings, a minute at most", () => {
    hearClock(feed(60), 1000);
    expect(deskNow(1500) - START).toBe(30_000);
    expect(deskNow(9000) - START).toBe(60_000);
    hearClock(feed(1000), 1000);
    expect(deskNow(5000) - START).toBe(60_000);
  });

  it("does not run past a short silence at life's own speed, nor while paused", () => {
    hearClock(feed(1), 1000);
    expect(deskNow(60_000) - START).toBe(6000);
    hearClock(feed(60, true), 1000);
    expect(deskNow(9000)).toBe(START);
  });

  it("hears the time from prices, forwards only", () => {
    hearClock(feed(60), 1000);
    hearInstant("2025-06-24T00:05:00Z", 2000);
    hearInstant("2025-06-24T00:01:00Z", 2000);
    expect(deskNow(2000) - START).toBe(300_000);
  });
});
