import { createContext, useContext } from "react";

import type { Timeframe } from "../api/types";

/** What the trader looks at; it lives in the address, so that a reload or a bookmark keeps it. */
export interface Desk {
  symbol: string;
  timeframe: Timeframe;
  setSymbol: (symbol: string) => void;
  setTimeframe: (timeframe: Timeframe) => void;
}

export const DeskContext = createContext<Desk | null>(null);

export function useDesk(): Desk {
  const desk = useContext(DeskContext);
  if (desk === null) throw new Error("DeskContext is missing above this component");
  return desk;
}
