/** Game servers by name, for filters and tables of pages of the staff. */

import { get } from "./api.js";
import { name } from "./format.js";

/** @typedef {import("./panel.js").Panel} Panel */

/** @param {AbortSignal} signal */
export function loadServers(signal) {
  return get("api/servers", {}, signal);
}

/** @param {Panel} servers @param {string} id */
export function nameServer(servers, id) {
  return name(servers.value?.find((/** @type {any} */ one) => one.id === id)?.name, id);
}

/**
 * Choices of a filter; a server that is not known (any more) stays one while it is chosen.
 * @param {Panel} servers @param {string} [chosen]
 * @returns {[string, string][]}
 */
export function listChoices(servers, chosen = "") {
  const known = (servers.value ?? []).map((/** @type {any} */ one) => [one.id, one.name]);
  const isKnown = known.some((/** @type {string[]} */ [id]) => id === chosen);
  return [["", "All servers"], ...known, ...(chosen && !isKnown ? [[chosen, chosen]] : [])];
}
