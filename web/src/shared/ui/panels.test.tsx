import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { useState } from "react";
import { describe, expect, it } from "vitest";

import { Answer, Empty } from "./Answer";
import { DataTable } from "./DataTable";
import { Segmented } from "./Segmented";
import { Tabs } from "./Tabs";

const idle = { isPending: false, error: null, refetch: () => undefined };

describe("Answer", () => {
  const show = (query: Parameters<typeof Answer<string[]>>[0]["query"]) =>
    render(
      <Answer query={query} what="orders" empty={{ when: (rows) => rows.length === 0, show: <Empty title="None yet" /> }}>
        {(rows) => <p>{rows.join()}</p>}
      </Answer>,
    );

  it("waits, shows, and says when there is nothing", () => {
    const { unmount } = show({ ...idle, data: undefined, isPending: true });
    expect(screen.getByLabelText("Loading orders")).toHaveAttribute("aria-busy", "true");
    unmount();
    show({ ...idle, data: [] });
    expect(screen.getByText("None yet")).toBeInTheDocument();
  });

  it("names what failed and tries again", async () => {
    let asked = 0;
    const refetch = () => {
      asked += 1;
    };
    show({ data: undefined, isPending: false, error: new Error("no database"), refetch });
    expect(screen.getByRole("alert")).toHaveTextContent("Could not load orders.");
    expect(screen.getByRole("alert")).toHaveTextContent("no database");
    await userEvent.click(screen.getByRole("button", { name: "Try again" }));
    expect(asked).toBe(1);
  });

  it("keeps old data and says that it is old", () => {
    show({ ...idle, data: ["a"], error: new Error("gone") });
    expect(screen.getByText("a")).toBeInTheDocument();
    expect(screen.getByRole("status")).toHaveTextContent("may be old: gone");
  });
});

function Choice() {
  const [value, setValue] = useState<"a" | "b">("a");
  const options = [{ value: "a", text: "A" }, { value: "b", text: "B" }] as const;
  return <Segmented label="Letter" options={options} value={value} onChange={setValue} />;
}

describe("Segmented and Tabs", () => {
  it("moves with the arrow keys and round the end", async () => {
    render(<Choice />);
    await userEvent.tab();
    await userEvent.keyboard("{ArrowRight}");
    expect(screen.getByRole("radio", { name: "B" })).toBeChecked();
    expect(screen.getByRole("radio", { name: "B" })).toHaveFocus();
    await userEvent.keyboard("{ArrowRight}");
    expect(screen.getByRole("radio", { name: "A" })).toBeChecked();
  });

  it("draws the chosen tab only", async () => {
    render(<Tabs label="Books" tabs={[{ id: "x", title: "X", count: 3, body: "body x" }, { id: "y", title: "Y", body: "body y" }]} />);
    expect(screen.getByRole("tabpanel")).toHaveTextContent("body x");
    await userEvent.click(screen.getByRole("tab", { name: "Y" }));
    expect(screen.getByRole("tabpanel")).toHaveTextContent("body y");
  });
});

describe("DataTable", () => {
  it("draws a long list in steps and then asks for more", async () => {
    let loads = 0;
    const rows = Array.from({ length: 70 }, (_, index) => String(index));
    const more = { has: true, busy: false, load: () => { loads += 1; } };
    render(<DataTable label="Rows" columns={[{ head: "N", cell: (row: string) => row }]} rows={rows} rowKey={(row) => row} more={more} />);
    expect(screen.getAllByRole("row")).toHaveLength(61);
    await userEvent.click(screen.getByRole("button", { name: "Show older" }));
    expect(screen.getAllByRole("row")).toHaveLength(71);
    expect(loads).toBe(0);
    await userEvent.click(screen.getByRole("button", { name: "Show older" }));
    expect(loads).toBe(1);
  });
});
