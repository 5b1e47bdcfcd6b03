/** The servers that are online now. */

import { html } from "../vendor/lit-html.js";
import { get } from "../api.js";
import { called, since } from "../columns.js";
import { figures } from "../figures.js";
import { number } from "../format.js";
import { show } from "../panel.js";
import { table } from "../table.js";

const EVERY = 10_000; // milliseconds

/** @type {import("../table.js").Column[]} */
const COLUMNS = [
  called("Server", "name"),
  { title: "Mode", view: ({ mode }) => mode },
  called("Map", "map"),
  {
    title: "Players",
    kind: "number",
    view: ({ players, maxPlayers }) => `${number(players)} of ${number(maxPlayers)}`,
  },
  since("Seen", "lastSeen"),
];

export function load() {
  const list = (/** @type {AbortSignal} */ signal) => get("api/servers/live", {}, signal);
  return { servers: { load: list, every: EVERY } };
}

/** @param {import("../url.js").State} _ @param {any} data */
export function view(_, { servers }) {
  return html`<h1>Servers</h1>
    ${show(servers, {
      title: "Online now",
      empty: "No server is online. One that sends heartbeats appears here by itself.",
      view: (rows) => html`
        ${figures([
          ["Servers", number(rows.length)],
          ["Players", number(sum(rows, "players"))],
          ["Places", number(sum(rows, "maxPlayers"))],
        ])}
        ${table({ caption: "Servers online", columns: COLUMNS, rows })}`,
    })}`;
}

/** @param {any[]} rows @param {string} key */
function sum(rows, key) {
  return rows.reduce((total, row) => total + row[key], 0);
}
