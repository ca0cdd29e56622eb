import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";

import { Checklist, Standing } from "../features/account/Standing";
import { EquityCurve } from "../features/portfolio/EquityCurve";
import { Positions } from "../features/portfolio/Positions";
import { Trades } from "../features/portfolio/Trades";
import { ProfilePage } from "../features/account/ProfilePage";
import { RiskProfile } from "../features/risk/RiskProfile";
import { openOrdersQuery, portfolioQuery, positionsQuery } from "../shared/api/queries";
import { useSession } from "../shared/api/session";
import type { Portfolio } from "../shared/api/types";
import { amount, direction, percent, signed, tone } from "../shared/lib/format";
import { Answer } from "../shared/ui/Answer";
import { Badge } from "../shared/ui/Badge";
import { Unit } from "../shared/ui/Facts";
import { PageBody } from "../shared/ui/Page";
import { Panel } from "../shared/ui/Panel";

/** The dashboard of one's own account: panels of several rooms, joined here. */
export function AccountHome() {
  const session = useSession();
  const portfolio = useQuery(portfolioQuery);
  if (session.kind !== "member") return null;
  return (
    <PageBody title={`Hello, ${session.me.person.name}`} lead="Your paper account and how it is guarded.">
      <Answer query={portfolio} what="your account">{(view) => <Figures view={view} />}</Answer>
      <div className="grid grid-cols-[minmax(0,1fr)] gap-3 md:grid-cols-2">
        <Panel title="Equity" className="h-72 rounded-md" bare><EquityCurve /></Panel>
        <Panel title="Positions" className="h-72 rounded-md" bare><Positions /></Panel>
        <Standing me={session.me} className="rounded-md" />
        <Checklist className="rounded-md" />
      </div>
      <Panel title="Last trades" className="max-h-96 rounded-md" bare><Trades /></Panel>
    </PageBody>
  );
}

function Card({ name, children }: { name: string; children: ReactNode }) {
  return (
    <li className="min-w-0 rounded-md bg-panel px-3 py-2.5">
      <span className="block text-2xs text-dim">{name}</span>
      <span className="block text-base font-semibold [overflow-wrap:anywhere]">{children}</span>
    </li>
  );
}

function Figures({ view }: { view: Portfolio }) {
  const orders = useQuery({ ...openOrdersQuery, select: (page) => page.items.length }).data;
  const positions = useQuery({ ...positionsQuery, select: (page) => page.items.filter((row) => direction(row.qty) !== 0).length }).data;
  return (
    <ul className="grid grid-cols-2 gap-2 md:grid-cols-4" aria-label="Figures">
      <Card name="Equity">{amount(view.equity)}<Unit>{view.asset}</Unit> {view.paper && <Badge tone="warn">PAPER</Badge>}</Card>
      <Card name="Profit since deposit"><span className={tone(view.profit)}>{signed(view.profit)}</span><Unit>{view.asset}</Unit> <span className={`text-xs font-normal ${tone(view.profit_pct)}`}>{percent(view.profit_pct)}</span></Card>
      <Card name="Profit today"><span className={tone(view.day_profit)}>{signed(view.day_profit)}</span><Unit>{view.asset}</Unit></Card>
      <Card name="Positions, open orders">{positions ?? "–"}, {orders ?? "–"}</Card>
    </ul>
  );
}

/** Who one is, and how much one wants to risk: two rooms on one page. */
export function ProfileAndRisk() {
  return (
    <ProfilePage>
      <RiskProfile />
    </ProfilePage>
  );
}
