import { useQuery } from "@tanstack/react-query";

import { feedQuery, portfolioQuery } from "../../shared/api/queries";
import { may, useSession } from "../../shared/api/session";
import { Badge, type Tone } from "../../shared/ui/Badge";

const TONES: Record<string, Tone> = { LIVE: "up", REPLAY: "accent", SIMULATED: "violet" };
const MEANING: Record<string, string> = {
  LIVE: "Prices come from the exchange as they happen",
  REPLAY: "Recorded prices, played as if they were live",
  SIMULATED: "Prices are made up by a seeded simulation",
};

/** Where prices come from, and that the money is paper. Never hidden, on any screen. */
export function Badges() {
  const feed = useQuery(feedQuery).data;
  const session = useSession();
  const paper = useQuery({ ...portfolioQuery, enabled: may(session, "portfolio:read") }).data?.paper ?? true;
  const badge = feed?.badge ?? "NO FEED";
  return (
    <span className="flex min-w-0 flex-wrap items-center gap-1">
      <Badge tone={TONES[badge] ?? "warn"} title={MEANING[badge] ?? "The feed has not been heard yet"}>
        {badge}
      </Badge>
      {session.kind === "demo" && (
        <Badge tone="violet" title="This desk runs for one local person: nobody signs in, and it listens on this machine only">
          DEMO
        </Badge>
      )}
      {paper && (
        <Badge tone="warn" title="Orders fill at a paper venue; no real money moves">
          PAPER
        </Badge>
      )}
    </span>
  );
}
