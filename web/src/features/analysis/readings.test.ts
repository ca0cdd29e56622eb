import { describe, expect, it } from "vitest";

import type { IndicatorRow } from "../../shared/api/types";
import { read } from "./readings";

const ROW: IndicatorRow = {
  open_time: "2025-01-01T00:00:00Z",
  rsi_14: 25,
  macd: 1,
  macd_signal: 0.5,
  macd_hist: 0.5,
  ema_9: 103,
  ema_21: 102,
  ema_50: 101,
  ema_200: 100,
  vwap_session: 100,
  vwap_20: 100,
  atr_14: 2,
  bb_upper: 110,
  bb_middle: 100,
  bb_lower: 90,
  relative_volume: 3,
  volume_spike: true,
  obv: 1_500_000,
  mfi_14: 50,
};

describe("read", () => {
  it("says in words what the numbers mean", () => {
    const readings = read([{ ...ROW, macd_hist: -0.1 }, ROW], 109.9, "USDT");
    expect(readings?.rsi).toMatchObject({ words: "oversold", lean: "up", at: 0.25 });
    expect(readings?.macd.words).toBe("just crossed up");
    expect(readings?.trend).toMatchObject({ value: "Up", lean: "up" });
    expect(readings?.bollinger.words).toBe("at the upper band");
    expect(readings?.vwap.words).toBe("price 9.90 % above");
    expect(readings?.volume.words).toBe("volume spike");
    expect(readings?.atr.words).toBe("1.82 % of price a bar");
  });

  it("is silent without bars, and says so without enough of them", () => {
    expect(read([], null, "USDT")).toBeNull();
    const young: IndicatorRow = { ...ROW, rsi_14: null, macd_hist: null, ema_50: null, atr_14: null, obv: null };
    const readings = read([young], null, "USDT");
    for (const key of ["rsi", "macd", "trend", "atr", "obv", "bollinger", "vwap"] as const) {
      expect(readings?.[key].words).toBe("needs more bars");
    }
  });
});
