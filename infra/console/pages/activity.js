/** When people play, and how many come new and come back. */

import { html } from "../vendor/lit-html.js";
import { get } from "../api.js";
import { showFilters } from "../filters.js";
import { dayOf } from "../format.js";
import { getZone, heatMap } from "../heat.js";
import { show } from "../panel.js";
import { getPeriod, showPeriods } from "../period.js";
import { plot } from "../plot.js";

/** @typedef {import("../url.js").State} State */

/** @param {State} state */
export function load(state) {
  const { map, server, tz } = state.query;
  const asked = { ...getPeriod(state), server };
  return {
    activity: (/** @type {AbortSignal} */ signal) =>
      get("api/ttt/activity", { ...asked, map, tz: tz || getZone() }, signal),
    newcomers: (/** @type {AbortSignal} */ signal) => get("api/ttt/newcomers", asked, signal),
  };
}

/** @param {State} state @param {any} data */
export function view(state, { activity, newcomers }) {
  return html`<h1>Activity</h1>
    ${showPeriods(state)}
    ${showFilters(state, [
      { name: "map", title: "Map" },
      { name: "server", title: "Server" },
      { name: "tz", title: "Time zone", placeholder: getZone(), maxlength: 64 },
    ])}
    ${show(activity, {
      title: "Rounds by weekday and hour",
      empty: "No rounds were played in this period.",
      isEmpty: ({ matrix }) => !matrix.flat().some(Boolean),
      view: ({ matrix, tz }) => heatMap({ title: "Rounds", matrix, zone: tz }),
    })}
    ${show(newcomers, {
      title: "Players of each day (UTC)",
      empty: "Nobody played in this period.",
      isEmpty: ({ items }) => !items.some((/** @type {any} */ day) => day.players),
      view: ({ items }) => showDays(items),
    })}`;
}

/** @param {any[]} days */
function showDays(days) {
  return plot({
    title: "New and returning players",
    x: days.map(({ day }) => Date.parse(day) / 1000),
    xTitle: "Day",
    label: (at) => dayOf(new Date(at * 1000).toISOString()),
    isUtc: true,
    series: [
      { label: "Players", values: days.map(({ players }) => players) },
      { label: "Returning", values: days.map(({ returning_players: count }) => count) },
      { label: "New", values: days.map(({ new_players: count }) => count) },
    ],
  });
}
