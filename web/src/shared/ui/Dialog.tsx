import { useEffect, useId, useRef, type ReactNode } from "react";

import { Button, IconButton, type ButtonProps } from "./Button";

interface DialogProps {
  title: string;
  open: boolean;
  onClose: () => void;
  children: ReactNode;
  wide?: boolean;
}

/** The browser's own modal dialog: it traps the focus, closes on Esc and gives the focus back. */
export function Dialog({ title, open, onClose, children, wide = false }: DialogProps) {
  const ref = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const dialog = ref.current;
    if (dialog === null || !open || dialog.open) return;
    dialog.showModal();
    // A click on the backdrop is a click on the dialog element itself; Esc does the same by keyboard.
    const outside = (event: MouseEvent) => {
      if (event.target === dialog) dialog.close();
    };
    dialog.addEventListener("click", outside);
    return () => {
      dialog.removeEventListener("click", outside);
      dialog.close();
    };
  }, [open]);
  if (!open) return null;
  return (
    <dialog
      ref={ref}
      aria-labelledby={id}
      onClose={onClose}
      className={`m-auto w-[min(94vw,var(--w))] rounded-lg border border-edge bg-panel p-0 text-ink shadow-2xl open:animate-rise ${wide ? "[--w:46rem]" : "[--w:27rem]"}`}
    >
      <div className="flex items-center justify-between border-b border-line py-1.5 pr-2 pl-4">
        <h2 id={id} className="text-sm font-semibold">
          {title}
        </h2>
        <IconButton label="Close" icon="close" onClick={onClose} />
      </div>
      <div className="max-h-[75vh] overflow-auto p-4">{children}</div>
    </dialog>
  );
}

interface ConfirmProps {
  title: string;
  open: boolean;
  action: string;
  look?: NonNullable<ButtonProps["look"]>;
  onConfirm: () => void;
  onClose: () => void;
  children: ReactNode;
}

export function Confirm({ title, open, action, look = "accent", onConfirm, onClose, children }: ConfirmProps) {
  return (
    <Dialog title={title} open={open} onClose={onClose}>
      <div className="space-y-4 text-sm">
        {children}
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Keep as is</Button>
          <Button
            look={look}
            onClick={() => {
              onConfirm();
              onClose();
            }}
          >
            {action}
          </Button>
        </div>
      </div>
    </Dialog>
  );
}
