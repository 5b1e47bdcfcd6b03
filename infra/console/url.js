/**
 * The state of the console and its address: `#/page/id?filter=value`. Every filter is in it, so that
 * links can be shared and the back button works.
 */

/** @typedef {{page: string, id: string, query: Record<string, string>}} State */
/** @typedef {Record<string, string | number | boolean | null | undefined>} Filters */

export const HOME = "overview";
const MAX_LENGTH = 4000; // of an address: what is longer is nobody's link

/**
 * The state that an address means; what cannot be read is left out.
 * @param {string} hash
 * @returns {State}
 */
export function parse(hash) {
  const [path, search = ""] = split(hash.replace(/^#?\/?/, "").slice(0, MAX_LENGTH), "?");
  const [page, id = ""] = split(path, "/").map(decode);
  /** @type {Record<string, string>} */
  const query = Object.create(null);
  for (const [name, value] of new URLSearchParams(search)) if (value) query[name] = value;
  return { page: page || HOME, id, query };
}

/**
 * The address of a state, the same for the same state; empty filters are not in it.
 * @param {{page: string, id?: string, query?: Filters}} state
 */
export function format({ page, id = "", query = {} }) {
  const search = encode(query);
  const path = [page, ...(id ? [id] : [])].map(encodeURIComponent).join("/");
  return `#/${path}${search && `?${search}`}`;
}

/**
 * The address of a page.
 * @param {string} page
 * @param {string} [id]
 * @param {Filters} [query]
 */
export function link(page, id = "", query = {}) {
  return format({ page, id, query });
}

/**
 * The address of the same page with other filters; null or "" takes one away.
 * @param {State} state
 * @param {Filters} filters
 */
export function change(state, filters) {
  return format({ ...state, query: { ...state.query, ...filters } });
}

/**
 * A query string, by name; what is empty is not in it.
 * @param {Filters} filters
 */
export function encode(filters) {
  const given = Object.entries(filters).filter(([, value]) => isGiven(value));
  given.sort(([one], [other]) => (one < other ? -1 : 1));
  return new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString();
}

/** @param {unknown} value */
function isGiven(value) {
  return value !== null && value !== undefined && value !== "" && value !== false;
}

/** @param {string} text @param {string} mark @returns {string[]} at most two parts */
function split(text, mark) {
  const at = text.indexOf(mark);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}

/** @param {string} text */
function decode(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return "";
  }
}
