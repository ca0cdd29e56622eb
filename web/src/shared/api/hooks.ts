import { useQuery, type InfiniteData } from "@tanstack/react-query";

import { placesOf } from "../lib/format";
import { marketsQuery, priceQuery } from "./queries";
import type { DecimalString, Market, Page } from "./types";

export function useMarket(symbol: string): Market | undefined {
  return useQuery(marketsQuery).data?.items.find((market) => market.symbol === symbol);
}

export interface Words {
  base: string;
  quote: string;
  pricePlaces: number;
  lotPlaces: number;
}

/** Units and decimals of a symbol; its name says enough until the market list is there. */
export function useWords(symbol: string): Words {
  const market = useMarket(symbol);
  const [base = symbol, quote = ""] = symbol.split("-");
  return {
    base: market?.base ?? base,
    quote: market?.quote ?? quote,
    pricePlaces: placesOf(market?.tick),
    lotPlaces: placesOf(market?.lot, 4),
  };
}

export interface LastPrice {
  price: DecimalString | null;
  at: string | null;
}

/** The streamed price, or the market list's until the first tick. */
export function useLastPrice(symbol: string): LastPrice {
  const tick = useQuery(priceQuery(symbol)).data;
  const market = useMarket(symbol);
  if (tick !== null) return { price: tick.price, at: tick.at };
  return { price: market?.price ?? null, at: market?.price_at ?? null };
}

/** All loaded rows of a paged list, first page first. */
export function flat<T>(pages: InfiniteData<Page<T>> | undefined): T[] {
  return pages?.pages.flatMap((page) => page.items) ?? [];
}
