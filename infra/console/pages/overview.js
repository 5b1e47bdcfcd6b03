/** What was played in a period, against the one before. */

import { html, nothing } from "../vendor/lit-html.js";
import { get } from "../api.js";
import { dayOf, duration, name, number, percent } from "../format.js";
import { show } from "../panel.js";
import { getBefore, getPeriod, showPeriods } from "../period.js";
import { link } from "../url.js";

/** @typedef {import("../url.js").State} State */
/** @typedef {{title: string, of: (totals: any) => number | null, format?: (value: any) => string}} Figure */

const BEST = 10; // players
const EVERY = 30_000; // milliseconds

/** @type {Figure[]} */
const FIGURES = [
  { title: "Rounds", of: ({ rounds }) => rounds },
  { title: "Players", of: ({ players }) => players },
  { title: "Kills", of: ({ kills }) => kills },
  { title: "Headshots", of: ({ headshots, kills }) => share(headshots, kills), format: percent },
  { title: "Team kills", of: ({ team_kills: kills }) => kills },
  { title: "Suicides", of: ({ suicides }) => suicides },
  { title: "A round lasts", of: ({ avg_duration: seconds }) => seconds, format: duration },
  { title: "Innocents win", of: ({ wins, rounds }) => share(wins.innocents, rounds), format: percent },
  { title: "Traitors win", of: ({ wins, rounds }) => share(wins.traitors, rounds), format: percent },
];

/** @param {State} state */
export function load(state) {
  const period = getPeriod(state);
  const before = getBefore(period);
  const { server, map } = state.query;
  const totals = (/** @type {any} */ one, /** @type {AbortSignal} */ signal) =>
    get("api/ttt/overview", { ...one, server, map }, signal);
  return {
    totals: async (/** @type {AbortSignal} */ signal) => {
      const [now, then] = await Promise.all([
        totals(period, signal), before ? totals(before, signal) : null,
      ]);
      return { now, then };
    },
    players: (/** @type {AbortSignal} */ signal) =>
      get("api/ttt/players", { ...period, server, map, limit: BEST }, signal),
    servers: {
      load: (/** @type {AbortSignal} */ signal) => get("api/servers/live", {}, signal),
      every: EVERY,
    },
  };
}

/** @param {State} state @param {any} data */
export function view(state, { totals, players, servers }) {
  const { days = "", from = "", to = "" } = state.query;
  return html`<h1>Overview</h1>
    ${showPeriods(state)}
    ${show(totals, {
      title: "Trouble in Terrorist Town",
      empty: "No rounds were played in this period.",
      isEmpty: ({ now }) => !now.rounds,
      view: ({ now, then }) => html`
        <p class="note">${describe(now)}${then ? `, against ${describe(then)}` : nothing}</p>
        <dl class="figures">${FIGURES.map((figure) => showFigure(figure, now, then))}</dl>`,
    })}
    <div class="columns">
      ${show(players, {
        title: "Most kills",
        empty: "Nobody played in this period.",
        view: ({ items }) => html`<ol class="ranking">${items.map(showPlayer)}</ol>
          <a href=${link("players", "", { days, from, to })}>All players</a>`,
      })}
      ${show(servers, {
        title: "Servers online",
        empty: "No server is online.",
        view: (rows) => html`<ul class="ranking">${rows.map(showServer)}</ul>
          <a href=${link("servers")}>All servers</a>`,
      })}
    </div>`;
}

/** @param {any} player */
function showPlayer({ steam_id: id, display_name: called, kills }) {
  return html`<li><a href=${link("player", id)}>${name(called, id)}</a> <span>${number(kills)}</span></li>`;
}

/** @param {any} server */
function showServer({ name: called, map, players, maxPlayers }) {
  return html`<li>${name(called)} ${map ? name(map) : nothing}
    <span>${number(players)} of ${number(maxPlayers)}</span></li>`;
}

/** @param {any} totals */
function describe({ from, to }) {
  if (!from && !to) return "All time";
  const last = to && new Date(Date.parse(to) - 1).toISOString();
  return `${from ? dayOf(from) : "the beginning"} to ${last ? dayOf(last) : "now"} (UTC)`;
}

/** @param {Figure} figure @param {any} now @param {any} then */
function showFigure({ title, of, format = number }, now, then) {
  const value = of(now);
  const before = then ? of(then) : null;
  return html`<div>
    <dt>${title}</dt>
    <dd>${format(value)}</dd>
    ${then
      ? html`<dd class="before">${showChange(value, before)} <span>${format(before)} before</span></dd>`
      : nothing}
  </div>`;
}

/** @param {number | null} value @param {number | null} before */
function showChange(value, before) {
  if (value === null || !before) return nothing;
  const change = value / before - 1;
  if (Math.abs(change) < 0.0005) return html`<span>=</span>`;
  return html`<span class="change">${change > 0 ? "▲" : "▼"} ${percent(Math.abs(change))}</span>`;
}

/** @param {number} part @param {number} whole */
function share(part, whole) {
  return whole ? part / whole : null;
}
