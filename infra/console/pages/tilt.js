/** The tilt of one user of the Discord bot: cooldown, trend, signals, history. */

import { html, nothing } from "../vendor/lit-html.js";
import { get, getPage } from "../api.js";
import { at, called, count, since } from "../columns.js";
import { figures } from "../figures.js";
import { ago, name, number } from "../format.js";
import { paged, show } from "../panel.js";
import { plot } from "../plot.js";
import { table } from "../table.js";
import { change, link } from "../url.js";

/** @typedef {import("../url.js").State} State */
/** @typedef {AbortSignal} Signal */

const DAYS = ["7", "30", "90"];

/** @param {State} state @returns {Record<string, any>} */
export function load({ id, query: { days = "30", type } }) {
  if (!id) return {};
  const path = (/** @type {string} */ what) => `api/tilt/${what}/${encodeURIComponent(id)}`;
  return {
    stats: (/** @type {Signal} */ signal) => get(path("stats"), {}, signal),
    cooldown: (/** @type {Signal} */ signal) => get(path("cooldown"), {}, signal),
    trend: (/** @type {Signal} */ signal) => get(path("trend"), { days, bucket: "day" }, signal),
    signals: (/** @type {Signal} */ signal) => get(path("signals"), { days }, signal),
    history: paged((cursor, signal) =>
      getPage(path("history"), { days, type, cursor }, "events", signal)),
  };
}

/** @param {State} state @param {any} data */
export function view(state, { stats, cooldown, trend, signals, history }) {
  const { days = "30" } = state.query;
  return html`<h1>${state.id ? html`Tilt of ${name(state.id)}` : "Tilt"}</h1>
    <form class="filters" @submit=${search}>
      <label>User <input name="user" .value=${state.id} required maxlength="128"></label>
      <button>Show</button>
    </form>
    ${state.id ? html`
      <nav class="choices" aria-label="Days">
        ${DAYS.map((one) => html`<a href=${change(state, { days: one })}
          aria-current=${one === days}>${one} days</a>`)}
      </nav>
      <div class="columns">
        ${show(stats, {
          title: "In numbers",
          empty: "No event was recorded.",
          isEmpty: ({ totalEvents }) => !totalEvents,
          view: showStats,
        })}
        ${show(cooldown, { title: "Cooldown", view: showCooldown })}
      </div>
      ${show(trend, { title: "Trend", empty: "Nothing in these days.", view: showTrend })}
      ${show(signals, {
        title: "Signals",
        empty: "Nothing in these days.",
        isEmpty: (value) => !value.signals.length,
        view: (value) => table({ caption: "Signals", columns: SIGNALS, rows: value.signals }),
      })}
      ${show(history, {
        title: "History",
        empty: "Nothing in these days.",
        view: ({ items }) => table({ caption: "History", columns: EVENTS, rows: items, panel: history }),
      })}` : nothing}`;
}

/** @param {SubmitEvent} event */
function search(event) {
  event.preventDefault();
  const form = /** @type {HTMLFormElement} */ (event.currentTarget);
  location.hash = link("tilt", String(new FormData(form).get("user")).trim());
}

/** @param {any} stats */
function showStats(stats) {
  return html`${figures([
    ["Events", number(stats.totalEvents)],
    ["Average score", number(stats.averageTiltScore)],
    ["Highest score", number(stats.maxTiltScore)],
    ["Last 24 hours", number(stats.eventsLast24h)],
    ["Last 7 days", number(stats.eventsLast7d)],
  ])}
    <p class="note">Last event ${ago(stats.lastEventAt)}</p>`;
}

/** @param {any} cooldown */
function showCooldown({ recommended, minutes, reasons }) {
  return html`<p><strong>${recommended
      ? `A break of ${number(minutes)} minutes is recommended.` : "No break is needed."}</strong></p>
    <ul>${reasons.map((/** @type {string} */ reason) => html`<li>${reason}</li>`)}</ul>`;
}

/** @param {any[]} trend */
function showTrend(trend) {
  return plot({
    title: "Tilt score by UTC day",
    x: trend.map(({ bucket }) => Date.parse(bucket) / 1000),
    isUtc: true,
    series: [
      { label: "Average", values: trend.map(({ average }) => average) },
      { label: "Highest", values: trend.map(({ max }) => max) },
      { label: "Events", values: trend.map(({ events }) => events) },
    ],
  });
}

const SIGNALS = [
  called("Signal", "type"), count("Events", "events"), count("Severity", "averageSeverity"),
  count("Confidence", "averageConfidence"), since("Last", "lastSeen"),
];
/** @type {import("../table.js").Column[]} */
const EVENTS = [
  at("At", "timestamp"),
  count("Score", "tilt_score"),
  {
    title: "Signals",
    view: ({ signals }) => name(signals.map((/** @type {any} */ one) => one.type).join(", "), "–"),
  },
  { title: "Context", kind: "wide", view: ({ context }) => context || "–" },
];
