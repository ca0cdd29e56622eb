import { Link } from "@tanstack/react-router";

import { Icon } from "../../shared/ui/Icon";
import { Panel } from "../../shared/ui/Panel";

/** Stands where a trader's own things would be. */
export function SignInCall({ className = "" }: { className?: string }) {
  return (
    <Panel title="Your desk" className={className}>
      <div className="flex h-full min-h-56 flex-col items-center justify-center gap-3 p-4 text-center">
        <Icon name="wallet" className="size-8 text-dim" />
        <p className="text-sm font-semibold">Sign in to trade</p>
        <p className="max-w-72 text-xs text-dim">
          The market is open to everybody. Signals, a paper account of your own, orders and limits come with signing in.
        </p>
        <Link to="/sign-in" className="inline-flex h-9 items-center rounded bg-accent px-5 text-sm font-semibold text-onfill hover:brightness-110 pointer-coarse:h-11">
          Sign in
        </Link>
      </div>
    </Panel>
  );
}
