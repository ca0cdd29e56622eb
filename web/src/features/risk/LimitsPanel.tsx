import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { haltTrading, resumeTrading } from "../../shared/api/actions";
import { useMay } from "../../shared/api/session";
import { limitsQuery } from "../../shared/api/queries";
import type { Limits } from "../../shared/api/types";
import { amount, percentOf, fraction, quantity } from "../../shared/lib/format";
import { Answer } from "../../shared/ui/Answer";
import { Badge } from "../../shared/ui/Badge";
import { Button } from "../../shared/ui/Button";
import { Confirm, Dialog } from "../../shared/ui/Dialog";
import { Fact, Facts } from "../../shared/ui/Facts";
import { Field } from "../../shared/ui/Field";
import { Icon } from "../../shared/ui/Icon";
import { Meter } from "../../shared/ui/Meter";
import { toast, toastFailure } from "../../shared/ui/toasts";

export function LimitsPanel() {
  const limits = useQuery(limitsQuery);
  return (
    <Answer query={limits} what="risk limits">
      {(view) => (
        <div className="grid gap-x-10 gap-y-3 p-3 @2xl:grid-cols-2">
          <div className="space-y-2.5">
            <Use name="Gross exposure" used={view.used.gross} most={view.gross_max} />
            <Use name="Reserved by orders in flight" used={view.used.reserved} most={view.gross_max} />
            <Use name="Loss today" used={view.used.daily_loss} most={view.daily_loss_max} />
          </div>
          <div>
            <Facts label="Limits">
              <Fact name="Largest order">{amount(view.order_max)} USDT</Fact>
              <Fact name="Oldest price" title="An older price refuses the order">{view.price_age_max_ms / 1000} s</Fact>
              <Fact name="Price collar" title="How far a limit price may stand from the last price">{percentOf(view.collar)}</Fact>
            </Facts>
            <HaltSwitch view={view} />
          </div>
        </div>
      )}
    </Answer>
  );
}

function Use({ name, used, most }: { name: string; used: string; most: string }) {
  const share = fraction(used, most);
  const tone = share > 0.85 ? "down" : share > 0.6 ? "warn" : "accent";
  return (
    <div>
      <div className="mb-1 flex justify-between text-2xs">
        <span className="text-dim">{name}</span>
        <span>{amount(used)} <span className="text-dim">of {quantity(most)} USDT</span></span>
      </div>
      <Meter label={name} share={share} text={`${used} of ${most} USDT`} tone={tone} />
    </div>
  );
}

function useHalt() {
  const client = useQueryClient();
  const done = (view: Limits) => {
    client.setQueryData(limitsQuery.queryKey, view);
    toast(view.halted ? "down" : "up", view.halted ? "Trading is halted" : "Trading is resumed");
  };
  const failed = (error: Error) => {
    toastFailure("The halt switch did not answer", error);
  };
  const halt = useMutation({ mutationFn: haltTrading, onSuccess: done, onError: failed });
  const resume = useMutation({ mutationFn: resumeTrading, onSuccess: done, onError: failed });
  return { halt, resume };
}

function HaltSwitch({ view }: { view: Limits }) {
  const { halt, resume } = useHalt();
  const [asking, setAsking] = useState(false);
  const [reason, setReason] = useState("");
  const close = () => {
    setAsking(false);
  };
  return (
    <div className="mt-2 flex items-center justify-between gap-3 border-t border-line pt-3">
      <p className="min-w-0 text-2xs text-dim">
        {view.halted ? (
          <><Badge tone="down">HALTED</Badge> {view.halt_reason ?? "no reason given"}</>
        ) : (
          "Halting refuses every new order at once; cancelling stays possible."
        )}
      </p>
      <Button size="tiny" look={view.halted ? "accent" : "danger"} onClick={() => { setAsking(true); }}>
        {view.halted ? "Resume trading" : "Halt trading"}
      </Button>
      <Confirm title="Resume trading?" open={asking && view.halted} action="Resume" onClose={close} onConfirm={() => { resume.mutate(); }}>
        <p>Guardian judges new orders again by the usual limits.</p>
      </Confirm>
      <Dialog title="Halt trading" open={asking && !view.halted} onClose={close}>
        <form
          className="space-y-3"
          onSubmit={(event) => {
            event.preventDefault();
            halt.mutate(reason.trim() === "" ? "halted from the terminal" : reason.trim());
            close();
          }}
        >
          <Field label="Reason" value={reason} placeholder="halted from the terminal" onChange={(event) => { setReason(event.currentTarget.value); }} />
          <div className="flex justify-end gap-2">
            <Button onClick={close}>Keep trading</Button>
            <Button type="submit" look="sell">Halt now</Button>
          </div>
        </form>
      </Dialog>
    </div>
  );
}

/** Says across the page that no order will pass. */
export function HaltNotice() {
  const view = useQuery({ ...limitsQuery, enabled: useMay("risk:read") }).data;
  if (view?.halted !== true) return null;
  return (
    <div role="alert" className="flex items-center gap-2 border-b border-down/40 bg-down/15 px-3 py-1 text-xs text-down">
      <Icon name="stop" className="size-3.5" />
      Trading is halted: {view.halt_reason ?? "no reason given"}. New orders are refused.
    </div>
  );
}
