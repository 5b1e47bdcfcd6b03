/**
 * Requests to the API. Paths are relative (`api/ttt/overview`), because a stage of API Gateway is a
 * prefix. What was answered with an ETag is asked for again by it.
 */

import { ApiError } from "./errors.js";
import { getCredential, renew } from "./session.js";
import { encode } from "./url.js";

/** @typedef {import("./url.js").Filters} Filters */
/** @typedef {{body: any, headers: Headers}} Answer */
/** @typedef {{items: any[], next: string | null, body: any}} Page */

const TIMEOUT = 30_000; // milliseconds; API Gateway hangs up after 29 s
const MAX_KEPT = 60; // answers
/** @type {Map<string, {etag: string, answer: Answer}>} by address and credential, oldest first */
const kept = new Map();

/**
 * The body that a path answers.
 * @param {string} path
 * @param {Filters} [query]
 * @param {AbortSignal} [signal]
 * @returns {Promise<any>}
 */
export async function get(path, query = {}, signal) {
  return (await request("GET", path, { query, signal })).body;
}

/**
 * A page of a list, whatever its family calls the cursor; `items` names the field that has the rows.
 * @param {string} path
 * @param {Filters} query
 * @param {string} items
 * @param {AbortSignal} [signal]
 * @returns {Promise<Page>}
 */
export async function getPage(path, query, items, signal) {
  const { body, headers } = await request("GET", path, { query, signal });
  const rows = Array.isArray(body) ? body : body[items];
  const next = body.next_cursor ?? body.nextCursor ?? body.pagination?.next_cursor
    ?? headers.get("X-Next-Cursor");
  return { items: rows ?? [], next: next || null, body };
}

/**
 * Sends a change; the answer's body, null if there is none.
 * @param {"POST" | "PUT" | "PATCH" | "DELETE"} method
 * @param {string} path
 * @param {any} [body]
 * @param {Record<string, string>} [headers]
 */
export async function send(method, path, body, headers = {}) {
  return (await request(method, path, { body, headers })).body;
}

/**
 * @param {string} method
 * @param {string} path
 * @param {{query?: Filters, body?: any, headers?: Record<string, string>, signal?: AbortSignal,
 *   again?: boolean}} options
 * @returns {Promise<Answer>}
 */
export async function request(method, path, options = {}) {
  const { query = {}, body, headers = {}, signal, again = true } = options;
  const search = encode(query);
  const url = new URL(`${path}${search && `?${search}`}`, document.baseURI);
  const credential = getCredential(path);
  const name = `${url} ${Object.values(credential)}`;
  const known = method === "GET" ? kept.get(name) : undefined;
  const answer = await fetch(url, {
    method,
    headers: {
      ...(body === undefined ? {} : { "Content-Type": "application/json" }),
      ...(known ? { "If-None-Match": known.etag } : {}),
      ...credential,
      ...headers,
    },
    body: body === undefined ? undefined : JSON.stringify(body),
    signal: AbortSignal.any([AbortSignal.timeout(TIMEOUT), ...(signal ? [signal] : [])]),
  }).catch(ApiError.fromFailure);
  if (answer.status === 304 && known) return known.answer;
  if (answer.status === 401 && again && (await renew(path, credential))) {
    return request(method, path, { ...options, again: false });
  }
  if (!answer.ok) throw await ApiError.fromAnswer(answer);
  return keep(name, method, { body: await read(answer), headers: answer.headers });
}

/** @param {Response} answer */
async function read(answer) {
  const text = await answer.text().catch(ApiError.fromFailure);
  if (!text) return null;
  if (!answer.headers.get("Content-Type")?.includes("json")) return text;
  try {
    return JSON.parse(text);
  } catch {
    throw new ApiError("unavailable", "The server's answer cannot be read.");
  }
}

/** @param {string} name @param {string} method @param {Answer} answer */
function keep(name, method, answer) {
  const etag = answer.headers.get("ETag");
  if (method !== "GET" || !etag) return answer;
  kept.delete(name);
  kept.set(name, { etag, answer });
  for (const [oldest] of kept) if (kept.size > MAX_KEPT) kept.delete(oldest);
  return answer;
}

/** The address of a socket of this origin. @param {string} path as `ws/battle/7` */
export function toSocketUrl(path) {
  const url = new URL(path, document.baseURI);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  return url.href;
}
