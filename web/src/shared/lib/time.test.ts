import { describe, expect, it } from "vitest";

import { ageText, barStart, epochSeconds, spanText, stamp, utcFromInput } from "./time";

describe("times", () => {
  it("finds the bar that holds a second", () => {
    const at = epochSeconds("2025-06-30T14:07:59Z");
    expect(barStart(at, "5m")).toBe(epochSeconds("2025-06-30T14:05:00Z"));
    expect(barStart(at, "1d")).toBe(epochSeconds("2025-06-30T00:00:00Z"));
  });

  it("tells spans in two units at most", () => {
    expect([spanText(5), spanText(95), spanText(3600), spanText(90_061), spanText(-3)]).toEqual(["5s", "1m 35s", "1h", "1d 1h", "0s"]);
  });

  it("tells ages against the desk's clock", () => {
    const now = Date.parse("2025-06-30T14:00:10Z");
    expect(ageText("2025-06-30T14:00:00Z", now)).toBe("10s ago");
    expect(ageText("2025-06-30T14:00:10Z", now)).toBe("now");
    expect(ageText(null, now)).toBe("never");
  });

  it("stamps in UTC whatever the browser's zone", () => {
    expect(stamp("2025-06-30T23:59:58+02:00")).toBe("06-30 21:59:58");
    expect(stamp(null)).toBe("–");
  });

  it("reads a form's time as UTC", () => {
    expect(utcFromInput("2025-06-30T14:05")).toBe("2025-06-30T14:05:00Z");
    expect(utcFromInput("soon")).toBeNull();
  });
});
