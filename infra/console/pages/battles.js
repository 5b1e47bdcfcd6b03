/** The battles of the tracker that its user plays or may watch. */

import { html } from "../vendor/lit-html.js";
import { getPage } from "../api.js";
import { at, count } from "../columns.js";
import { name, number } from "../format.js";
import { paged, show } from "../panel.js";
import { getLogin } from "../session.js";
import { table } from "../table.js";
import { change, link } from "../url.js";

/** @typedef {import("../url.js").State} State */

const STATUSES = ["setup", "in_progress", "completed", "cancelled"];

/** @param {State} state */
export function load({ query: { status, of } }) {
  const player = of === "all" ? "" : getLogin("tracker")?.userId;
  return {
    battles: paged((cursor, signal) =>
      getPage("v1/battles", { status, cursor, player_id: player }, "data", signal)),
  };
}

/** @param {State} state @param {any} data */
export function view(state, { battles }) {
  const { status = "", of = "" } = state.query;
  return html`<h1>${of === "all" ? "Battles" : "My battles"}</h1>
    <nav class="choices" aria-label="Whose">
      ${[["", "mine"], ["all", "all that I may watch"]].map(([one, title]) => html`
        <a href=${change(state, { of: one })} aria-current=${one === of}>${title}</a>`)}
    </nav>
    <nav class="choices" aria-label="Status">
      ${["", ...STATUSES].map((one) => html`<a href=${change(state, { status: one })}
        aria-current=${one === status}>${one.replaceAll("_", " ") || "any"}</a>`)}
    </nav>
    ${show(battles, {
      title: "Battles",
      empty: "There is no such battle.",
      view: ({ items }) =>
        table({ caption: "Battles", columns: COLUMNS, rows: items, panel: battles }),
    })}`;
}

/** @type {import("../table.js").Column[]} */
const COLUMNS = [
  {
    title: "Battle",
    view: ({ id, mission }) => html`<a href=${link("battle", id)}>${name(mission?.name, id)}</a>`,
  },
  { title: "Players", view: ({ players }) => players.map(showPlayer) },
  { title: "Status", view: ({ status }) => status.replaceAll("_", " ") },
  count("Round", "current_round"),
  at("Made", "created_at"),
  at("Completed", "completed_at"),
];

/** @param {any} player */
function showPlayer({ display_name: called, scores }) {
  return html`${name(called)} ${number(scores.victory_points)} `;
}
