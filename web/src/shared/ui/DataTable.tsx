import { useState, type ReactNode } from "react";

import { Button } from "./Button";

export interface Column<Row> {
  head: string;
  cell: (row: Row) => ReactNode;
  /** Numbers stand at the right, so that their digits line up. */
  right?: boolean;
  /** Left out where the panel is narrower than this. */
  from?: "sm" | "md" | "lg" | "xl";
  /** Spoken but not shown, for a column of buttons. */
  quietHead?: boolean;
}

interface DataTableProps<Row> {
  label: string;
  columns: Column<Row>[];
  rows: Row[];
  rowKey: (row: Row) => string;
  more?: { has: boolean; busy: boolean; load: () => void };
}

const FROM = {
  sm: "hidden @sm:table-cell",
  md: "hidden @lg:table-cell",
  lg: "hidden @3xl:table-cell",
  xl: "hidden @5xl:table-cell",
} as const;

// A day of streaming makes lists of thousands; drawing them all would cost more than it shows.
const STEP = 60;

function place<Row>(column: Column<Row>): string {
  const shown = column.from === undefined ? "" : FROM[column.from];
  return `${column.right === true ? "text-right" : "text-left"} ${shown}`;
}

export function DataTable<Row>({ label, columns, rows, rowKey, more }: DataTableProps<Row>) {
  const [shown, setShown] = useState(STEP);
  const hidden = rows.length > shown;
  const onMore = () => {
    setShown((count) => count + STEP);
    if (!hidden) more?.load();
  };
  return (
    <>
      <table className="w-full border-separate border-spacing-0 text-xs" aria-label={label}>
        <thead>
          <tr>
            {columns.map((column) => (
              <th
                key={column.head}
                scope="col"
                className={`sticky top-0 z-10 h-7 border-b border-line bg-panel px-2 text-2xs font-medium whitespace-nowrap text-dim first:pl-3 last:pr-3 ${place(column)}`}
              >
                <span className={column.quietHead === true ? "sr-only" : ""}>{column.head}</span>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.slice(0, shown).map((row) => (
            <tr key={rowKey(row)} className="hover:bg-raised/70">
              {columns.map((column) => (
                <td
                  key={column.head}
                  className={`h-7 border-b border-line/60 px-2 whitespace-nowrap first:pl-3 last:pr-3 ${place(column)}`}
                >
                  {column.cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {(hidden || more?.has === true) && (
        <div className="p-2 text-center">
          <Button size="tiny" look="quiet" disabled={more?.busy === true} onClick={onMore}>
            {more?.busy === true ? "Loading…" : "Show older"}
          </Button>
        </div>
      )}
    </>
  );
}
