import { useState, type ReactNode } from "react";

import type { ButtonProps } from "../../shared/ui/Button";
import { Button } from "../../shared/ui/Button";
import { Dialog } from "../../shared/ui/Dialog";
import { Field } from "../../shared/ui/Field";
import { Form, Send } from "../../shared/ui/forms";
import { about, Refusal } from "../../shared/ui/Notice";

interface ReasonedProps {
  title: string;
  action: string;
  look?: NonNullable<ButtonProps["look"]>;
  open: boolean;
  busy: boolean;
  error: unknown;
  onClose: () => void;
  onSend: (reason: string) => void;
  children?: ReactNode;
}

/** A decision about somebody, with the reason that the audit trail keeps. */
export function Reasoned({ title, action, look = "accent", open, busy, error, onClose, onSend, children }: ReasonedProps) {
  const [reason, setReason] = useState("");
  const [tried, setTried] = useState(false);
  const empty = reason.trim() === "";
  return (
    <Dialog title={title} open={open} onClose={onClose}>
      <Form
        label={title}
        onSend={() => {
          setTried(true);
          if (!empty && !busy) onSend(reason.trim());
        }}
      >
        {children}
        <Refusal error={error} fields={["reason"]} />
        <Field
          label="Reason, for the audit trail"
          name="reason"
          maxLength={200}
          value={reason}
          problem={tried && empty ? { message: "Say why.", fix: "" } : about(error, "reason")}
          onChange={(event) => { setReason(event.currentTarget.value); }}
        />
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Keep as is</Button>
          <Send look={look} busy={busy}>{action}</Send>
        </div>
      </Form>
    </Dialog>
  );
}
