/** One player of TTT: numbers, form, sessions, weapons, nemesis, names. */

import { html, nothing } from "../vendor/lit-html.js";
import { get } from "../api.js";
import { at, called, count, length, rate } from "../columns.js";
import { ago, duration, name, number, time } from "../format.js";
import { getZone, heatMap } from "../heat.js";
import { show } from "../panel.js";
import { getPeriod, showPeriods } from "../period.js";
import { plot } from "../plot.js";
import { toSessions } from "../sessions.js";
import { table } from "../table.js";
import { link } from "../url.js";

/** @typedef {import("../url.js").State} State */

/** @param {State} state */
export function load(state) {
  const path = `api/ttt/players/${encodeURIComponent(state.id)}`;
  const { server } = state.query;
  const asked = { ...getPeriod(withAllTime(state)), server, tz: getZone() };
  return {
    player: (/** @type {AbortSignal} */ signal) => get(path, asked, signal),
    names: (/** @type {AbortSignal} */ signal) => get(`${path}/names`, {}, signal),
  };
}

/** All time, unless the address says otherwise. @param {State} state @returns {State} */
function withAllTime(state) {
  return { ...state, query: { ...state.query, days: state.query.days ?? "all" } };
}

/** @param {State} state @param {any} data */
export function view(state, { player, names }) {
  const { value } = player;
  return html`<h1>${name(value?.display_name, state.id)}</h1>
    <p class="note"><code>${state.id}</code>${value?.last_seen
      ? html` · first seen ${time(value.first_seen)}, last ${ago(value.last_seen)}` : nothing}</p>
    ${showPeriods(withAllTime(state), "all")}
    ${show(player, { title: "In numbers", isEmpty, empty: EMPTY, view: showFigures })}
    ${part(player, "form", "Form over the last rounds", ({ recent }) => showForm(recent))}
    ${part(player, "sessions", "Last sessions", ({ recent }) => showSessions(recent))}
    <div class="columns">
      ${part(player, "roles", "Roles", ({ by_role: rows }) =>
        table({ caption: "Roles", columns: ROLES, rows }))}
      ${part(player, "weapons", "Weapons", ({ weapons: rows }) =>
        table({ caption: "Weapons", columns: WEAPONS, rows }))}
      ${part(player, "nemesis", "Nemesis: killed by", ({ killed_by: rows }) =>
        table({ caption: "Killed by", columns: OPPONENTS, rows }))}
      ${part(player, "victims", "Victims", ({ victims: rows }) =>
        table({ caption: "Victims", columns: OPPONENTS, rows }))}
      ${part(player, "maps", "Maps", ({ by_map: rows }) => table({ caption: "Maps", columns: MAPS, rows }))}
      ${show(names, {
        title: "Names",
        empty: "No name was sent.",
        view: ({ items }) => table({ caption: "Names", columns: NAMES, rows: items }),
      })}
    </div>
    ${part(player, "activity", "Rounds by weekday and hour", ({ activity: { matrix, tz } }) =>
      heatMap({ title: "Rounds", matrix, zone: tz }))}`;
}

const EMPTY = "No rounds in this period.";
/** @param {any} value */
const isEmpty = ({ rounds }) => !rounds;

/**
 * A part of what one request answered: nothing while there is nothing, for the first panel says so.
 * @param {import("../panel.js").Panel} panel @param {string} id @param {string} title
 * @param {(value: any) => unknown} view
 */
function part(panel, id, title, view) {
  if (panel.value === undefined || isEmpty(panel.value)) return nothing;
  return html`<section class="panel" aria-labelledby=${id}>
    <header><h2 id=${id}>${title}</h2></header>
    ${view(panel.value)}
  </section>`;
}

/** @param {any} player */
function showFigures(player) {
  /** @type {[string, string][]} */
  const figures = [
    ["Rounds", number(player.rounds)],
    ["Kills", number(player.kills)],
    ["Deaths", number(player.deaths)],
    ["Kills a death", number(player.kd)],
    ["Kills a round", number(player.kills_per_round)],
    ["Headshots", `${number(player.headshot_rate)} %`],
    ["Wins", `${number(player.win_rate)} %`],
    ["Team kills", number(player.team_kills)],
    ["Karma a round", number(player.avg_karma)],
    ["Points", number(player.points_total)],
    ["Bought", number(player.items_bought)],
    ["Played", duration(player.seconds)],
  ];
  return html`<dl class="figures">
    ${figures.map(([title, value]) => html`<div><dt>${title}</dt><dd>${value}</dd></div>`)}
  </dl>`;
}

/** @param {any[]} recent newest first */
function showForm(recent) {
  const rounds = [...recent].reverse();
  return plot({
    title: `Kills and deaths of the last ${rounds.length} rounds`,
    x: rounds.map(({ timestamp }) => Date.parse(timestamp) / 1000),
    xTitle: "Round",
    series: [
      { label: "Kills", values: rounds.map(({ kills }) => kills) },
      { label: "Deaths", values: rounds.map(({ deaths }) => deaths) },
    ],
  });
}

/** @param {any[]} recent */
function showSessions(recent) {
  return html`<p class="note">Of the last ${recent.length} rounds; an hour without one ends a session.</p>
    ${table({ caption: "Sessions", columns: SESSIONS, rows: toSessions(recent) })}`;
}

const SESSIONS = [
  at("Began", "from"), length("Lasted", "seconds"), count("Rounds", "rounds"), count("Won", "won"),
  count("Kills", "kills"), count("Deaths", "deaths"), count("Karma", "karma"),
];
const ROLES = [
  called("Role", "role"), count("Rounds", "rounds"), rate("Win rate", "win_rate"), count("Kills", "kills"),
  count("Deaths", "deaths"), count("Kills a death", "kd"), count("Team kills", "team_kills"),
];
const WEAPONS = [
  called("Weapon", "weapon"), count("Kills", "kills"), count("Headshots", "headshots"),
  rate("Headshot rate", "headshot_rate"),
];
const MAPS = [
  called("Map", "map_name"), count("Rounds", "rounds"), rate("Win rate", "win_rate"), count("Kills", "kills"),
  count("Deaths", "deaths"),
];
const NAMES = [called("Name", "name"), at("From", "valid_from"), at("To", "valid_to")];
/** @type {import("../table.js").Column[]} */
const OPPONENTS = [
  {
    title: "Player",
    view: ({ steam_id: id, display_name: said }) => html`<a href=${link("player", id)}>${name(said, id)}</a>`,
  },
  count("Kills", "kills"), count("Headshots", "headshots"),
];
