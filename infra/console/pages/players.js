/** Players of TTT: search, and rank by any number. */

import { html } from "../vendor/lit-html.js";
import { getPage } from "../api.js";
import { called, count, length, rate, since } from "../columns.js";
import { showFilters } from "../filters.js";
import { name } from "../format.js";
import { paged, show } from "../panel.js";
import { getPeriod, showPeriods } from "../period.js";
import { table } from "../table.js";
import { link } from "../url.js";

/** @typedef {import("../url.js").State} State */

/** @type {import("../table.js").Column[]} */
const COLUMNS = [
  count("Rank", "rank"),
  {
    title: "Player",
    view: ({ steam_id: id, display_name: called }) =>
      html`<a href=${link("player", id)}>${name(called, id)}</a>`,
  },
  count("Rounds", "rounds", "rounds"),
  count("Kills", "kills", "kills"),
  count("Deaths", "deaths", "deaths"),
  count("Kills a death", "kd", "kd"),
  rate("Headshots", "headshot_rate", "headshot_rate"),
  count("Wins", "wins", "wins"),
  rate("Win rate", "win_rate", "win_rate"),
  count("Team kills", "team_kills", "team_kills"),
  length("Time", "seconds", "seconds"),
  called("Weapon", "favorite_weapon"),
  since("Seen", "last_seen", "last_seen"),
];

/** @param {State} state */
export function load(state) {
  const { search, sort, order, map, server, min_rounds } = state.query;
  const asked = { ...getPeriod(state), search, sort, order, map, server, min_rounds, limit: 100 };
  return {
    players: paged((cursor, signal) =>
      getPage("api/ttt/players", { ...asked, cursor }, "items", signal)),
  };
}

/** @param {State} state @param {any} data */
export function view(state, { players }) {
  const { sort = "kills", order = "desc" } = state.query;
  const sorted = { state, by: sort, order };
  return html`<h1>Players</h1>
    ${showPeriods(state)}
    ${showFilters(state, [
      { name: "search", title: "Name or SteamID", kind: "search", maxlength: 64 },
      { name: "map", title: "Map" },
      { name: "server", title: "Server" },
      { name: "min_rounds", title: "Rounds, at least", kind: "number" },
    ])}
    ${show(players, {
      title: "Ranking",
      empty: "Nobody was found.",
      view: ({ items: rows }) =>
        table({ caption: "Players", columns: COLUMNS, rows, panel: players, sorted }),
    })}`;
}
