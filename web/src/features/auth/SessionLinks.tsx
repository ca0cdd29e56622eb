import { Link } from "@tanstack/react-router";

import { may, useSession } from "../../shared/api/session";
import { Icon, type IconName } from "../../shared/ui/Icon";

function IconLink({ to, label, icon }: { to: "/account" | "/admin"; label: string; icon: IconName }) {
  return (
    <Link
      to={to}
      aria-label={label}
      title={label}
      className="inline-flex size-7 pointer-coarse:size-9 items-center justify-center rounded text-dim hover:bg-raised hover:text-ink"
      activeProps={{ className: "bg-raised text-ink" }}
    >
      <Icon name={icon} />
    </Link>
  );
}

/** The way in for a stranger, the way to one's own things for everybody else. */
export function SessionLinks() {
  const session = useSession();
  if (session.kind === "stranger") {
    return (
      <Link
        to="/sign-in"
        className="ml-1 inline-flex h-7 pointer-coarse:h-9 items-center rounded bg-accent px-2.5 text-xs font-semibold whitespace-nowrap text-onfill hover:brightness-110"
      >
        Sign in
      </Link>
    );
  }
  if (session.kind !== "member") return null;
  return (
    <>
      {may(session, "support:read") && <IconLink to="/admin" label="Administration" icon="shield" />}
      <IconLink to="/account" label={`Your account: ${session.me.person.name}`} icon="person" />
    </>
  );
}
