import { useQuery } from "@tanstack/react-query";
import { Link, Navigate, useLocation } from "@tanstack/react-router";
import type { ReactNode } from "react";

import { leave, may, methodsQuery, useSession, type Session } from "../shared/api/session";
import { Answer, Empty } from "../shared/ui/Answer";
import { Icon } from "../shared/ui/Icon";
import { SectionLayout, type Section } from "./SectionLayout";

const OWN: readonly Section[] = [
  { to: "/account", name: "Dashboard", icon: "chart" },
  { to: "/account/profile", name: "Profile and risk", icon: "person" },
  { to: "/account/security", name: "Security", icon: "shield" },
  { to: "/account/withdrawals", name: "Withdrawals", icon: "wallet" },
  { to: "/account/identity", name: "Identity", icon: "finger" },
  { to: "/account/webhooks", name: "Webhooks", icon: "hook" },
  { to: "/account/audit", name: "Audit trail", icon: "list" },
  { to: "/account/privacy", name: "Privacy", icon: "eye" },
];

const DESK: readonly (Section & { scope: string })[] = [
  { to: "/admin", name: "Overview", icon: "chart", scope: "admin:read" },
  { to: "/admin/people", name: "People", icon: "people", scope: "support:read" },
  { to: "/admin/kyc", name: "Identity checks", icon: "finger", scope: "support:read" },
  { to: "/admin/withdrawals", name: "Withdrawals", icon: "wallet", scope: "support:read" },
  { to: "/admin/audit", name: "Audit trail", icon: "list", scope: "support:read" },
  { to: "/admin/limits", name: "Limits and features", icon: "sliders", scope: "admin:read" },
  { to: "/admin/security", name: "Security events", icon: "shield", scope: "admin:read" },
];

function Words({ title, children }: { title: string; children: ReactNode }) {
  return (
    <main className="flex flex-1 flex-col items-center justify-center p-8">
      <Empty title={title}>{children}</Empty>
      <Link to="/" className="text-xs text-accent hover:underline">← Back to the desk</Link>
    </main>
  );
}

/** Only for whoever is signed in; a stranger signs in first and comes back here. */
function Guarded({ children }: { children: (session: Session & { kind: "member" }) => ReactNode }) {
  const session = useSession();
  const methods = useQuery(methodsQuery);
  const place = useLocation({ select: (location) => location.pathname });
  if (session.kind === "member") return children(session);
  if (session.kind === "stranger") return <Navigate to="/sign-in" search={{ to: place }} replace />;
  if (session.kind === "demo") return <Words title="This desk has no accounts">It runs as a demo for one local person. Started without --demo it has.</Words>;
  return <main className="flex-1"><Answer query={methods} what="your session">{() => null}</Answer></main>;
}

function SignOut() {
  return (
    <button
      type="button"
      className="flex h-8 shrink-0 items-center gap-2 rounded px-2.5 text-xs whitespace-nowrap text-dim hover:bg-raised hover:text-ink pointer-coarse:h-10 md:mt-auto"
      onClick={() => void leave()}
    >
      <Icon name="leave" className="size-4" />
      Sign out
    </button>
  );
}

export function AccountArea() {
  return <Guarded>{() => <SectionLayout label="Account" sections={OWN} last={<SignOut />} />}</Guarded>;
}

export function AdminArea() {
  return (
    <Guarded>
      {(session) => {
        const sections = DESK.filter((section) => may(session, section.scope));
        if (sections.length === 0) return <Words title="There is no such page.">Or it is not for you.</Words>;
        return <SectionLayout label="Administration" sections={sections} last={<SignOut />} />;
      }}
    </Guarded>
  );
}
