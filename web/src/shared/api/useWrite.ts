import { useMutation, useQueryClient, type QueryKey } from "@tanstack/react-query";

import { toast, toastFailure } from "../ui/toasts";

interface Afterwards<O> {
  /** Queries that are out of date afterwards. */
  refresh?: readonly QueryKey[];
  /** Said in the corner when it is done. */
  said?: string;
  /** Said in the corner when it is not; without it the form itself shows the refusal. */
  failed?: string;
  onDone?: (output: O) => void;
}

/** One write of a page: what it makes out of date is asked again, what became of it is said. */
export function useWrite<O, I = void>(write: (input: I) => Promise<O>, { refresh = [], said, failed, onDone }: Afterwards<O> = {}) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: write,
    onSuccess: (output) => {
      for (const queryKey of refresh) void client.invalidateQueries({ queryKey });
      if (said !== undefined) toast("up", said);
      onDone?.(output);
    },
    onError: (error) => {
      if (failed !== undefined) toastFailure(failed, error);
    },
  });
}
