import { CancelAll, OpenOrders } from "../features/orders/OpenOrders";
import { OrderHistory } from "../features/orders/OrderHistory";
import { Account } from "../features/portfolio/Account";
import { EquityCurve } from "../features/portfolio/EquityCurve";
import { Positions } from "../features/portfolio/Positions";
import { Trades, TradesDownload } from "../features/portfolio/Trades";
import { Judgements } from "../features/risk/Judgements";
import { LimitsPanel } from "../features/risk/LimitsPanel";
import { SignalHistory } from "../features/signals/SignalHistory";
import type { Timeframe } from "../shared/api/types";
import type { Tab } from "../shared/ui/Tabs";

export interface BookCounts {
  orders: number | undefined;
  positions: number | undefined;
}

/** What was traded and decided, as tabs that share one place. */
export function bookTabs(counts: BookCounts, symbol: string, timeframe: Timeframe): Tab[] {
  return [
    { id: "positions", title: "Positions", count: counts.positions, body: <Positions /> },
    { id: "orders", title: "Open orders", count: counts.orders, actions: <CancelAll />, body: <OpenOrders /> },
    { id: "history", title: "Order history", body: <OrderHistory /> },
    { id: "trades", title: "Trades", actions: <TradesDownload />, body: <Trades /> },
    { id: "signals", title: "Signals", body: <SignalHistory symbol={symbol} timeframe={timeframe} /> },
    { id: "guardian", title: "Guardian", body: <Judgements /> },
  ];
}

/** The account and its limits. */
export function moneyTabs(): Tab[] {
  return [
    { id: "equity", title: "Equity", body: <EquityCurve /> },
    { id: "limits", title: "Limits", body: <LimitsPanel /> },
    { id: "account", title: "Account", body: <Account /> },
  ];
}
