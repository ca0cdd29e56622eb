import { useQuery } from "@tanstack/react-query";
import { Outlet, useNavigate, useSearch } from "@tanstack/react-router";
import { useEffect, useMemo, useState } from "react";

import { AlertWatch } from "../features/alerts/AlertWatch";
import { Warnings } from "../features/feed/Health";
import { StepUpDialog } from "../features/auth/StepUpDialog";
import { FIRST_SYMBOLS } from "../features/market/SymbolSwitch";
import { HaltNotice } from "../features/risk/LimitsPanel";
import { marketsQuery } from "../shared/api/queries";
import { TIMEFRAMES } from "../shared/api/types";
import { send } from "../shared/lib/commands";
import { DeskContext, type Desk } from "../shared/lib/desk";
import { nextTheme, useThemeOnDocument } from "../shared/lib/theme";
import { Toaster } from "../shared/ui/Toaster";
import { Header } from "./Header";
import { SessionKeeper } from "./SessionKeeper";
import { ShortcutsDialog } from "./ShortcutsDialog";
import { useShortcuts, type Shortcut } from "./shortcuts";
import { rememberView } from "./view";

function useDeskState(): Desk {
  const { symbol, timeframe } = useSearch({ from: "__root__" });
  const navigate = useNavigate();
  useEffect(() => {
    rememberView({ symbol, timeframe });
  }, [symbol, timeframe]);
  return useMemo(() => {
    const go = (part: Partial<Pick<Desk, "symbol" | "timeframe">>) => {
      void navigate({ to: ".", search: { symbol, timeframe, ...part }, replace: true });
    };
    return {
      symbol,
      timeframe,
      setSymbol: (next) => {
        go({ symbol: next });
      },
      setTimeframe: (next) => {
        go({ timeframe: next });
      },
    };
  }, [symbol, timeframe, navigate]);
}

function useDeskShortcuts(desk: Desk, help: () => void): Shortcut[] {
  const symbols = useQuery({ ...marketsQuery, select: (page) => page.items.map((market) => market.symbol) }).data ?? FIRST_SYMBOLS;
  return useMemo(() => {
    const nextSymbol = () => {
      desk.setSymbol(symbols[(symbols.indexOf(desk.symbol) + 1) % symbols.length] ?? desk.symbol);
    };
    const frames = TIMEFRAMES.map((timeframe, index): Shortcut => {
      const key = String(index + 1);
      return { keys: [key], shown: key, meaning: `${timeframe} candles`, run: () => { desk.setTimeframe(timeframe); } };
    });
    return [
      { keys: ["b"], shown: "B", meaning: "Ticket: buy", run: () => { send({ kind: "ticket", side: "buy" }); } },
      { keys: ["x"], shown: "X", meaning: "Ticket: sell", run: () => { send({ kind: "ticket", side: "sell" }); } },
      { keys: ["s"], shown: "S", meaning: "Switch symbol", run: nextSymbol },
      ...frames,
      { keys: [" "], shown: "Space", meaning: "Pause or resume the replay", run: () => { send({ kind: "replay-toggle" }); } },
      { keys: ["t"], shown: "T", meaning: "Theme: system, dark, light", run: nextTheme },
      { keys: ["/", "?"], shown: "/ or ?", meaning: "Show these shortcuts", run: help },
    ];
  }, [desk, help, symbols]);
}

export function Shell() {
  useThemeOnDocument();
  const desk = useDeskState();
  const [helping, setHelping] = useState(false);
  const help = useMemo(() => () => { setHelping(true); }, []);
  const shortcuts = useDeskShortcuts(desk, help);
  useShortcuts(shortcuts);
  return (
    <DeskContext value={desk}>
      <div className="flex min-h-dvh flex-col max-[699px]:h-dvh tall:h-dvh">
        <Header onHelp={help} />
        <Warnings symbol={desk.symbol} />
        <HaltNotice />
        <Outlet />
      </div>
      <AlertWatch />
      <SessionKeeper />
      <StepUpDialog />
      <Toaster />
      <ShortcutsDialog shortcuts={shortcuts} open={helping} onClose={() => { setHelping(false); }} />
    </DeskContext>
  );
}
