/** Weapons and maps of TTT. */

import { html } from "../vendor/lit-html.js";
import { getPage } from "../api.js";
import { called, count, length, rate } from "../columns.js";
import { showFilters } from "../filters.js";
import { name } from "../format.js";
import { paged, show } from "../panel.js";
import { getPeriod, showPeriods } from "../period.js";
import { table } from "../table.js";
import { change } from "../url.js";

/** @typedef {import("../url.js").State} State */

/** @type {import("../table.js").Column[]} */
const WEAPONS = [
  called("Weapon", "weapon"),
  count("Kills", "kills"),
  count("Headshots", "headshots"),
  rate("Headshot rate", "headshot_rate"),
  count("Team kills", "team_kills"),
  count("Suicides", "suicides"),
];

/** @param {State} state @returns {import("../table.js").Column[]} */
const toMaps = (state) => [
  {
    title: "Map",
    view: ({ map_name: map }) => html`<a href=${change(state, { map })}>${name(map)}</a>`,
  },
  count("Rounds", "rounds"),
  count("Kills", "kills"),
  rate("Innocents win", "innocent_win_rate"),
  rate("Traitors win", "traitor_win_rate"),
  count("Out of time", "timelimit"),
  length("A round lasts", "avg_duration"),
];

/** @param {State} state */
export function load(state) {
  const { map, server } = state.query;
  const asked = { ...getPeriod(state), server };
  return {
    weapons: paged((cursor, signal) =>
      getPage("api/ttt/weapons", { ...asked, map, cursor }, "items", signal)),
    maps: paged((cursor, signal) => getPage("api/ttt/maps", { ...asked, cursor }, "items", signal)),
  };
}

/** @param {State} state @param {any} data */
export function view(state, { weapons, maps }) {
  const { map } = state.query;
  return html`<h1>Weapons and maps</h1>
    ${showPeriods(state)}
    ${showFilters(state, [{ name: "map", title: "Map" }, { name: "server", title: "Server" }])}
    ${show(weapons, {
      title: map ? `Weapons on ${map}` : "Weapons",
      empty: "Nobody was killed in this period.",
      view: ({ items }) => table({ caption: "Weapons", columns: WEAPONS, rows: items, panel: weapons }),
    })}
    ${show(maps, {
      title: "Maps",
      empty: "No rounds were played in this period.",
      view: ({ items }) => table({ caption: "Maps", columns: toMaps(state), rows: items, panel: maps }),
    })}`;
}
