import { createRootRoute, createRoute, createRouter, lazyRouteComponent, Link, type RouteComponent, type SearchSchemaInput } from "@tanstack/react-router";

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

/**
 * A page that is loaded when it is first wanted. Its type is not looked into: it links to other pages
 * by the router's type, which would then rest on itself.
 */
function page(load: () => Promise<unknown>, name: string): RouteComponent {
  return lazyRouteComponent(load as () => Promise<Record<string, RouteComponent>>, name);
}

const desk = createRoute({ getParentRoute: () => root, path: "/", component: DeskPage });

const system = createRoute({
  getParentRoute: () => root,
  path: "/system",
  component: page(() => import("../features/system/SystemPage"), "SystemPage"),
});

interface SignInSearch {
  /** Where to go afterwards. */
  to?: string;
}

function text(value: unknown): string | undefined {
  return typeof value === "string" && value.length <= 300 ? value : undefined;
}

const signIn = createRoute({
  getParentRoute: () => root,
  path: "/sign-in",
  validateSearch: (search: SignInSearch & SearchSchemaInput): SignInSearch => {
    const to = text(search.to);
    return to === undefined ? {} : { to };
  },
  component: page(() => import("../features/auth/SignInPage"), "SignInPage"),
});

const enrol = createRoute({ getParentRoute: () => root, path: "/enrol", component: page(() => import("../features/auth/EnrolPage"), "EnrolPage") });

const account = createRoute({ getParentRoute: () => root, path: "/account", component: page(() => import("./AccountArea"), "AccountArea") });
const accountHome = createRoute({ getParentRoute: () => account, path: "/", component: page(() => import("./AccountHome"), "AccountHome") });
const accountProfile = createRoute({ getParentRoute: () => account, path: "/profile", component: page(() => import("./AccountHome"), "ProfileAndRisk") });
const accountSecurity = createRoute({ getParentRoute: () => account, path: "/security", component: page(() => import("../features/security/SecurityPage"), "SecurityPage") });
const accountWithdrawals = createRoute({ getParentRoute: () => account, path: "/withdrawals", component: page(() => import("../features/withdrawals/WithdrawalsPage"), "WithdrawalsPage") });
const accountIdentity = createRoute({ getParentRoute: () => account, path: "/identity", component: page(() => import("../features/account/KycPage"), "KycPage") });
const accountWebhooks = createRoute({ getParentRoute: () => account, path: "/webhooks", component: page(() => import("../features/webhooks/WebhooksPage"), "WebhooksPage") });
const accountAudit = createRoute({ getParentRoute: () => account, path: "/audit", component: page(() => import("../features/account/AuditPage"), "AuditPage") });
const accountPrivacy = createRoute({ getParentRoute: () => account, path: "/privacy", component: page(() => import("../features/account/PrivacyPage"), "PrivacyPage") });
const accountPages = account.addChildren([accountHome, accountProfile, accountSecurity, accountWithdrawals, accountIdentity, accountWebhooks, accountAudit, accountPrivacy]);

const admin = createRoute({ getParentRoute: () => root, path: "/admin", component: page(() => import("./AccountArea"), "AdminArea") });
const adminHome = createRoute({ getParentRoute: () => admin, path: "/", component: page(() => import("../features/admin/OverviewPage"), "OverviewPage") });
const adminPeople = createRoute({ getParentRoute: () => admin, path: "/people", component: page(() => import("../features/admin/PeoplePage"), "PeoplePage") });
const adminKyc = createRoute({ getParentRoute: () => admin, path: "/kyc", component: page(() => import("../features/admin/KycQueuePage"), "KycQueuePage") });
const adminWithdrawals = createRoute({ getParentRoute: () => admin, path: "/withdrawals", component: page(() => import("../features/admin/ReviewPage"), "ReviewPage") });
const adminAudit = createRoute({ getParentRoute: () => admin, path: "/audit", component: page(() => import("../features/admin/AuditSearchPage"), "AuditSearchPage") });
const adminLimits = createRoute({ getParentRoute: () => admin, path: "/limits", component: page(() => import("../features/admin/LimitsPage"), "LimitsPage") });
const adminSecurity = createRoute({ getParentRoute: () => admin, path: "/security", component: page(() => import("../features/admin/SecurityEventsPage"), "SecurityEventsPage") });
const adminPages = admin.addChildren([adminHome, adminPeople, adminKyc, adminWithdrawals, adminAudit, adminLimits, adminSecurity]);

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

export const router = createRouter({ routeTree: root.addChildren([desk, system, signIn, enrol, accountPages, adminPages]) });

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
