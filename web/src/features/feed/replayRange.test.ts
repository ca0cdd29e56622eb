import { describe, expect, it } from "vitest";

import { progress, timeAt } from "./replayRange";

const START = "2025-01-01T00:00:00Z";
const END = "2025-01-03T00:00:00Z";

describe("a recording", () => {
  it("knows how far it has played", () => {
    expect(progress(START, END, Date.parse("2025-01-02T00:00:00Z"))).toBe(0.5);
    expect(progress(START, END, 0)).toBe(0);
    expect(progress(START, null, 0)).toBe(0);
    expect(progress(START, START, 0)).toBe(0);
  });

  it("finds a time within itself, to the minute", () => {
    expect(timeAt(START, END, 0.25)).toBe("2025-01-01T12:00:00Z");
    expect(timeAt(START, END, 7)).toBe(END);
  });
});
