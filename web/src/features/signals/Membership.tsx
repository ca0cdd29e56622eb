import type { Timeframe } from "../../shared/api/types";
import { useMaySignals, useSession } from "../../shared/api/session";
import { useDesk } from "../../shared/lib/desk";
import { oneOf } from "../../shared/lib/storage";
import { Button } from "../../shared/ui/Button";
import { Empty } from "../../shared/ui/Answer";

const ALL = ["1m", "5m", "15m", "1h", "4h", "1d"] as const satisfies readonly Timeframe[];

/** Whether signals of this timeframe are the caller's to see; otherwise what stands in their place. */
export function useMembership(timeframe: Timeframe) {
  const included = useMaySignals(timeframe);
  return { included, instead: <NotIncluded timeframe={timeframe} /> };
}

function NotIncluded({ timeframe }: { timeframe: Timeframe }) {
  const session = useSession();
  const { setTimeframe } = useDesk();
  const own = session.kind === "member" ? session.me.features.timeframes : [];
  const first = own[0];
  return (
    <div className="flex h-full flex-col items-center justify-center gap-2 pb-3">
      <div>
        <Empty title={`${timeframe} signals are not in your membership`}>Yours brings those of {own.join(", ")}. Market data is open on every timeframe.</Empty>
      </div>
      {first !== undefined && <Button size="tiny" onClick={() => { setTimeframe(oneOf(ALL, first, "1h")); }}>Show {first}</Button>}
    </div>
  );
}
