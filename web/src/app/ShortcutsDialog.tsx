import { Dialog } from "../shared/ui/Dialog";
import type { Shortcut } from "./shortcuts";

interface Props {
  shortcuts: readonly Shortcut[];
  open: boolean;
  onClose: () => void;
}

export function ShortcutsDialog({ shortcuts, open, onClose }: Props) {
  const rows = [...shortcuts.map(({ shown, meaning }) => ({ shown, meaning })), { shown: "Esc", meaning: "Close a dialog" }, { shown: "Double-click", meaning: "On the chart: take that price as limit price" }];
  return (
    <Dialog title="Keyboard" open={open} onClose={onClose}>
      <dl className="divide-y divide-line">
        {rows.map(({ shown, meaning }) => (
          <div key={shown} className="flex items-center justify-between gap-4 py-1.5 text-sm">
            <dt className="text-dim">{meaning}</dt>
            <dd>
              <kbd className="rounded border border-edge bg-raised px-1.5 py-0.5 font-mono text-2xs whitespace-nowrap">{shown}</kbd>
            </dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
