import { useQuery } from "@tanstack/react-query";
import { useState, type ReactNode } from "react";

import { changePerson, personQuery, type PersonChange, type PreferencesChange } from "../../shared/api/people";
import { marketsQuery } from "../../shared/api/queries";
import { useWrite } from "../../shared/api/useWrite";
import { TIMEFRAMES, type Person, type Preferences } from "../../shared/api/types";
import { oneOf } from "../../shared/lib/storage";
import { themeChoice } from "../../shared/lib/theme";
import { fullStamp } from "../../shared/lib/time";
import { Answer } from "../../shared/ui/Answer";
import { Badge } from "../../shared/ui/Badge";
import { Fact, Facts } from "../../shared/ui/Facts";
import { Field, Switch } from "../../shared/ui/Field";
import { Form, Select, Send } from "../../shared/ui/forms";
import { about, Refusal } from "../../shared/ui/Notice";
import { PageBody } from "../../shared/ui/Page";
import { Panel } from "../../shared/ui/Panel";

const CHANGED = [["person"], ["me"], ["risk-profile"], ["audit"]];

/** The person's own words and wishes; `children` are panels of other rooms that belong here. */
export function ProfilePage({ children }: { children?: ReactNode }) {
  const person = useQuery(personQuery);
  return (
    <PageBody title="Profile" lead="What you are called and how the desk looks to you.">
      <div className="grid grid-cols-[minmax(0,1fr)] items-start gap-3 md:grid-cols-2">
        <Panel title="You" className="rounded-md">
          <Answer query={person} what="your profile">{(view) => <You key={view.id} person={view} />}</Answer>
        </Panel>
        <Panel title="Preferences" className="rounded-md">
          <Answer query={person} what="your preferences">{(view) => <Wishes key={view.id} person={view} />}</Answer>
        </Panel>
      </div>
      {children}
    </PageBody>
  );
}

function useChange(said: string) {
  return useWrite((change: PersonChange) => changePerson(change), { refresh: CHANGED, said });
}

function You({ person }: { person: Person }) {
  const [name, setName] = useState(person.name);
  const [email, setEmail] = useState(person.email ?? "");
  const change = useChange("Your profile is saved");
  const body: PersonChange = {
    ...(name.trim() === person.name ? {} : { name: name.trim() }),
    ...(email.trim() === (person.email ?? "") || email.trim() === "" ? {} : { email: email.trim() }),
  };
  return (
    <div className="space-y-3">
      <Form label="Profile" onSend={() => { if (!change.isPending && Object.keys(body).length > 0) change.mutate(body); }}>
        <Refusal error={change.error} fields={["name", "email"]} />
        <Field label="Name" name="name" autoComplete="nickname" maxLength={80} value={name} problem={about(change.error, "name")} onChange={(event) => { setName(event.currentTarget.value); }} />
        <Field
          label="E-mail"
          name="email"
          type="email"
          autoComplete="email"
          maxLength={254}
          value={email}
          problem={about(change.error, "email")}
          aside={person.email !== null && (person.email_verified ? "verified" : "not verified")}
          onChange={(event) => { setEmail(event.currentTarget.value); }}
        />
        <Send busy={change.isPending} disabled={change.isPending || Object.keys(body).length === 0}>Save</Send>
      </Form>
      <Facts label="Membership">
        <Fact name="Membership"><Badge tone="accent">{person.role}</Badge></Fact>
        <Fact name="Your referral code"><span className="font-mono select-all">{person.referral_code}</span></Fact>
        <Fact name="Referred by somebody">{person.referred ? "yes" : "no"}</Fact>
        <Fact name="Here since">{fullStamp(person.created_at)}</Fact>
        <Fact name="Id"><span className="font-mono select-all [overflow-wrap:anywhere]">{person.id}</span></Fact>
      </Facts>
    </div>
  );
}

const THEMES = [
  { value: "system", text: "as the system" },
  { value: "dark", text: "dark" },
  { value: "light", text: "light" },
] as const;

function wishesOf(known: Preferences): PreferencesChange {
  return { ...known, theme: oneOf(["system", "dark", "light"], known.theme, "system"), timeframe: oneOf(TIMEFRAMES, known.timeframe, "5m") };
}

function Wishes({ person }: { person: Person }) {
  const [wishes, setWishes] = useState(() => wishesOf(person.preferences));
  const change = useChange("Your preferences are saved");
  const markets = useQuery(marketsQuery).data?.items.map((market) => market.symbol) ?? [];
  const symbols = [...new Set([wishes.symbol, ...markets])];
  const set = (part: Partial<PreferencesChange>) => { setWishes({ ...wishes, ...part }); };
  const same = JSON.stringify(wishes) === JSON.stringify(person.preferences);
  return (
    <Form
      label="Preferences"
      onSend={() => {
        themeChoice.write(wishes.theme);
        change.mutate({ preferences: wishes });
      }}
    >
      <Refusal error={change.error} />
      <Select label="Theme" value={wishes.theme} options={THEMES} onChange={(event) => { set({ theme: oneOf(["system", "dark", "light"], event.currentTarget.value, "system") }); }} />
      <div className="grid grid-cols-2 gap-3">
        <Select label="First symbol" value={wishes.symbol} options={symbols.map((value) => ({ value, text: value }))} onChange={(event) => { set({ symbol: event.currentTarget.value }); }} />
        <Select label="First timeframe" value={wishes.timeframe} options={TIMEFRAMES.map((value) => ({ value, text: value }))} onChange={(event) => { set({ timeframe: oneOf(TIMEFRAMES, event.currentTarget.value, wishes.timeframe) }); }} />
      </div>
      <Wish text="Sounds with alerts" on={wishes.sounds} onChange={(sounds) => { set({ sounds }); }} />
      <Send busy={change.isPending} disabled={change.isPending || same}>Save</Send>
    </Form>
  );
}

function Wish({ text, on, onChange }: { text: string; on: boolean; onChange: (on: boolean) => void }) {
  return (
    <div className="flex items-center justify-between gap-3 text-xs">
      <span>{text}</span>
      <Switch label={text} on={on} onChange={onChange} />
    </div>
  );
}
