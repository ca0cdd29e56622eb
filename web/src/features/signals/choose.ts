import type { Signal } from "../../shared/api/types";

/** The signal that a trader should see first: a live trade idea, else the newest word. */
export function leading(ideas: readonly Signal[], all: readonly Signal[]): Signal | undefined {
  return ideas.find((signal) => signal.status === "active") ?? all[0] ?? ideas[0];
}

/** What the card says beside it: the newest HOLD under a running idea, the last idea under a HOLD. */
export function beside(lead: Signal, ideas: readonly Signal[], all: readonly Signal[]): Signal | undefined {
  if (lead.direction === "HOLD") return ideas[0];
  const newest = all[0];
  return newest?.direction === "HOLD" && newest.at > lead.at ? newest : undefined;
}

const ENDED: Record<NonNullable<Signal["outcome"]>["ended_by"], string> = {
  stop: "stopped out",
  target_3: "target 3",
  expired: "expired",
  reversed: "reversed",
};

export function outcomeText(signal: Signal): string {
  if (signal.direction === "HOLD") return "no trade";
  if (signal.outcome === null) return signal.status === "active" ? "running" : signal.status;
  const { ended_by, best_target } = signal.outcome;
  const reached = best_target > 0 && ended_by !== "target_3" ? `target ${best_target}, then ` : "";
  const text = `${reached}${ENDED[ended_by]}`;
  return text.charAt(0).toUpperCase() + text.slice(1);
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
