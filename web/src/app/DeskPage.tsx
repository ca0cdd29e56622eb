import { useQuery } from "@tanstack/react-query";
import { useCallback, useState, type ReactNode } from "react";

import { IndicatorPanel } from "../features/analysis/IndicatorPanel";
import { PatternList } from "../features/analysis/PatternList";
import { SignInCall } from "../features/auth/SignInCall";
import { ChartPanel } from "../features/chart/ChartPanel";
import { ReplayBar } from "../features/feed/ReplayBar";
import { OrderTicket } from "../features/orders/OrderTicket";
import { EquityCurve } from "../features/portfolio/EquityCurve";
import { SignalCard } from "../features/signals/SignalCard";
import { SignalHistory } from "../features/signals/SignalHistory";
import { openOrdersQuery, positionsQuery } from "../shared/api/queries";
import { methodsQuery, useSession } from "../shared/api/session";
import type { Position, Side } from "../shared/api/types";
import { useCommand, type Command } from "../shared/lib/commands";
import { direction } from "../shared/lib/format";
import { useDesk } from "../shared/lib/desk";
import { Answer } from "../shared/ui/Answer";
import { Icon, type IconName } from "../shared/ui/Icon";
import { Panel } from "../shared/ui/Panel";
import { Tabs } from "../shared/ui/Tabs";
import { bookTabs, moneyTabs, type BookCounts } from "./books";
import { useViewport } from "./viewport";

export function DeskPage() {
  const session = useSession();
  if (session.kind === "asking") return <Asking />;
  if (session.kind === "stranger") return <StrangerDesk />;
  return <TradersDesk />;
}

function TradersDesk() {
  const viewport = useViewport();
  if (viewport === "phone") return <PhoneDesk />;
  return (
    <>
      <ReplayBar />
      {viewport === "wide" && <WideDesk />}
      {viewport === "desk" && <MiddleDesk />}
      {viewport === "tablet" && <TabletDesk />}
    </>
  );
}

/** Closed positions stay in the list with what they brought, but they are not held any more. */
function openPositions(page: { items: Position[] }): number {
  return page.items.filter((row) => direction(row.qty) !== 0).length;
}

function useCounts(): BookCounts {
  const orders = useQuery({ ...openOrdersQuery, select: (page) => page.items.length }).data;
  const positions = useQuery({ ...positionsQuery, select: openPositions }).data;
  return { orders, positions };
}

/** Panels above each other, each as tall as it needs or as it is given. */
function Stack({ children }: { children: ReactNode }) {
  return <div className="flex min-h-0 min-w-0 flex-col gap-px">{children}</div>;
}

function WideDesk() {
  const { symbol, timeframe } = useDesk();
  const counts = useCounts();
  return (
    <main className="grid min-h-[44rem] flex-1 grid-cols-[19rem_minmax(0,1fr)_25rem_21rem] gap-px bg-line">
      <Stack>
        <IndicatorPanel symbol={symbol} timeframe={timeframe} className="shrink-0" />
        <PatternList symbol={symbol} timeframe={timeframe} className="flex-1" />
      </Stack>
      <Stack>
        <ChartPanel className="flex-1" />
        <Tabs label="Books" className="h-[32%] min-h-72" tabs={bookTabs(counts, symbol, timeframe).filter((tab) => tab.id !== "signals")} />
      </Stack>
      <Stack>
        <SignalCard symbol={symbol} timeframe={timeframe} className="max-h-[62%] shrink-0" />
        <Panel title="Signal history" note={timeframe} className="flex-1" bare>
          <SignalHistory symbol={symbol} timeframe={timeframe} />
        </Panel>
      </Stack>
      <Stack>
        <OrderTicket key={symbol} symbol={symbol} className="shrink-0" />
        <Panel title="Equity" className="h-72 shrink-0" bare>
          <EquityCurve />
        </Panel>
        <Tabs label="Account and limits" className="flex-1" tabs={moneyTabs().slice(1)} />
      </Stack>
    </main>
  );
}

function MiddleDesk() {
  const { symbol, timeframe } = useDesk();
  const counts = useCounts();
  return (
    <main className="grid min-h-[40rem] flex-1 grid-cols-[15.5rem_minmax(0,1fr)_21rem] gap-px bg-line">
      <Stack>
        <IndicatorPanel symbol={symbol} timeframe={timeframe} className="shrink-0" />
        <PatternList symbol={symbol} timeframe={timeframe} className="flex-1" />
      </Stack>
      <Stack>
        <ChartPanel className="flex-1" />
        <Tabs label="Books" className="h-[34%] min-h-60" tabs={[...bookTabs(counts, symbol, timeframe), ...moneyTabs()]} />
      </Stack>
      <Stack>
        <SignalCard symbol={symbol} timeframe={timeframe} className="flex-1" />
        <OrderTicket key={symbol} symbol={symbol} className="max-h-[60%] shrink-0" />
      </Stack>
    </main>
  );
}

function TabletDesk() {
  const { symbol, timeframe } = useDesk();
  const counts = useCounts();
  return (
    <main className="min-h-0 flex-1 overflow-auto bg-line">
      <div className="grid grid-cols-[minmax(0,1fr)_19rem] gap-px">
        <ChartPanel className="h-[30rem]" />
        <OrderTicket key={symbol} symbol={symbol} />
        <Tabs label="Books" className="col-span-2 h-80" tabs={[...bookTabs(counts, symbol, timeframe), ...moneyTabs()]} />
        <SignalCard symbol={symbol} timeframe={timeframe} className="col-span-2" />
        <IndicatorPanel symbol={symbol} timeframe={timeframe} className="col-span-2" />
        <PatternList symbol={symbol} timeframe={timeframe} className="col-span-2 max-h-96" />
      </div>
    </main>
  );
}

const PLACES = [
  { id: "chart", name: "Chart", icon: "chart" },
  { id: "signal", name: "Signal", icon: "pulse" },
  { id: "trade", name: "Trade", icon: "ticket" },
  { id: "books", name: "Books", icon: "book" },
] as const satisfies readonly { id: string; name: string; icon: IconName }[];

type Place = (typeof PLACES)[number]["id"];

function PhoneDesk() {
  const [place, setPlace] = useState<Place>("chart");
  // The ticket is not on the screen when the command is given, so its side waits here for it.
  const [side, setSide] = useState<Side>("buy");
  useCommand(
    useCallback((command: Command) => {
      if (command.kind !== "ticket") return;
      setSide(command.side);
      setPlace("trade");
    }, []),
  );
  return (
    <>
      <main className="min-h-0 flex-1 overflow-auto bg-line">
        <PhonePlace place={place} side={side} />
      </main>
      <nav aria-label="Places" className="grid shrink-0 grid-cols-4 border-t border-line bg-panel pb-[env(safe-area-inset-bottom)]">
        {PLACES.map(({ id, name, icon }) => (
          <button
            key={id}
            type="button"
            aria-current={place === id ? "page" : undefined}
            className={`flex h-13 flex-col items-center justify-center gap-0.5 text-2xs ${place === id ? "text-accent" : "text-dim"}`}
            onClick={() => {
              setPlace(id);
            }}
          >
            <Icon name={icon} className="size-5" />
            {name}
          </button>
        ))}
      </nav>
    </>
  );
}

function PhonePlace({ place, side }: { place: Place; side: Side }) {
  const { symbol, timeframe } = useDesk();
  const counts = useCounts();
  if (place === "signal") {
    return (
      <div className="space-y-px">
        <SignalCard symbol={symbol} timeframe={timeframe} />
        <PatternList symbol={symbol} timeframe={timeframe} />
      </div>
    );
  }
  if (place === "trade") {
    return (
      <div className="flex min-h-full flex-col gap-px">
        <OrderTicket key={symbol} symbol={symbol} side={side} />
        <Tabs label="Positions and orders" className="min-h-64 flex-1" tabs={bookTabs(counts, symbol, timeframe).slice(0, 2)} />
      </div>
    );
  }
  if (place === "books") return <Tabs label="Books" className="h-full" tabs={[...bookTabs(counts, symbol, timeframe), ...moneyTabs()]} />;
  return (
    <div className="flex flex-col gap-px">
      <ReplayBar />
      <ChartPanel className="h-[58vh] min-h-80" />
      <IndicatorPanel symbol={symbol} timeframe={timeframe} />
    </div>
  );
}

/** Until it is known who looks: a moment, or as long as the desk is silent. */
function Asking() {
  const methods = useQuery(methodsQuery);
  return (
    <main className="flex-1 bg-panel">
      <Answer query={methods} what="the desk">{() => null}</Answer>
    </main>
  );
}

/** The market, for everybody; a trader's own panels wait behind signing in. */
function StrangerDesk() {
  const { symbol, timeframe } = useDesk();
  const viewport = useViewport();
  if (viewport === "wide" || viewport === "desk") {
    return (
      <main className="grid min-h-[40rem] flex-1 grid-cols-[16rem_minmax(0,1fr)_21rem] gap-px bg-line">
        <Stack>
          <IndicatorPanel symbol={symbol} timeframe={timeframe} className="flex-1" />
        </Stack>
        <ChartPanel />
        <Stack>
          <SignInCall className="shrink-0" />
          <PatternList symbol={symbol} timeframe={timeframe} className="flex-1" />
        </Stack>
      </main>
    );
  }
  return (
    <main className="min-h-0 flex-1 overflow-auto bg-line">
      <div className="flex flex-col gap-px">
        <ChartPanel className="h-[58vh] min-h-80" />
        <SignInCall />
        <IndicatorPanel symbol={symbol} timeframe={timeframe} />
        <PatternList symbol={symbol} timeframe={timeframe} className="max-h-96" />
      </div>
    </main>
  );
}
