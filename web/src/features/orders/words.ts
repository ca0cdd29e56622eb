import type { Order } from "../../shared/api/types";
import { amount } from "../../shared/lib/format";
import type { Tone } from "../../shared/ui/Badge";

export const STATE_TONES: Record<Order["state"], Tone> = {
  created: "neutral",
  working: "accent",
  partially_filled: "accent",
  filled: "up",
  cancelled: "neutral",
  rejected: "down",
  expired: "neutral",
  unknown: "warn",
};

export function stateText(state: Order["state"]): string {
  return state.replace("_", " ");
}

const ORIGINS: Readonly<Record<string, string>> = { manual: "you", signal: "signal", close: "close" };

export function originText(origin: Order["origin"]): string {
  return ORIGINS[origin] ?? origin;
}

/** A market order has a price too, the worst that it accepts: that is no limit a trader gave. */
export function limitText({ type, price }: Pick<Order, "type" | "price">): string {
  return type === "market" ? "market" : amount(price);
}
