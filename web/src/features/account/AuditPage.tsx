import { useInfiniteQuery, useQuery } from "@tanstack/react-query";

import { flat } from "../../shared/api/hooks";
import { meQuery } from "../../shared/api/session";
import { ownAuditQuery } from "../../shared/api/people";
import { Answer, Empty } from "../../shared/ui/Answer";
import { JournalTable } from "../../shared/ui/JournalTable";
import { PageBody } from "../../shared/ui/Page";
import { Panel } from "../../shared/ui/Panel";

export function AuditPage() {
  const audit = useInfiniteQuery(ownAuditQuery);
  const rows = flat(audit.data);
  const me = useQuery(meQuery).data?.person.id;
  return (
    <PageBody title="Audit trail" lead="Everything of weight that was done with your account, by whom and from where. Entries are chained: none can be changed unseen.">
      <Panel title="Entries" note="newest first" className="rounded-md" bare>
        <Answer query={audit} what="your audit trail" empty={{ when: () => rows.length === 0, show: <Empty title="Nothing is recorded yet" /> }}>
          {() => (
            <JournalTable label="Audit trail" me={me} rows={rows} rowKey={(row) => String(row.seq)} more={{ has: audit.hasNextPage, busy: audit.isFetchingNextPage, load: () => void audit.fetchNextPage() }} />
          )}
        </Answer>
      </Panel>
    </PageBody>
  );
}
