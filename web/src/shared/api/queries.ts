import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";

import { hearClock } from "../lib/clock";
import { api, unwrap } from "./client";
import type { LiveBar, Page, PriceTick, Timeframe } from "./types";

/** Every read of the desk. The first word of a key names its family; app/cache.ts merges into them. */
const BARS_PER_PAGE = 500;
const ROWS_PER_PAGE = 50;

const after = <T>(page: Page<T>): string | null => page.next;
const first = null as string | null;

function paged(cursor: string | null): { limit: number; cursor?: string } {
  return cursor === null ? { limit: ROWS_PER_PAGE } : { limit: ROWS_PER_PAGE, cursor };
}

export const feedQuery = queryOptions({
  queryKey: ["feed"],
  queryFn: async ({ signal }) => {
    const feed = await unwrap(api.GET("/api/feed", { signal }));
    hearClock(feed);
    return feed;
  },
});

export const marketsQuery = queryOptions({
  queryKey: ["markets"],
  queryFn: ({ signal }) => unwrap(api.GET("/api/markets", { signal })),
  // Prices stream; the day's high, low and volume are worth a look every half minute.
  refetchInterval: 30_000,
});

/** Filled by the socket only: null until the first tick. */
export const priceQuery = (symbol: string) =>
  queryOptions({
    queryKey: ["price", symbol],
    queryFn: () => null as PriceTick | null,
    initialData: null as PriceTick | null,
    enabled: false,
    gcTime: Infinity,
  });

/** The growing bar, filled by the socket only. */
export const liveBarQuery = (symbol: string, timeframe: Timeframe) =>
  queryOptions({
    queryKey: ["bar", symbol, timeframe],
    queryFn: () => null as LiveBar | null,
    initialData: null as LiveBar | null,
    enabled: false,
  });

export const candlesQuery = (symbol: string, timeframe: Timeframe) =>
  infiniteQueryOptions({
    queryKey: ["candles", symbol, timeframe],
    queryFn: ({ pageParam, signal }) => {
      const page = pageParam === null ? {} : { cursor: pageParam };
      const query = { symbol, timeframe, limit: BARS_PER_PAGE, ...page };
      return unwrap(api.GET("/api/candles", { params: { query }, signal }));
    },
    initialPageParam: first,
    getNextPageParam: after,
    staleTime: Infinity,
  });

export const indicatorsQuery = (symbol: string, timeframe: Timeframe) =>
  infiniteQueryOptions({
    queryKey: ["indicators", symbol, timeframe],
    queryFn: ({ pageParam, signal }) => {
      const page = pageParam === null ? {} : { to: pageParam };
      const query = { symbol, timeframe, limit: BARS_PER_PAGE, ...page };
      return unwrap(api.GET("/api/indicators", { params: { query }, signal }));
    },
    initialPageParam: first,
    // This list has no cursor: the next page ends where this one begins, and an end in sight stops it.
    getNextPageParam: (page, _pages, asked) => {
      const oldest = page.items[0]?.open_time;
      return oldest === undefined || oldest === asked || page.items.length < BARS_PER_PAGE ? null : oldest;
    },
    staleTime: Infinity,
  });

export const patternsQuery = (symbol: string, timeframe: Timeframe) =>
  infiniteQueryOptions({
    queryKey: ["patterns", symbol, timeframe],
    queryFn: ({ pageParam, signal }) => {
      const query = { symbol, timeframe, ...paged(pageParam) };
      return unwrap(api.GET("/api/patterns", { params: { query }, signal }));
    },
    initialPageParam: first,
    getNextPageParam: after,
  });

export const signalsQuery = (symbol: string, timeframe: Timeframe) =>
  infiniteQueryOptions({
    queryKey: ["signals", symbol, timeframe],
    queryFn: ({ pageParam, signal }) => {
      const query = { symbol, timeframe, ...paged(pageParam) };
      return unwrap(api.GET("/api/signals", { params: { query }, signal }));
    },
    initialPageParam: first,
    getNextPageParam: after,
  });

/** Only the BUYs and SELLs: a HOLD comes with every bar and would push them off the page. */
export const ideasQuery = (symbol: string, timeframe: Timeframe) =>
  infiniteQueryOptions({
    queryKey: ["ideas", symbol, timeframe],
    queryFn: ({ pageParam, signal }) => {
      const query = { symbol, timeframe, direction: "BUY,SELL", ...paged(pageParam) };
      return unwrap(api.GET("/api/signals", { params: { query }, signal }));
    },
    initialPageParam: first,
    getNextPageParam: after,
  });

export const signalStatsQuery = queryOptions({
  queryKey: ["signal-stats"],
  queryFn: ({ signal }) => unwrap(api.GET("/api/signals/stats", { signal })),
});

export const openOrdersQuery = queryOptions({
  queryKey: ["orders", "open"],
  queryFn: ({ signal }) =>
    unwrap(api.GET("/api/orders", { params: { query: { status: "open", limit: 200 } }, signal })),
});

export const doneOrdersQuery = infiniteQueryOptions({
  queryKey: ["orders", "done"],
  queryFn: ({ pageParam, signal }) => {
    const query = { status: "done", ...paged(pageParam) } as const;
    return unwrap(api.GET("/api/orders", { params: { query }, signal }));
  },
  initialPageParam: first,
  getNextPageParam: after,
});

export const tradesQuery = infiniteQueryOptions({
  queryKey: ["trades"],
  queryFn: ({ pageParam, signal }) =>
    unwrap(api.GET("/api/trades", { params: { query: paged(pageParam) }, signal })),
  initialPageParam: first,
  getNextPageParam: after,
});

export const positionsQuery = queryOptions({
  queryKey: ["positions"],
  queryFn: ({ signal }) => unwrap(api.GET("/api/positions", { signal })),
});

export const portfolioQuery = queryOptions({
  queryKey: ["portfolio"],
  queryFn: ({ signal }) => unwrap(api.GET("/api/portfolio", { signal })),
});

export const equityQuery = queryOptions({
  queryKey: ["equity"],
  queryFn: ({ signal }) =>
    unwrap(api.GET("/api/portfolio/equity", { params: { query: { limit: 500 } }, signal })),
  // The socket adds points as they come; asking anew puts the desk's own minutes in their place.
  refetchInterval: 60_000,
});

export const limitsQuery = queryOptions({
  queryKey: ["limits"],
  queryFn: ({ signal }) => unwrap(api.GET("/api/risk/limits", { signal })),
});

export const judgementsQuery = infiniteQueryOptions({
  queryKey: ["judgements"],
  queryFn: ({ pageParam, signal }) =>
    unwrap(api.GET("/api/risk/judgements", { params: { query: paged(pageParam) }, signal })),
  initialPageParam: first,
  getNextPageParam: after,
});

export const systemQuery = queryOptions({
  queryKey: ["system"],
  queryFn: ({ signal }) => unwrap(api.GET("/api/system", { signal })),
  refetchInterval: 5000,
});
