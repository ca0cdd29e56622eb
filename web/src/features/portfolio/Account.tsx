import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { resetAccount, setAutoTrade } from "../../shared/api/actions";
import { portfolioQuery } from "../../shared/api/queries";
import type { Portfolio } from "../../shared/api/types";
import { amount, percent, signed, tone } from "../../shared/lib/format";
import { Age } from "../../shared/ui/Age";
import { Answer } from "../../shared/ui/Answer";
import { Button } from "../../shared/ui/Button";
import { Confirm } from "../../shared/ui/Dialog";
import { Fact, Facts, Unit } from "../../shared/ui/Facts";
import { Switch } from "../../shared/ui/Field";
import { toast, toastFailure } from "../../shared/ui/toasts";

export function Account() {
  const portfolio = useQuery(portfolioQuery);
  return (
    <Answer query={portfolio} what="the account">
      {(view) => (
        <div className="grid gap-x-10 gap-y-3 p-3 @2xl:grid-cols-2">
          <Figures view={view} />
          <div className="space-y-3">
            <AutoTrade view={view} />
            <Reset />
          </div>
        </div>
      )}
    </Answer>
  );
}

function Money({ value, unit, sign = false }: { value: string; unit: string; sign?: boolean }) {
  return (
    <span className={sign ? tone(value) : ""}>
      {sign ? signed(value) : amount(value)}
      <Unit>{unit}</Unit>
    </span>
  );
}

function Figures({ view }: { view: Portfolio }) {
  return (
    <Facts label="Account">
      <Fact name="Equity"><Money value={view.equity} unit={view.asset} /></Fact>
      <Fact name="Cash"><Money value={view.cash} unit={view.asset} /></Fact>
      <Fact name="Held for open orders"><Money value={view.held} unit={view.asset} /></Fact>
      <Fact name="Exposure" title="Value of all positions"><Money value={view.exposure} unit={view.asset} /></Fact>
      <Fact name="Profit since deposit">
        <Money value={view.profit} unit={view.asset} sign /> <span className={tone(view.profit_pct)}>{percent(view.profit_pct)}</span>
      </Fact>
      <Fact name="Profit today"><Money value={view.day_profit} unit={view.asset} sign /></Fact>
      <Fact name="Realised"><Money value={view.realised} unit={view.asset} sign /></Fact>
      <Fact name="Unrealised"><Money value={view.unrealised} unit={view.asset} sign /></Fact>
      <Fact name="Fees paid"><Money value={view.fees} unit={view.asset} /></Fact>
      <Fact name="Reckoned"><Age at={view.at} /></Fact>
    </Facts>
  );
}

function AutoTrade({ view }: { view: Portfolio }) {
  const client = useQueryClient();
  const [asking, setAsking] = useState(false);
  const change = useMutation({
    mutationFn: setAutoTrade,
    onSuccess: (next) => {
      client.setQueryData(portfolioQuery.queryKey, next);
      toast("accent", next.auto_trade ? "Automatic trading is on" : "Automatic trading is off");
    },
    onError: (error) => {
      toastFailure("Automatic trading was not changed", error);
    },
  });
  return (
    <div>
      <div className="flex items-center justify-between gap-3 text-xs">
        <span>Trade signals automatically</span>
        <Switch
          label="Trade signals automatically"
          on={view.auto_trade}
          disabled={change.isPending}
          onChange={(on) => {
            if (on) setAsking(true);
            else change.mutate(false);
          }}
        />
      </div>
      <p className="mt-1 text-2xs text-dim">Each signal becomes an order that risks 1 % of equity to its stop. Guardian judges every one.</p>
      <Confirm title="Trade signals automatically?" open={asking} action="Switch on" onConfirm={() => { change.mutate(true); }} onClose={() => { setAsking(false); }}>
        <p>From now on the desk sends a paper order for every BUY and SELL signal, without asking, until you switch it off.</p>
      </Confirm>
    </div>
  );
}

function Reset() {
  const client = useQueryClient();
  const [asking, setAsking] = useState(false);
  const reset = useMutation({
    mutationFn: resetAccount,
    onSuccess: () => {
      toast("accent", "A fresh paper account is open");
      void client.invalidateQueries();
    },
    onError: (error) => {
      toastFailure("The account was not reset", error);
    },
  });
  return (
    <div className="flex items-center justify-between gap-3 border-t border-line pt-3">
      <p className="text-2xs text-dim">Start over with a fresh deposit. The old account's books stay in the database.</p>
      <Button size="tiny" look="danger" disabled={reset.isPending} onClick={() => { setAsking(true); }}>
        Reset account
      </Button>
      <Confirm title="Reset the paper account?" open={asking} action="Open a fresh account" look="sell" onConfirm={() => { reset.mutate(); }} onClose={() => { setAsking(false); }}>
        <p>Positions, orders and the equity curve on this page begin anew. This cannot be undone here.</p>
      </Confirm>
    </div>
  );
}
