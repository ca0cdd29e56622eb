import { useQuery } from "@tanstack/react-query";

import { marketsQuery } from "../../shared/api/queries";
import { useDesk } from "../../shared/lib/desk";
import { Segmented } from "../../shared/ui/Segmented";

/** The desk's instruments; the two of the spine stand in until the list is there. */
export const FIRST_SYMBOLS = ["ETH-USDT", "BTC-USDT"];

/** `short` leaves the quote asset out where there is no room for it. */
export function SymbolSwitch({ short = false }: { short?: boolean }) {
  const { symbol, setSymbol } = useDesk();
  const symbols = useQuery(marketsQuery).data?.items.map((market) => market.symbol) ?? FIRST_SYMBOLS;
  return (
    <Segmented
      label="Symbol"
      value={symbol}
      options={symbols.map((name) => ({ value: name, text: short ? (name.split("-")[0] ?? name) : name, title: `Show ${name} (S switches)` }))}
      onChange={setSymbol}
    />
  );
}
