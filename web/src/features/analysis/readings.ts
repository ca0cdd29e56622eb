import type { IndicatorRow } from "../../shared/api/types";
import { compact, plain } from "../../shared/lib/format";

export type Lean = "up" | "down" | "flat";

/** What an indicator says, in words that a person would use. */
export interface Reading {
  value: string;
  unit: string;
  words: string;
  lean: Lean;
  /** Place on its scale, 0..1, where the indicator has one. */
  at?: number;
}

const UNKNOWN: Reading = { value: "–", unit: "", words: "needs more bars", lean: "flat" };

function band(value: number, low: number, high: number, words: readonly [string, string, string]): [string, Lean] {
  if (value < low) return [words[0], "up"];
  if (value > high) return [words[2], "down"];
  return [words[1], "flat"];
}

function rsi({ rsi_14: value }: IndicatorRow): Reading {
  if (value === null) return UNKNOWN;
  const [words, lean] = band(value, 30, 70, ["oversold", value >= 50 ? "buyers ahead" : "sellers ahead", "overbought"]);
  return { value: plain(value, 1), unit: "of 100", words, lean, at: value / 100 };
}

function mfi({ mfi_14: value }: IndicatorRow): Reading {
  if (value === null) return UNKNOWN;
  const [words, lean] = band(value, 20, 80, ["money left", "flow balanced", "money rushed in"]);
  return { value: plain(value, 1), unit: "of 100", words, lean, at: value / 100 };
}

function macd(row: IndicatorRow, before: IndicatorRow | undefined): Reading {
  const { macd_hist: hist } = row;
  if (hist === null) return UNKNOWN;
  const last = before?.macd_hist ?? null;
  if (last !== null && last < 0 !== hist < 0) {
    return { value: plain(hist, 3), unit: "", words: hist > 0 ? "just crossed up" : "just crossed down", lean: hist > 0 ? "up" : "down" };
  }
  const growing = last !== null && Math.abs(hist) > Math.abs(last);
  const words = `${hist >= 0 ? "rising" : "falling"}, ${growing ? "gaining" : "losing"} force`;
  return { value: plain(hist, 3), unit: "", words, lean: hist >= 0 ? "up" : "down" };
}

function atr({ atr_14: value }: IndicatorRow, close: number | null, quote: string): Reading {
  if (value === null) return UNKNOWN;
  const share = close === null || close === 0 ? null : (value / close) * 100;
  const words = share === null ? "average bar range" : `${plain(share, 2)} % of price a bar`;
  return { value: plain(value), unit: quote, words, lean: "flat" };
}

function vwap({ vwap_session: value }: IndicatorRow, close: number | null, quote: string): Reading {
  if (value === null || close === null) return UNKNOWN;
  const gap = ((close - value) / value) * 100;
  const side = gap >= 0 ? "above" : "below";
  return { value: plain(value), unit: quote, words: `price ${plain(Math.abs(gap))} % ${side}`, lean: gap >= 0 ? "up" : "down" };
}

function bollinger({ bb_upper: upper, bb_lower: lower }: IndicatorRow, close: number | null): Reading {
  if (upper === null || lower === null || close === null || upper <= lower) return UNKNOWN;
  const at = (close - lower) / (upper - lower);
  const [words, lean] = band(at, 0.05, 0.95, ["at the lower band", at >= 0.5 ? "upper half" : "lower half", "at the upper band"]);
  return { value: plain(at * 100, 0), unit: "% of band", words, lean, at };
}

function volume({ relative_volume: value, volume_spike: spike }: IndicatorRow): Reading {
  if (value === null) return UNKNOWN;
  const calm = value < 0.7 ? "quiet" : value < 1.5 ? "usual" : "busy";
  return { value: plain(value), unit: "× usual", words: spike ? "volume spike" : calm, lean: "flat", at: value / 3 };
}

function obv(row: IndicatorRow, rows: readonly IndicatorRow[]): Reading {
  const { obv: value } = row;
  if (value === null) return UNKNOWN;
  const then = rows.at(-20)?.obv ?? null;
  const rising = then !== null && value > then;
  return { value: compact(value), unit: "", words: then === null ? "" : rising ? "accumulating" : "distributing", lean: then === null ? "flat" : rising ? "up" : "down" };
}

function trend(row: IndicatorRow): Reading {
  const { ema_9: fast, ema_21: middle, ema_50: slow, ema_200: slowest } = row;
  if (fast === null || middle === null || slow === null) return UNKNOWN;
  const up = fast > middle && middle > slow;
  const down = fast < middle && middle < slow;
  const long = slowest === null ? "" : fast > slowest ? ", above 200" : ", below 200";
  if (up) return { value: "Up", unit: "", words: `9 > 21 > 50${long}`, lean: "up" };
  if (down) return { value: "Down", unit: "", words: `9 < 21 < 50${long}`, lean: "down" };
  return { value: "Mixed", unit: "", words: `averages crossed${long}`, lean: "flat" };
}

export interface Readings {
  trend: Reading;
  rsi: Reading;
  macd: Reading;
  bollinger: Reading;
  vwap: Reading;
  atr: Reading;
  volume: Reading;
  mfi: Reading;
  obv: Reading;
}

/** Reads the newest row; `close` is the close that belongs to it. */
export function read(rows: readonly IndicatorRow[], close: number | null, quote: string): Readings | null {
  const row = rows.at(-1);
  if (row === undefined) return null;
  return {
    trend: trend(row),
    rsi: rsi(row),
    macd: macd(row, rows.at(-2)),
    bollinger: bollinger(row, close),
    vwap: vwap(row, close, quote),
    atr: atr(row, close, quote),
    volume: volume(row),
    mfi: mfi(row),
    obv: obv(row, rows),
  };
}
