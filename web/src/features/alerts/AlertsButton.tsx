import { useState } from "react";

import { freshKey } from "../../shared/api/client";
import { useLastPrice, useWords } from "../../shared/api/hooks";
import { isPositive, parseDecimal } from "../../shared/lib/decimal";
import { amount } from "../../shared/lib/format";
import { Button, IconButton } from "../../shared/ui/Button";
import { Dialog } from "../../shared/ui/Dialog";
import { Field, Switch } from "../../shared/ui/Field";
import { Segmented } from "../../shared/ui/Segmented";
import { alertSettings, changeAlerts } from "./settings";
import { beep } from "./sound";
import type { PriceAlert } from "./watch";

export function AlertsButton({ symbol }: { symbol: string }) {
  const [open, setOpen] = useState(false);
  const settings = alertSettings.use();
  const waiting = settings.prices.length;
  return (
    <>
      <span className="relative">
        <IconButton
          label={settings.on ? `Alerts on, ${waiting} price levels` : "Alerts are off"}
          icon={settings.on ? "bell" : "bellOff"}
          onClick={() => {
            setOpen(true);
          }}
        />
        {settings.on && waiting > 0 && (
          <span className="pointer-events-none absolute -top-0.5 -right-0.5 rounded-full bg-accent px-1 text-[0.6rem] leading-3.5 font-bold text-onfill">{waiting}</span>
        )}
      </span>
      <Dialog title="Alerts" open={open} onClose={() => { setOpen(false); }}>
        <div className="space-y-4">
          <Choices />
          <NewAlert symbol={symbol} />
          <Waiting alerts={settings.prices} />
          <p className="text-2xs text-dim">Alerts are kept in this browser and work while this page is open.</p>
        </div>
      </Dialog>
    </>
  );
}

function Choices() {
  const settings = alertSettings.use();
  const rows = [
    ["on", "Alerts", "Show a notice when a level is crossed"],
    ["signals", "New signals", "Also tell about every BUY and SELL signal"],
    ["sound", "Sound", "Two soft tones with each alert"],
  ] as const;
  return (
    <div className="space-y-2">
      {rows.map(([key, name, meaning]) => (
        <div key={key} className="flex items-center justify-between gap-4">
          <div>
            <p className="text-sm">{name}</p>
            <p className="text-2xs text-dim">{meaning}</p>
          </div>
          <Switch
            label={name}
            on={settings[key]}
            disabled={key !== "on" && !settings.on}
            onChange={(value) => {
              changeAlerts({ [key]: value });
              if (key === "sound" && value) beep();
            }}
          />
        </div>
      ))}
    </div>
  );
}

const WAYS = [
  { value: "above", text: "Rises to" },
  { value: "below", text: "Falls to" },
] as const;

function NewAlert({ symbol }: { symbol: string }) {
  const { price: last } = useLastPrice(symbol);
  const { quote } = useWords(symbol);
  const [crosses, setCrosses] = useState<PriceAlert["crosses"]>("above");
  const [price, setPrice] = useState("");
  const [tried, setTried] = useState(false);
  const level = parseDecimal(price);
  const valid = level !== null && isPositive(level);
  return (
    <form
      className="space-y-2 border-t border-line pt-3"
      onSubmit={(event) => {
        event.preventDefault();
        setTried(!valid);
        if (!valid) return;
        const alert: PriceAlert = { id: freshKey(), symbol, crosses, price: price.trim() };
        changeAlerts({ on: true, prices: [...alertSettings.read().prices, alert] });
        setPrice("");
      }}
    >
      <p className="text-xs font-semibold">Tell me when {symbol}</p>
      <div className="flex items-end gap-2">
        <Segmented label="Crossing" value={crosses} options={WAYS} onChange={setCrosses} />
        <Field
          className="min-w-0 flex-1"
          label="Price"
          unit={quote}
          inputMode="decimal"
          value={price}
          placeholder={last ?? ""}
          problem={tried && !valid ? { message: "Enter a price above zero.", fix: "" } : undefined}
          onChange={(event) => {
            setPrice(event.currentTarget.value);
          }}
        />
        <Button type="submit" look="accent">Add</Button>
      </div>
    </form>
  );
}

function Waiting({ alerts }: { alerts: PriceAlert[] }) {
  if (alerts.length === 0) return <p className="text-2xs text-dim">No price level is watched.</p>;
  return (
    <ul className="divide-y divide-line border-y border-line">
      {alerts.map((alert) => (
        <li key={alert.id} className="flex items-center justify-between py-1 text-xs">
          <span>
            {alert.symbol} {alert.crosses === "above" ? "rises to" : "falls to"} <b>{amount(alert.price)}</b>
          </span>
          <IconButton
            label={`Remove the alert at ${alert.price}`}
            icon="close"
            onClick={() => {
              changeAlerts({ prices: alertSettings.read().prices.filter((other) => other.id !== alert.id) });
            }}
          />
        </li>
      ))}
    </ul>
  );
}
