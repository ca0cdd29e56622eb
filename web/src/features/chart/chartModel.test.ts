import { describe, expect, it } from "vitest";

import type { Candle, Signal } from "../../shared/api/types";
import { epochSeconds } from "../../shared/lib/time";
import { arrange, fillMarks, oldestFirst, signalLines, signalMarks, signalZones, type Mark } from "./chartModel";
import { faded, type Palette } from "./palette";

const PALETTE = new Proxy({}, { get: (_, name) => `rgb(${String(name)})` }) as Palette;
const bar = (open_time: string): Candle => ({ open_time, open: "1", high: "2", low: "0.5", close: "1.5", volume: "3" });

const SIGNAL: Signal = {
  id: "s",
  session: "x",
  symbol: "ETH-USDT",
  timeframe: "5m",
  at: "2025-01-01T00:10:00Z",
  price: "100",
  direction: "BUY",
  confidence: "71.0",
  risk_score: "40.0",
  levels: { entry_low: "99.5", entry_high: "100.5", stop: "97", targets: ["104", "106", "108"], risk_reward: "2" },
  votes: [],
  note: null,
  reasoning: "",
  expires_at: "2025-01-01T01:00:00Z",
  status: "active",
  version: 1,
  outcome: null,
};

describe("oldestFirst", () => {
  it("joins pages that came newest first and drops the overlap", () => {
    const [a, b, c] = ["2025-01-01T00:00:00Z", "2025-01-01T00:01:00Z", "2025-01-01T00:02:00Z"];
    const data = { pages: [{ items: [bar(b), bar(c)], next: null }, { items: [bar(a), bar(b)], next: null }], pageParams: [] };
    expect(oldestFirst(data).map((row) => row.open_time)).toEqual([a, b, c]);
    expect(oldestFirst(undefined)).toEqual([]);
  });
});

describe("marks", () => {
  it("puts a signal on the bar whose close made it", () => {
    expect(signalMarks([SIGNAL, { ...SIGNAL, direction: "HOLD" }], PALETTE)).toMatchObject([
      { time: epochSeconds("2025-01-01T00:05:00Z"), shape: "arrowUp", text: "BUY 71" },
    ]);
  });

  it("puts a fill on the bar that it fell in", () => {
    const trade = { id: "t", order_id: "o", symbol: "ETH-USDT", side: "sell", qty: "2", price: "1", notional: "2", fee: "0", at: "2025-01-01T00:07:12Z", origin: "manual", signal_id: null } as const;
    expect(fillMarks([trade, { ...trade, symbol: "BTC-USDT" }], "ETH-USDT", "5m", PALETTE)).toMatchObject([
      { time: epochSeconds("2025-01-01T00:05:00Z"), position: "aboveBar", shape: "square" },
    ]);
  });

  it("orders marks and leaves out those before the first bar", () => {
    const at = (time: number) => ({ time, position: "aboveBar", shape: "circle", color: "", size: 1 }) as unknown as Mark;
    expect(arrange([at(30), at(10), at(20)], 15).map((mark) => mark.time)).toEqual([20, 30]);
  });
});

describe("levels", () => {
  it("draws the plan of a running signal only", () => {
    expect(signalLines(SIGNAL, PALETTE).map((line) => [line.title, line.price])).toEqual([["Stop", 97], ["T1", 104], ["T2", 106], ["T3", 108]]);
    expect(signalLines({ ...SIGNAL, status: "closed" }, PALETTE)).toEqual([]);
    expect(signalZones(undefined, PALETTE)).toEqual([]);
  });

  it("turns the areas over for a sell", () => {
    const levels = { entry_low: "99.5", entry_high: "100.5", stop: "103", targets: ["96"], risk_reward: "2" };
    const [reward, risk] = signalZones({ ...SIGNAL, direction: "SELL", levels }, PALETTE);
    expect(reward).toMatchObject({ top: 100, bottom: 96 });
    expect(risk).toMatchObject({ top: 103, bottom: 100 });
  });

  it("fades a colour", () => {
    expect(faded("rgb(1, 2, 3)", 0.5)).toBe("rgba(1, 2, 3, 0.5)");
  });
});
