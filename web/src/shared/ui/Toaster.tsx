import { Dot } from "./Badge";
import { IconButton } from "./Button";
import { dismiss, useToasts } from "./toasts";

/** Short notices at the corner; spoken politely, gone by themselves. */
export function Toaster() {
  const toasts = useToasts();
  return (
    <div
      role="status"
      aria-live="polite"
      className="pointer-events-none fixed right-3 bottom-16 z-50 flex w-[min(22rem,calc(100vw-1.5rem))] flex-col gap-2 md:bottom-3"
    >
      {toasts.map((toast) => (
        <div
          key={toast.id}
          className="pointer-events-auto flex animate-rise items-start gap-2.5 rounded-md border border-edge bg-raised py-2 pr-1 pl-3 shadow-xl"
        >
          <span className="mt-1">
            <Dot tone={toast.tone} />
          </span>
          <div className="min-w-0 flex-1">
            <p className="text-xs font-semibold">{toast.title}</p>
            {toast.detail !== "" && <p className="text-2xs break-words text-dim">{toast.detail}</p>}
          </div>
          <IconButton
            label="Dismiss"
            icon="close"
            onClick={() => {
              dismiss(toast.id);
            }}
          />
        </div>
      ))}
    </div>
  );
}
