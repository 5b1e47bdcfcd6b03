/** Players of the game servers, last seen first: the way to their files. */

import { html, nothing } from "../vendor/lit-html.js";
import { getPage } from "../api.js";
import { count, since } from "../columns.js";
import { showFilters } from "../filters.js";
import { name, number } from "../format.js";
import { paged, show } from "../panel.js";
import { listChoices, loadServers } from "../server_names.js";
import { table } from "../table.js";
import { link } from "../url.js";

/** @typedef {import("../url.js").State} State */

const PAGE = 100; // players

/** @param {State} state */
export function load({ query: { search, serverId } }) {
  return {
    servers: loadServers,
    players: paged((cursor, signal) =>
      getPage("api/players", { search, serverId, limit: PAGE, cursor }, "items", signal)),
  };
}

/** @type {import("../table.js").Column[]} */
const COLUMNS = [
  {
    title: "Player",
    view: (row) => html`<a href=${link("player-file", row.steamId)}>${name(row.name, row.steamId)}</a>`,
  },
  { title: "SteamID", view: ({ steamId }) => html`<code>${name(steamId)}</code>` },
  since("Last seen", "lastSeen"),
  since("First seen", "firstSeen"),
  count("Connections", "totalConnections"),
  { title: "Played", kind: "number", view: ({ playTimeHours }) => `${number(playTimeHours)} h` },
  { title: "Punished", view: showPunished },
];

/** @param {any} player */
function showPunished({ punishments }) {
  const active = punishments.filter((/** @type {any} */ one) => one.active);
  return active.length ? html`<span class="badge bad">${active[0].type}</span>` : nothing;
}

/** @param {State} state @param {any} data */
export function view(state, { servers, players }) {
  return html`<h1>Player files</h1>
    ${showFilters(state, [
      { name: "search", title: "Name or SteamID", kind: "search", maxlength: 256 },
      { name: "serverId", title: "Server", options: listChoices(servers, state.query.serverId) },
    ])}
    ${show(players, {
      title: "Players, last seen first",
      empty: "Nobody matches.",
      view: ({ items }) => table({ caption: "Players", columns: COLUMNS, rows: items, panel: players }),
    })}`;
}
