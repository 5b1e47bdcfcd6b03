/** Periods of statistics: whole UTC days, as the API has them, in the address as `days`, `from`, `to`. */

import { html } from "./vendor/lit-html.js";
import { change } from "./url.js";

/** @typedef {import("./url.js").State} State */
/** @typedef {{from: string, to: string}} Period `to` is the first day that is not in it any more */

const DAY = 86_400_000;
/** @type {[string, string][]} */
export const CHOICES = [
  ["7", "7 days"], ["30", "30 days"], ["90", "90 days"], ["365", "A year"], ["all", "All time"],
];
const DEFAULT = "30";

/**
 * The period of a state; empty texts for all time.
 * @param {State} state
 * @param {Date} [now]
 * @returns {Period}
 */
export function getPeriod({ query }, now = new Date()) {
  if (isDay(query.from) || isDay(query.to)) {
    return { from: isDay(query.from) ? query.from : "", to: isDay(query.to) ? query.to : "" };
  }
  const days = query.days === "all" ? 0 : Math.floor(Number(query.days ?? DEFAULT)) || Number(DEFAULT);
  if (query.days === "all" || days < 1 || days > 36_500) return { from: "", to: "" };
  const end = Date.parse(toDay(now.getTime())) + DAY; // today is in it
  return { from: toDay(end - days * DAY), to: toDay(end) };
}

/**
 * The period of the same length before; null where there is none.
 * @param {Period} period
 * @returns {Period | null}
 */
export function getBefore({ from, to }) {
  if (!from || !to) return null;
  const length = Date.parse(to) - Date.parse(from);
  return length > 0 ? { from: toDay(Date.parse(from) - length), to: from } : null;
}

/**
 * Links to periods.
 * @param {State} state
 * @param {string} [usual] what the page shows when the address names none
 */
export function showPeriods(state, usual = DEFAULT) {
  const { query } = state;
  const shown = isDay(query.from) || isDay(query.to) ? "" : (query.days ?? usual);
  return html`<nav class="choices" aria-label="Period">
    ${CHOICES.map(([days, title]) => html`<a
      href=${change(state, { days: days === usual ? "" : days, from: "", to: "" })}
      aria-current=${days === shown ? "true" : "false"}>${title}</a>`)}
  </nav>`;
}

/** @param {string | undefined} text */
function isDay(text) {
  return Boolean(text && /^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(Date.parse(text)));
}

/** @param {number} at Unix milliseconds */
function toDay(at) {
  return new Date(at).toISOString().slice(0, 10);
}
