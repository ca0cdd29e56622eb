import { QueryClient } from "@tanstack/react-query";

import { mayRetry } from "../shared/api/problem";

/** The socket keeps data fresh; queries refetch only when it says so, or after a failure. */
export function makeQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: 60_000,
        gcTime: 10 * 60_000,
        refetchOnWindowFocus: false,
        retry: (failures, error) => failures < 2 && mayRetry(error),
        retryDelay: (failures) => Math.min(5000, 500 * 2 ** failures),
      },
      // A write is repeated only by the trader, who can see whether it is still wanted.
      mutations: { retry: false },
    },
  });
}
