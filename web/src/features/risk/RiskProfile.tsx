import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { changePerson, type PersonChange } from "../../shared/api/people";
import { changeRiskProfile, riskProfileQuery, type LimitsChange } from "../../shared/api/riskProfile";
import { useWrite } from "../../shared/api/useWrite";
import type { RiskProfile as Profile } from "../../shared/api/types";
import { amount, percentOf } from "../../shared/lib/format";
import { oneOf } from "../../shared/lib/storage";
import { Answer } from "../../shared/ui/Answer";
import { Field } from "../../shared/ui/Field";
import { Form, Send } from "../../shared/ui/forms";
import { about, Refusal } from "../../shared/ui/Notice";
import { Panel } from "../../shared/ui/Panel";
import { Segmented } from "../../shared/ui/Segmented";

const LEVELS = [
  { value: "conservative", text: "Conservative" },
  { value: "balanced", text: "Balanced" },
  { value: "aggressive", text: "Aggressive" },
] as const;

type Name = keyof Profile["limits"];
const CHANGED = [["risk-profile"], ["limits"], ["person"], ["me"], ["audit"]];

/** How much a person wants to risk: a level, and limits of one's own below the desk's. */
export function RiskProfile() {
  const profile = useQuery(riskProfileQuery);
  return (
    <Panel title="Risk profile" note="your own limits, within the desk's" className="rounded-md">
      <Answer query={profile} what="your risk profile">
        {(view) => (
          <div className="space-y-4">
            <Level level={view.risk_level} />
            <Limits key={JSON.stringify(view.limits)} profile={view} />
          </div>
        )}
      </Answer>
    </Panel>
  );
}

function Level({ level }: { level: string }) {
  const change = useWrite((risk_level: NonNullable<PersonChange["risk_level"]>) => changePerson({ risk_level }), { refresh: CHANGED, said: "Your risk level is changed", failed: "Your risk level was not changed" });
  return (
    <div className="flex flex-wrap items-center gap-3">
      <span className="text-xs">Risk level</span>
      <Segmented label="Risk level" value={oneOf(["conservative", "balanced", "aggressive"], level, "balanced")} options={LEVELS} onChange={(next) => { change.mutate(next); }} />
    </div>
  );
}

const FIELDS = [
  ["order_max", "Largest order", "USDT"],
  ["gross_max", "Gross exposure", "USDT"],
  ["daily_loss_max", "Loss in a day", "USDT"],
  ["risk_per_trade", "Risk of one trade", "of equity"],
] as const satisfies readonly (readonly [Name, string, string])[];

function shown(name: Name, value: string): string {
  return name === "risk_per_trade" ? percentOf(value) : amount(value, 0);
}

function Limits({ profile }: { profile: Profile }) {
  const [draft, setDraft] = useState<Record<Name, string>>({ ...profile.limits });
  const change = useWrite(changeRiskProfile, { refresh: CHANGED, said: "Your limits are changed" });
  const changed = FIELDS.map(([name]) => name).filter((name) => draft[name].trim() !== profile.limits[name]);
  const body: LimitsChange = Object.fromEntries(changed.map((name) => [name, draft[name].trim()]));
  return (
    <Form label="Limits" onSend={() => { if (changed.length > 0 && !change.isPending) change.mutate(body); }}>
      <Refusal error={change.error} fields={FIELDS.map(([name]) => name)} />
      <div className="grid gap-3 @md:grid-cols-2 @3xl:grid-cols-4">
        {FIELDS.map(([name, label, unit]) => (
          <Field
            key={name}
            label={label}
            name={name}
            unit={unit}
            inputMode="decimal"
            value={draft[name]}
            aside={<>most {shown(name, profile.platform[name])}</>}
            problem={about(change.error, name)}
            onChange={(event) => { setDraft({ ...draft, [name]: event.currentTarget.value.replace(",", ".") }); }}
          />
        ))}
      </div>
            <div className="flex items-center gap-3">
        <Send busy={change.isPending} disabled={change.isPending || changed.length === 0}>Save limits</Send>
        <span className="text-2xs text-dim">{profile.note}</span>
      </div>
    </Form>
  );
}
