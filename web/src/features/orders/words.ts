import type { Order } from "../../shared/api/types";
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

const ORIGINS: Record<Order["origin"], string> = { manual: "you", signal: "signal", close: "close" };

export function originText(origin: Order["origin"]): string {
  return ORIGINS[origin];
}
