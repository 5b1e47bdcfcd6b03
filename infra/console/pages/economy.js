/** The economy of the web game: gold and gems made and destroyed, who holds them, what loot drops. */

import { html, nothing } from "../vendor/lit-html.js";
import { get } from "../api.js";
import { called, count } from "../columns.js";
import { figures } from "../figures.js";
import { dayOf, name, number } from "../format.js";
import { show, showPart } from "../panel.js";
import { plot } from "../plot.js";
import { table } from "../table.js";
import { change, link } from "../url.js";

/** @typedef {import("../url.js").State} State */
/** @typedef {import("../panel.js").Panel} Panel */

/** @type {[string, string][]} */
const PERIODS = [["7", "7 days"], ["30", "30 days"], ["90", "90 days"], ["365", "A year"]];
const DEFAULT = "30";
const DAY = 86_400; // seconds

/** @param {State} state */
export function load({ query: { days } }) {
  return {
    economy: (/** @type {AbortSignal} */ signal) =>
      get("api/admin/economy", { days: days ?? DEFAULT }, signal),
  };
}

/** @param {State} state @param {{economy: Panel}} data */
export function view(state, { economy }) {
  const chosen = state.query.days ?? DEFAULT;
  return html`<h1>Economy</h1>
    <nav class="choices" aria-label="Period">
      ${PERIODS.map(([days, title]) => html`<a href=${change(state, { days: days === DEFAULT ? "" : days })}
        aria-current=${days === chosen ? "true" : "false"}>${title}</a>`)}
    </nav>
    ${show(economy, { title: "Gold", view: (value) => showKind(value, "gold", value.gold) })}
    ${showPart(economy, { title: "Gems", id: "gems", view: (value) => showKind(value, "gem", value.gems) })}
    ${showPart(economy, {
      title: "Movements by day and cause",
      id: "flows",
      isEmpty: ({ flows }) => !flows.length,
      empty: "Nothing moved in this period.",
      view: ({ flows }) => table({ caption: "Movements", columns: FLOWS, rows: toRows(flows) }),
    })}
    ${showPart(economy, {
      title: "Drops against their chance",
      id: "drops",
      isEmpty: ({ drops }) => !drops.length,
      empty: "No loot was claimed in this period.",
      view: ({ drops }) => table({ caption: "Drops", columns: DROPS, rows: drops }),
    })}`;
}

/** @type {import("../table.js").Column[]} */
const FLOWS = [
  { title: "Day (UTC)", view: ({ day }) => dayOf(day) },
  { title: "Kind", view: ({ kind }) => kind },
  called("Cause", "cause"),
  count("Movements", "movements"), count("Made", "made"), count("Destroyed", "destroyed"),
];
/** @type {import("../table.js").Column[]} */
const DROPS = [
  { title: "Difficulty", view: ({ difficulty }) => difficulty },
  { title: "Stated", kind: "number", view: (row) => `${number(row.stated_percent)} %` },
  count("Offered", "offered"), count("Expected", "expected"), count("Drawn", "drawn"),
  {
    title: "Drawn, in percent", kind: "number",
    view: ({ drawn_percent: drawn }) => (drawn === null ? number(null) : `${number(drawn)} %`),
  },
];
/** @type {import("../table.js").Column[]} */
const HOLDERS = [
  { title: "Player", view: (row) => html`<a href=${link("user", row.player_id)}>${name(row.username)}</a>` },
  count("Holds", "amount"),
];

/** The causes of each day, the newest first. @param {any[]} flows */
function toRows(flows) {
  return flows.toReversed().flatMap(({ day, kind, causes }) =>
    causes.map((/** @type {any} */ cause) => ({ day, kind, ...cause })));
}

/** @param {any} economy @param {string} kind @param {any} holdings */
function showKind({ from_day: from, days, flows }, kind, { held, players, median, top }) {
  const byDay = new Map(flows.filter((/** @type {any} */ one) => one.kind === kind)
    .map((/** @type {any} */ one) => [Date.parse(one.day) / 1000, one]));
  const first = Date.parse(from) / 1000;
  const x = Array.from({ length: days }, (_, index) => first + index * DAY);
  const values = (/** @type {"made" | "destroyed"} */ key) => x.map((day) => byDay.get(day)?.[key] ?? 0);
  return html`
    ${figures([
      ["Held by all", number(held)], ["Players", number(players)], ["Median", number(median)],
    ])}
    ${plot({
      title: "Made and destroyed by UTC day",
      x,
      xTitle: "Day",
      isUtc: true,
      label: (day) => dayOf(new Date(day * 1000).toISOString()),
      series: [
        { label: "Made", values: values("made") },
        { label: "Destroyed", values: values("destroyed") },
      ],
    })}
    ${top.length
      ? html`<h3>Who holds most</h3>
        ${table({ caption: `Who holds most of the ${kind}`, columns: HOLDERS, rows: top })}`
      : nothing}`;
}
