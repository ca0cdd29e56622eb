import { useEffect } from "react";

import { useStream, type StreamMessage } from "../../shared/api/live";
import type { PriceTick, Signal } from "../../shared/api/types";
import { amount } from "../../shared/lib/format";
import { toast } from "../../shared/ui/toasts";
import { alertSettings, changeAlerts } from "./settings";
import { beep } from "./sound";
import { crossed } from "./watch";

function alarm(title: string, detail: string): void {
  toast("accent", title, detail);
  if (alertSettings.read().sound) beep();
}

function onPrice(before: Map<string, string>, message: StreamMessage): void {
  if (message.type === "snapshot") {
    // A fresh start: after a seek or a lost line the old price is no neighbour of the new one.
    before.clear();
    return;
  }
  const { symbol, price } = message.data as PriceTick;
  if (price === null) return;
  const { on, prices } = alertSettings.read();
  const fired = on ? crossed(prices, symbol, before.get(symbol) ?? null, price) : [];
  before.set(symbol, price);
  if (fired.length === 0) return;
  // A crossing is told once; the trader sets it again when it matters again.
  changeAlerts({ prices: prices.filter((alert) => !fired.includes(alert)) });
  for (const alert of fired) alarm(`${symbol} crossed ${alert.crosses} ${amount(alert.price)}`, `Last price ${amount(price)}`);
}

function onSignal(message: StreamMessage): void {
  const { on, signals } = alertSettings.read();
  if (!on || !signals || message.type !== "delta") return;
  const signal = message.data as Signal;
  if (signal.status !== "active" || signal.direction === "HOLD" || signal.version > 1) return;
  alarm(`${signal.direction} ${signal.symbol} ${signal.timeframe}`, `Confidence ${signal.confidence} of 100 at ${amount(signal.price)}`);
}

/** Listens to every tick, before ticks are thinned for the screen, so that no crossing is missed. */
export function AlertWatch() {
  const stream = useStream();
  useEffect(() => {
    const before = new Map<string, string>();
    const leave = [
      stream.listen("prices", (message) => {
        onPrice(before, message);
      }),
      stream.listen("signals", onSignal),
    ];
    return () => {
      leave.forEach((stop) => {
        stop();
      });
    };
  }, [stream]);
  return null;
}
