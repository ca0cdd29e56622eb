import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";

import { credentialsQuery, factorsQuery, personQuery } from "../../shared/api/people";
import type { Factors, Me, Person } from "../../shared/api/types";
import { KYC_LEVELS, KYC_TONES } from "../../shared/lib/words";
import { Answer } from "../../shared/ui/Answer";
import { Badge } from "../../shared/ui/Badge";
import { Fact, Facts } from "../../shared/ui/Facts";
import { Icon } from "../../shared/ui/Icon";
import { Panel } from "../../shared/ui/Panel";

/** Membership and identity: what the person may do here. */
export function Standing({ me, className = "" }: { me: Me; className?: string }) {
  const person = useQuery(personQuery);
  return (
    <Panel title="Membership" className={className}>
      <Answer query={person} what="your profile">{(view) => <Membership person={view} me={me} />}</Answer>
    </Panel>
  );
}

function Membership({ person, me }: { person: Person; me: Me }) {
  const { features } = me;
  return (
    <Facts label="Membership">
      <Fact name="Level"><Badge tone="accent">{person.role}</Badge></Fact>
      <Fact name="Signals of">{features.timeframes.join(", ")}</Fact>
      <Fact name="Votes behind a signal">{features.votes ? "shown" : "hidden"}</Fact>
      <Fact name="Automatic trading">{features.auto_trade ? "possible" : "not included"}</Fact>
      <Fact name="API keys, webhooks">{features.api_keys}, {features.webhooks}</Fact>
      <Fact name="Risk level">{person.risk_level}</Fact>
      <Fact name="Identity">
        <Link to="/account/identity" className="hover:underline">
          <Badge tone={KYC_TONES[person.kyc] ?? "neutral"}>{person.kyc}</Badge> {KYC_LEVELS[person.kyc_level] ?? ""}
        </Link>
      </Fact>
    </Facts>
  );
}

interface Point {
  done: boolean;
  text: string;
  hint: string;
}

function points(factors: Factors, kinds: readonly string[]): Point[] {
  const second = factors.totp || factors.passkeys > 0;
  const found = [
    { done: second, text: "A second factor", hint: "Set up an authenticator app or add a passkey" },
    { done: kinds.length > 1, text: "A second way to sign in", hint: "If you lose the only one, nobody can let you in" },
  ];
  if (factors.totp) found.push({ done: factors.recovery_codes_left > 2, text: "Recovery codes at hand", hint: "Few are left: make new ones" });
  return found;
}

/** What makes the account safe, and what is missing. */
export function Checklist({ className = "" }: { className?: string }) {
  const factors = useQuery(factorsQuery);
  const kinds = useQuery(credentialsQuery).data?.items.map((one) => one.kind) ?? [];
  return (
    <Panel title="Security checklist" className={className} actions={<Link to="/account/security" className="text-2xs text-accent hover:underline">Security</Link>}>
      <Answer query={factors} what="your second factors">
        {(view) => (
          <ul className="space-y-2">
            {points(view, kinds).map((point) => (
              <li key={point.text} className="flex items-start gap-2 text-xs">
                <Icon name={point.done ? "check" : "warn"} className={`mt-px size-4 ${point.done ? "text-up" : "text-warn"}`} />
                <span>
                  {point.text}
                  <span className="sr-only">{point.done ? ": done" : ": missing"}</span>
                  {!point.done && <span className="block text-2xs text-dim">{point.hint}</span>}
                </span>
              </li>
            ))}
          </ul>
        )}
      </Answer>
    </Panel>
  );
}
