import { compareDecimals, parseDecimal } from "../../shared/lib/decimal";
import type { DecimalString } from "../../shared/api/types";

export interface PriceAlert {
  id: string;
  symbol: string;
  crosses: "above" | "below";
  price: DecimalString;
}

/**
 * Alerts that `price` just crossed. An alert fires on the crossing, not while the price stays beyond
 * it: without an earlier price there is nothing to cross.
 */
export function crossed(alerts: readonly PriceAlert[], symbol: string, before: string | null, price: string): PriceAlert[] {
  const old = parseDecimal(before ?? "");
  const now = parseDecimal(price);
  if (old === null || now === null) return [];
  return alerts.filter((alert) => {
    if (alert.symbol !== symbol) return false;
    const level = parseDecimal(alert.price);
    if (level === null) return false;
    const was = compareDecimals(old, level);
    const is = compareDecimals(now, level);
    return alert.crosses === "above" ? was < 0 && is >= 0 : was > 0 && is <= 0;
  });
}
