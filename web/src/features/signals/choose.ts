import type { Signal } from "../../shared/api/types";

/** The signal that a trader should see first: a live trade idea, else the newest word. */
export function leading(signals: readonly Signal[]): Signal | undefined {
  return signals.find((signal) => signal.status === "active" && signal.direction !== "HOLD") ?? signals[0];
}

const TOUCHED: Record<NonNullable<Signal["outcome"]>["touched"], string> = {
  stop: "Stopped out",
  target_1: "Reached target 1",
  target_2: "Reached target 2",
  target_3: "Reached target 3",
  expired: "Expired untouched",
  reversed: "Reversed",
};

export function outcomeText(signal: Signal): string {
  if (signal.outcome === null) return signal.status === "active" ? "running" : signal.status;
  return TOUCHED[signal.outcome.touched];
}

/** Shows a fact's value as a person would read it, whatever type the server sent. */
export function factText(value: unknown): string {
  if (typeof value === "string" || typeof value === "boolean") return String(value);
  if (typeof value === "number") return String(Math.round(value * 1e6) / 1e6);
  return value === null || value === undefined ? "–" : JSON.stringify(value);
}

/** "rsi_14" → "RSI 14", "higher_timeframe" → "Higher timeframe". */
export function nameText(key: string): string {
  const words = key.replaceAll("_", " ").replaceAll(".", " · ");
  const spelled = words.replace(/\b(rsi|macd|ema|atr|vwap|obv|mfi|bb)\b/gi, (word) => word.toUpperCase());
  return spelled.charAt(0).toUpperCase() + spelled.slice(1);
}
