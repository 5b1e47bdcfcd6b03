/** The tracker's tournaments. */

import { html } from "../vendor/lit-html.js";
import { getPage } from "../api.js";
import { at, count } from "../columns.js";
import { name } from "../format.js";
import { paged, show } from "../panel.js";
import { table } from "../table.js";
import { change, link } from "../url.js";

/** @typedef {import("../url.js").State} State */

const STATUSES = ["registration", "active", "completed", "cancelled"];
const FORMATS = /** @type {Record<string, string>} */ ({
  swiss: "Swiss", single_elimination: "Single elimination", double_elimination: "Double elimination",
});

/** @type {import("../table.js").Column[]} */
const COLUMNS = [
  {
    title: "Tournament",
    view: ({ id, name: called }) => html`<a href=${link("tournament", id)}>${name(called, id)}</a>`,
  },
  { title: "Format", view: ({ format }) => FORMATS[format] ?? format },
  { title: "Status", view: ({ status }) => status },
  count("Players", "current_participants"),
  count("Seats", "max_participants"),
  count("Round", "current_round"),
  at("Begins", "start_date"),
];

/** @param {State} state */
export function load({ query: { status } }) {
  return {
    tournaments: paged((cursor, signal) =>
      getPage("v1/tournaments", { status, cursor }, "data", signal)),
  };
}

/** @param {State} state @param {any} data */
export function view(state, { tournaments }) {
  const { status = "" } = state.query;
  return html`<h1>Tournaments</h1>
    <nav class="choices" aria-label="Status">
      ${["", ...STATUSES].map((one) => html`<a href=${change(state, { status: one })}
        aria-current=${one === status}>${one || "all"}</a>`)}
    </nav>
    ${show(tournaments, {
      title: "Tournaments",
      empty: "There is no such tournament.",
      view: ({ items }) =>
        table({ caption: "Tournaments", columns: COLUMNS, rows: items, panel: tournaments }),
    })}`;
}
