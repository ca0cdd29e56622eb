import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { featuresQuery, switchFeature } from "../../shared/api/admin";
import { adminLimitsQuery, changePlatformLimits } from "../../shared/api/review";
import type { LimitsChange } from "../../shared/api/riskProfile";
import { useMay } from "../../shared/api/session";
import { useWrite } from "../../shared/api/useWrite";
import type { AdminLimits, Feature } from "../../shared/api/types";
import { stamp } from "../../shared/lib/time";
import { sentence } from "../../shared/lib/words";
import { Answer, Empty } from "../../shared/ui/Answer";
import { DataTable, type Column } from "../../shared/ui/DataTable";
import { Field, Switch } from "../../shared/ui/Field";
import { Form, Send } from "../../shared/ui/forms";
import { about, Refusal } from "../../shared/ui/Notice";
import { PageBody, Row } from "../../shared/ui/Page";
import { Panel } from "../../shared/ui/Panel";

export function LimitsPage() {
  const limits = useQuery(adminLimitsQuery);
  return (
    <PageBody title="Limits and features" lead="What nobody at this desk may exceed, and which parts of it are open.">
      <Features />
      <Panel title="Risk limits of the desk" className="rounded-md">
        <Answer query={limits} what="the desk's limits">{(view) => <RiskLimits key={names.map((name) => view[name]).join()} view={view} />}</Answer>
      </Panel>
      <Panel title="Rate limits" note="by tier and kind of call" className="rounded-md" bare>
        <Answer query={limits} what="rate limits" empty={{ when: (view) => Object.keys(view.rates).length === 0, show: <Empty title="None" /> }}>
          {(view) => <DataTable label="Rate limits" columns={RATES} rows={rates(view)} rowKey={(row) => `${row.tier} ${row.kind}`} />}
        </Answer>
      </Panel>
    </PageBody>
  );
}

interface Rate {
  tier: string;
  kind: string;
  limit: string;
}

const RATES: Column<Rate>[] = [
  { head: "Tier", cell: (row) => row.tier },
  { head: "Calls", cell: (row) => row.kind },
  { head: "At most", right: true, cell: (row) => row.limit.replace("/", " a ") },
];

function rates(view: AdminLimits): Rate[] {
  return Object.entries(view.rates).flatMap(([tier, kinds]) => Object.entries(kinds).map(([kind, limit]) => ({ tier, kind, limit })));
}

const NAMES = { order_max: "Largest order", gross_max: "Gross exposure", daily_loss_max: "Loss in a day", risk_per_trade: "Risk of one trade" } as const;
type Name = keyof typeof NAMES;
const names = Object.keys(NAMES) as Name[];

function RiskLimits({ view }: { view: AdminLimits }) {
  const [draft, setDraft] = useState(() => ({ order_max: view.order_max, gross_max: view.gross_max, daily_loss_max: view.daily_loss_max, risk_per_trade: view.risk_per_trade }));
  const mayChange = useMay("admin:write");
  const change = useWrite(changePlatformLimits, { refresh: [["admin"], ["limits"], ["risk-profile"], ["audit"]], said: "The desk's limits are changed" });
  const changed = names.filter((name) => draft[name].trim() !== view[name]);
  const body: LimitsChange = Object.fromEntries(changed.map((name) => [name, draft[name].trim()]));
  return (
    <Form label="Risk limits of the desk" onSend={() => { if (changed.length > 0 && !change.isPending) change.mutate(body); }}>
      <Refusal error={change.error} fields={names} />
      <div className="grid gap-3 @md:grid-cols-2 @3xl:grid-cols-4">
        {names.map((name) => (
          <Field
            key={name}
            label={NAMES[name]}
            name={name}
            inputMode="decimal"
            unit={name === "risk_per_trade" ? "of equity" : "USDT"}
            disabled={!mayChange}
            value={draft[name]}
            problem={about(change.error, name)}
            onChange={(event) => { setDraft({ ...draft, [name]: event.currentTarget.value.replace(",", ".") }); }}
          />
        ))}
      </div>
      {mayChange && <Send busy={change.isPending} disabled={change.isPending || changed.length === 0}>Change for everybody</Send>}
    </Form>
  );
}

function Features() {
  const features = useQuery(featuresQuery);
  return (
    <Panel title="Feature switches" className="rounded-md" bare>
      <Answer query={features} what="feature switches" empty={{ when: (page) => page.items.length === 0, show: <Empty title="None" /> }}>
        {(page) => (
          <ul aria-label="Feature switches">
            {page.items.map((feature) => (
              <OneFeature key={feature.name} feature={feature} />
            ))}
          </ul>
        )}
      </Answer>
    </Panel>
  );
}

function OneFeature({ feature }: { feature: Feature }) {
  const mayChange = useMay("admin:write");
  const change = useWrite(switchFeature, { refresh: [["admin"], ["methods"], ["audit"]], said: `${sentence(feature.name)} is switched`, failed: `${sentence(feature.name)} was not switched` });
  const last = feature.changed_at === null ? "never changed" : `changed ${stamp(feature.changed_at)} UTC by ${feature.changed_by ?? "nobody known"}`;
  return (
    <Row title={sentence(feature.name)} detail={<>{feature.description} <span className="text-dim">({last})</span></>}>
      <Switch label={sentence(feature.name)} on={feature.enabled} disabled={!mayChange || change.isPending} onChange={(enabled) => { change.mutate({ name: feature.name, enabled }); }} />
    </Row>
  );
}
