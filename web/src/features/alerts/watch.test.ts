import { describe, expect, it } from "vitest";

import { crossed, type PriceAlert } from "./watch";

const ABOVE: PriceAlert = { id: "a", symbol: "ETH-USDT", crosses: "above", price: "2500" };
const BELOW: PriceAlert = { id: "b", symbol: "ETH-USDT", crosses: "below", price: "2400.50" };

function fired(before: string | null, price: string, symbol = "ETH-USDT"): string[] {
  return crossed([ABOVE, BELOW], symbol, before, price).map((alert) => alert.id);
}

describe("crossed", () => {
  it("fires once, on the crossing", () => {
    expect(fired("2499.99", "2500.00")).toEqual(["a"]);
    expect(fired("2500.00", "2501")).toEqual([]);
    expect(fired("2401", "2400.5")).toEqual(["b"]);
    expect(fired("2400.50", "2400")).toEqual([]);
  });

  it("needs an earlier price and the right symbol", () => {
    expect(fired(null, "2600")).toEqual([]);
    expect(fired("2499", "2600", "BTC-USDT")).toEqual([]);
  });

  it("fires for a jump across both levels", () => {
    expect(fired("2300", "2600")).toEqual(["a"]);
    expect(fired("2600", "2300")).toEqual(["b"]);
  });
});
