import { createRootRoute, createRoute, createRouter, lazyRouteComponent, Link, type SearchSchemaInput } from "@tanstack/react-router";

import { messageOf } from "../shared/api/problem";
import { Button } from "../shared/ui/Button";
import { DeskPage } from "./DeskPage";
import { Shell } from "./Shell";
import { viewFrom, type View } from "./view";

const root = createRootRoute({
  component: Shell,
  // Links may leave the view out: it is then as it was.
  validateSearch: (search: Partial<View> & SearchSchemaInput): View => viewFrom(search),
  notFoundComponent: NotFound,
  errorComponent: Broken,
});

const desk = createRoute({ getParentRoute: () => root, path: "/", component: DeskPage });

const system = createRoute({
  getParentRoute: () => root,
  path: "/system",
  component: lazyRouteComponent(() => import("../features/system/SystemPage"), "SystemPage"),
});

interface SignInSearch {
  /** Where to go afterwards. */
  to?: string;
  /** Why signing in elsewhere did not work. */
  failed?: string;
}

function text(value: unknown): string | undefined {
  return typeof value === "string" && value.length <= 300 ? value : undefined;
}

const signIn = createRoute({
  getParentRoute: () => root,
  path: "/sign-in",
  validateSearch: (search: SignInSearch & SearchSchemaInput): SignInSearch => {
    const [to, failed] = [text(search.to), text(search.failed)];
    return { ...(to === undefined ? {} : { to }), ...(failed === undefined ? {} : { failed }) };
  },
  component: lazyRouteComponent(() => import("../features/auth/SignInPage"), "SignInPage"),
});

const account = createRoute({ getParentRoute: () => root, path: "/account", component: lazyRouteComponent(() => import("./AccountArea"), "AccountArea") });
const inAccount = { getParentRoute: () => account };
const accountPages = account.addChildren([
  createRoute({ ...inAccount, path: "/", component: lazyRouteComponent(() => import("./AccountHome"), "AccountHome") }),
  createRoute({ ...inAccount, path: "/profile", component: lazyRouteComponent(() => import("./AccountHome"), "ProfileAndRisk") }),
  createRoute({ ...inAccount, path: "/security", component: lazyRouteComponent(() => import("../features/security/SecurityPage"), "SecurityPage") }),
  createRoute({ ...inAccount, path: "/withdrawals", component: lazyRouteComponent(() => import("../features/withdrawals/WithdrawalsPage"), "WithdrawalsPage") }),
  createRoute({ ...inAccount, path: "/identity", component: lazyRouteComponent(() => import("../features/account/KycPage"), "KycPage") }),
  createRoute({ ...inAccount, path: "/webhooks", component: lazyRouteComponent(() => import("../features/webhooks/WebhooksPage"), "WebhooksPage") }),
  createRoute({ ...inAccount, path: "/audit", component: lazyRouteComponent(() => import("../features/account/AuditPage"), "AuditPage") }),
  createRoute({ ...inAccount, path: "/privacy", component: lazyRouteComponent(() => import("../features/account/PrivacyPage"), "PrivacyPage") }),
]);

const admin = createRoute({ getParentRoute: () => root, path: "/admin", component: lazyRouteComponent(() => import("./AccountArea"), "AdminArea") });
const inAdmin = { getParentRoute: () => admin };
const adminPages = admin.addChildren([
  createRoute({ ...inAdmin, path: "/", component: lazyRouteComponent(() => import("../features/admin/OverviewPage"), "OverviewPage") }),
  createRoute({ ...inAdmin, path: "/people", component: lazyRouteComponent(() => import("../features/admin/PeoplePage"), "PeoplePage") }),
  createRoute({ ...inAdmin, path: "/kyc", component: lazyRouteComponent(() => import("../features/admin/KycQueuePage"), "KycQueuePage") }),
  createRoute({ ...inAdmin, path: "/withdrawals", component: lazyRouteComponent(() => import("../features/admin/ReviewPage"), "ReviewPage") }),
  createRoute({ ...inAdmin, path: "/audit", component: lazyRouteComponent(() => import("../features/admin/AuditSearchPage"), "AuditSearchPage") }),
  createRoute({ ...inAdmin, path: "/limits", component: lazyRouteComponent(() => import("../features/admin/LimitsPage"), "LimitsPage") }),
  createRoute({ ...inAdmin, path: "/security", component: lazyRouteComponent(() => import("../features/admin/SecurityEventsPage"), "SecurityEventsPage") }),
]);

function NotFound() {
  return (
    <main className="flex flex-1 flex-col items-center justify-center gap-3 p-8 text-center">
      <p>There is no such page.</p>
      <Link to="/" className="text-accent underline underline-offset-2">
        Back to the desk
      </Link>
    </main>
  );
}

function Broken({ error }: { error: unknown }) {
  return (
    <main role="alert" className="flex min-h-dvh flex-col items-center justify-center gap-3 p-8 text-center">
      <p className="font-semibold">The page broke, the desk did not.</p>
      <p className="max-w-lg text-xs text-dim">{messageOf(error)}</p>
      <Button
        look="accent"
        onClick={() => {
          window.location.reload();
        }}
      >
        Load the page again
      </Button>
    </main>
  );
}

export const router = createRouter({ routeTree: root.addChildren([desk, system, signIn, accountPages, adminPages]) });

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
