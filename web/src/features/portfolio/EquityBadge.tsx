import { useQuery } from "@tanstack/react-query";

import { portfolioQuery } from "../../shared/api/queries";
import { amount, signed, tone } from "../../shared/lib/format";
import { Unit } from "../../shared/ui/Facts";

/** The account in two lines: what it is worth, and what the day brought. */
export function EquityBadge() {
  const { data, isError } = useQuery(portfolioQuery);
  return (
    <div className="min-w-0 text-right leading-tight" title="Equity of the paper account and its profit since 00:00 UTC">
      <p className="text-xs font-semibold">
        {isError && data === undefined ? "no account" : amount(data?.equity)}
        <Unit>{data?.asset ?? "USDT"}</Unit>
      </p>
      <p className="text-2xs text-dim">
        day <span className={tone(data?.day_profit)}>{signed(data?.day_profit)}</span>
      </p>
    </div>
  );
}
