import { isRecord, stored } from "../../shared/lib/storage";
import type { PriceAlert } from "./watch";

export interface AlertSettings {
  on: boolean;
  sound: boolean;
  signals: boolean;
  prices: PriceAlert[];
}

function priceAlert(raw: unknown): PriceAlert[] {
  if (!isRecord(raw)) return [];
  const { id, symbol, crosses, price } = raw;
  if (typeof id !== "string" || typeof symbol !== "string" || typeof price !== "string") return [];
  return crosses === "above" || crosses === "below" ? [{ id, symbol, crosses, price }] : [];
}

/** Off until the trader says otherwise; kept in this browser only. */
export const alertSettings = stored<AlertSettings>("alerts", (raw) => {
  const known = isRecord(raw) ? raw : {};
  return {
    on: known.on === true,
    sound: known.sound === true,
    signals: known.signals === true,
    prices: Array.isArray(known.prices) ? known.prices.flatMap(priceAlert) : [],
  };
});

export function changeAlerts(part: Partial<AlertSettings>): void {
  alertSettings.write({ ...alertSettings.read(), ...part });
}
