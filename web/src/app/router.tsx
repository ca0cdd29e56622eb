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

export const router = createRouter({ routeTree: root.addChildren([desk, system]) });

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
