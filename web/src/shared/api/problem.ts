import type { Problem } from "./types";

export interface FieldError {
  field: string;
  message: string;
  fix: string;
}

/** A refusal in the server's own words (RFC 9457). */
export class ProblemError extends Error {
  override readonly name = "ProblemError";
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.detail || problem.title);
    this.problem = problem;
  }

  get fields(): FieldError[] {
    return this.problem.errors;
  }
}

/** No answer at all: the request may or may not have arrived. */
export class SilentDesk extends Error {
  override readonly name = "SilentDesk";

  constructor(cause: unknown) {
    super("The desk does not answer. Is it still running?", { cause });
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

function text(value: unknown, otherwise: string): string {
  return typeof value === "string" ? value : otherwise;
}

function fieldErrors(value: unknown): FieldError[] {
  if (!Array.isArray(value)) return [];
  return value.filter(isRecord).map((entry) => ({
    field: text(entry.field, ""),
    message: text(entry.message, "not accepted"),
    fix: text(entry.fix, ""),
  }));
}

/** Reads whatever came back: a proxy in between may answer with something that is no problem document. */
export function problemFrom(body: unknown, response: Response): ProblemError {
  const known = isRecord(body) ? body : {};
  const problem: Problem = {
    type: text(known.type, "about:blank"),
    title: text(known.title, response.statusText || `HTTP ${response.status}`),
    status: response.status,
    code: text(known.code, `http_${response.status}`),
    detail: text(known.detail, typeof body === "string" ? body.slice(0, 200) : ""),
    errors: fieldErrors(known.errors),
    request_id: text(known.request_id, response.headers.get("x-request-id") ?? ""),
  };
  if (typeof known.rule === "string") problem.rule = known.rule;
  if (typeof known.receipt_id === "string") problem.receipt_id = known.receipt_id;
  return new ProblemError(problem);
}

/** True when trying the very same request again may help. */
export function mayRetry(error: unknown): boolean {
  if (error instanceof ProblemError) return error.problem.status >= 500 || error.problem.status === 429;
  return true;
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
