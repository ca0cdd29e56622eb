import { describe, expect, it } from "vitest";

import { amount, compact, direction, fraction, percent, placesOf, plain, quantity, signed } from "./format";

describe("amounts", () => {
  it("groups and rounds without losing digits", () => {
    expect(amount("1234567.895")).toBe("1,234,567.90");
    expect(amount("-1234.5")).toBe("\u22121,234.50");
    expect(amount("12345678901234567890.123456", 6)).toBe("12,345,678,901,234,567,890.123456");
    expect(amount(null)).toBe("–");
    expect(amount("what?")).toBe("what?");
  });

  it("signs gains and never signs a shown zero", () => {
    expect(signed("12.3")).toBe("+12.30");
    expect(signed("-12.3")).toBe("\u221212.30");
    expect(signed("0.001")).toBe("0.00");
    expect(percent("1.5")).toBe("+1.50 %");
    expect(percent(null)).toBe("–");
  });

  it("shows quantities without trailing zeros", () => {
    expect(quantity("1.50000")).toBe("1.5");
    expect(quantity("1000")).toBe("1,000");
    expect(quantity("0.00001")).toBe("0.00001");
  });

  it("knows where a value points", () => {
    expect([direction("0.0"), direction("-0.01"), direction("3"), direction(null)]).toEqual([0, -1, 1, 0]);
  });
});

describe("sizes", () => {
  it("shortens volumes", () => {
    expect(compact(1_234_567)).toBe("1.23M");
    expect(compact(-1500)).toBe("\u22121.50K");
    expect(compact(12)).toBe("12.00");
  });

  it("reads the places of a step", () => {
    expect([placesOf("0.0100"), placesOf("1"), placesOf("0.00001"), placesOf(undefined)]).toEqual([2, 0, 5, 2]);
  });

  it("keeps a bar between nothing and full", () => {
    expect([fraction("5", "10"), fraction("50", "10"), fraction("-1", "10"), fraction("1", "0")]).toEqual([0.5, 1, 0, 0]);
  });

  it("shows no number for what is none", () => {
    expect([plain(Number.NaN), plain(null), plain(2.345)]).toEqual(["–", "–", "2.35"]);
  });
});
