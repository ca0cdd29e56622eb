import { useMutation } from "@tanstack/react-query";

import { saveFile } from "../../shared/api/client";
import { Button } from "../../shared/ui/Button";
import { Refusal } from "../../shared/ui/Notice";
import { PageBody } from "../../shared/ui/Page";
import { Panel } from "../../shared/ui/Panel";
import { Erase } from "./Erase";

export function PrivacyPage() {
  return (
    <PageBody title="Privacy" lead="What the desk knows of you is yours to take along and to have erased.">
      <Export />
      <Erase />
    </PageBody>
  );
}

function Export() {
  const load = useMutation({ mutationFn: () => saveFile("/api/account/export", "hydradesk-export.zip") });
  return (
    <Panel title="Take your data along" className="rounded-md">
      <div className="space-y-3">
        <p className="text-xs text-dim">One archive with everything: profile, orders, trades, sessions and audit trail, as JSON and CSV. No secret is in it.</p>
        <Refusal error={load.error} />
        <Button icon="download" disabled={load.isPending} onClick={() => { load.mutate(); }}>{load.isPending ? "Packing…" : "Download the archive"}</Button>
      </div>
    </Panel>
  );
}
