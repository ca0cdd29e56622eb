import { useState } from "react";

import { Button } from "./Button";
import { toastFailure } from "./toasts";

/** Something shown once: to be copied or saved now. */
export function Revealed({ label, value, fileName }: { label: string; value: string; fileName?: string }) {
  const [copied, setCopied] = useState(false);
  const copy = () => {
    navigator.clipboard.writeText(value).then(
      () => { setCopied(true); },
      (error: unknown) => { toastFailure("Nothing was copied: mark the text and copy it yourself", error); },
    );
  };
  return (
    <div className="space-y-2">
      <pre aria-label={label} className="overflow-x-auto rounded border border-line bg-canvas p-2.5 font-mono text-xs break-all whitespace-pre-wrap select-all">
        {value}
      </pre>
      <div className="flex gap-2">
        <Button size="tiny" icon="copy" onClick={copy}>{copied ? "Copied" : "Copy"}</Button>
        {fileName !== undefined && (
          <Button size="tiny" icon="download" onClick={() => { saveText(value, fileName); }}>Download</Button>
        )}
        <span role="status" className="sr-only">{copied ? `${label} copied` : ""}</span>
      </div>
    </div>
  );
}

function saveText(text: string, name: string): void {
  const url = URL.createObjectURL(new Blob([`${text}\n`], { type: "text/plain" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => { URL.revokeObjectURL(url); }, 60_000);
}
