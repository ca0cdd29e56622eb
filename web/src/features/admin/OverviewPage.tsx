import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";

import { overviewQuery } from "../../shared/api/admin";
import type { Overview } from "../../shared/api/types";
import { amount } from "../../shared/lib/format";
import { Answer } from "../../shared/ui/Answer";
import { Notice } from "../../shared/ui/Notice";
import { PageBody } from "../../shared/ui/Page";
import { Panel } from "../../shared/ui/Panel";

export function OverviewPage() {
  const overview = useQuery(overviewQuery);
  return (
    <PageBody title="Overview" lead="The desk at a glance, and what waits for a decision.">
      <Answer query={overview} what="the overview">
        {(view) => (
          <>
            {view.halted && <Notice tone="bad" role="alert">Trading is halted.</Notice>}
            <Figures view={view} />
            <Roles view={view} />
          </>
        )}
      </Answer>
    </PageBody>
  );
}

function count(value: number): string {
  return amount(String(value), 0);
}

function Figures({ view }: { view: Overview }) {
  const cards = [
    ["People", view.people, "/admin/people", false],
    ["Sessions open", view.active_sessions, "/admin/people", false],
    ["Identity checks waiting", view.kyc_pending, "/admin/kyc", view.kyc_pending > 0],
    ["Withdrawals waiting", view.withdrawals_pending, "/admin/withdrawals", view.withdrawals_pending > 0],
    ["Security events in 24 h", view.security_events_24h, "/admin/security", view.security_events_24h > 0],
  ] as const;
  return (
    <ul className="grid grid-cols-2 gap-2 md:grid-cols-5" aria-label="Figures">
      {cards.map(([name, value, to, waiting]) => (
        <li key={name}>
          <Link to={to} className="block h-full rounded-md border border-line bg-panel px-3 py-2.5 hover:border-edge">
            <span className={`block text-xl font-semibold ${waiting ? "text-warn" : ""}`}>{count(value)}</span>
            <span className="block text-2xs text-dim">{name}</span>
          </Link>
        </li>
      ))}
    </ul>
  );
}

/** How people spread over the roles: bars against the largest. */
function Roles({ view }: { view: Overview }) {
  const rows = Object.entries(view.people_by_role as Record<string, number>);
  const most = Math.max(1, ...rows.map(([, people]) => people));
  return (
    <Panel title="People by role" className="rounded-md">
      <ul className="max-w-lg space-y-1.5">
        {rows.map(([role, people]) => (
          <li key={role} className="grid grid-cols-[6rem_minmax(0,1fr)_3rem] items-center gap-2 text-xs">
            <span className="text-dim">{role}</span>
            <span className="h-2 rounded-full bg-line"><span className="block h-full rounded-full bg-accent" style={{ width: `${Math.round((people / most) * 100)}%` }} /></span>
            <span className="text-right">{count(people)}</span>
          </li>
        ))}
      </ul>
    </Panel>
  );
}
