/** What can go wrong between the console and the API, whichever family answers. */

/**
 * @typedef {"offline" | "slow" | "unauthorized" | "forbidden" | "missing" | "limited" | "unavailable"
 *   | "refused"} Kind
 */

/** @type {Record<number, Kind>} */
const KINDS = { 401: "unauthorized", 403: "forbidden", 404: "missing", 429: "limited" };

export class ApiError extends Error {
  /**
   * @param {Kind} kind
   * @param {string} message
   * @param {{status?: number, retryAfter?: number, requestId?: string, body?: any}} [more]
   */
  constructor(kind, message, { status = 0, retryAfter = 0, requestId = "", body = null } = {}) {
    super(message);
    this.kind = kind;
    this.status = status;
    this.retryAfter = retryAfter; // seconds
    this.requestId = requestId;
    this.body = body;
  }

  /** An answer that is no success. @param {Response} answer */
  static async fromAnswer(answer) {
    const body = await answer.json().catch(() => null);
    const { status, headers } = answer;
    return new ApiError(toKind(status), toMessage(body) || `The server answered ${status}.`, {
      status,
      retryAfter: Number(headers.get("Retry-After")) || 0,
      requestId: headers.get("X-Request-Id") ?? "",
      body,
    });
  }

  /**
   * No answer at all.
   * @param {any} failure what fetch threw
   * @returns {never}
   */
  static fromFailure(failure) {
    if (failure?.name === "AbortError") throw failure;
    if (failure?.name === "TimeoutError") {
      throw new ApiError("slow", "The server did not answer in time.");
    }
    throw new ApiError("offline", "The server cannot be reached.");
  }
}

/** @param {number} status @returns {Kind} */
export function toKind(status) {
  return KINDS[status] ?? (status >= 500 ? "unavailable" : "refused");
}

/**
 * The sentence of an error body: `{error: "…"}`, `{detail: …}` or `{error: {message}}`.
 * @param {any} body
 * @returns {string}
 */
export function toMessage(body) {
  const told = body?.error?.message ?? body?.detail ?? body?.error ?? body?.message;
  if (Array.isArray(told)) return told.map(toProblem).join("; ");
  const details = Array.isArray(body?.details) ? body.details.map(toProblem).join("; ") : "";
  return [typeof told === "string" ? told : "", details].filter(Boolean).join(": ");
}

/**
 * What is wrong with which field, whichever family says it.
 * @param {any} body
 * @returns {{field: string, problem: string}[]}
 */
export function listProblems(body) {
  const lists = [body?.details, body?.detail, body?.error?.details?.fields];
  return lists.filter(Array.isArray).flat().map(split).filter(({ problem }) => problem);
}

/** @param {any} one */
function toProblem(one) {
  const { field, problem } = split(one);
  return [field, problem].filter(Boolean).join(" ");
}

/** @param {any} one as the families spell it */
function split(one) {
  return {
    field: String(one?.field ?? one?.loc?.at(-1) ?? ""),
    problem: one?.problem ?? one?.msg ?? one?.message ?? "",
  };
}
