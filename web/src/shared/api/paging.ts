/** Rows of a page that a person reads at once. */
const ROWS_PER_PAGE = 50;

export const firstPage = null as string | null;

export function nextPage(page: { next: string | null }): string | null {
  return page.next;
}

export function paged(cursor: string | null, limit = ROWS_PER_PAGE): { limit: number; cursor?: string } {
  return cursor === null ? { limit } : { limit, cursor };
}

/** Without what was left empty. */
export function given<T extends Record<string, string>>(filter: T): Partial<T> {
  return Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== "")) as Partial<T>;
}
