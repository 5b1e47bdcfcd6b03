/** One player of TTT: numbers, form, sessions, weapons, nemesis, names. */

import { html, nothing } from "../vendor/lit-html.js";
import { get, getPage } from "../api.js";
import { at, called, count, rate } from "../columns.js";
import { figures } from "../figures.js";
import { ago, dayOf, duration, name, number, time } from "../format.js";
import { getZone, heatMap } from "../heat.js";
import { paged, show } from "../panel.js";
import { getPeriod, showPeriods } from "../period.js";
import { plot } from "../plot.js";
import { table } from "../table.js";
import { change, link } from "../url.js";

/** @typedef {import("../url.js").State} State */

/** @param {State} state */
export function load(state) {
  const path = `api/ttt/players/${encodeURIComponent(state.id)}`;
  const { server, bucket } = state.query;
  const asked = { ...getPeriod(withAllTime(state)), server };
  return {
    player: (/** @type {AbortSignal} */ signal) => get(path, { ...asked, tz: getZone() }, signal),
    form: (/** @type {AbortSignal} */ signal) => get(`${path}/form`, { ...asked, bucket }, signal),
    sessions: paged((cursor, signal) =>
      getPage(`${path}/sessions`, { ...asked, cursor }, "items", signal)),
    names: (/** @type {AbortSignal} */ signal) => get(`${path}/names`, {}, signal),
  };
}

/** All time, unless the address says otherwise. @param {State} state @returns {State} */
function withAllTime(state) {
  return { ...state, query: { ...state.query, days: state.query.days ?? "all" } };
}

/** @param {State} state @param {any} data */
export function view(state, { player, form, sessions, names }) {
  const { value } = player;
  return html`<h1>${name(value?.display_name, state.id)}</h1>
    <p class="note"><code>${state.id}</code>${value?.last_seen
      ? html` · first seen ${time(value.first_seen)}, last ${ago(value.last_seen)}` : nothing}</p>
    ${showPeriods(withAllTime(state), "all")}
    ${show(player, { title: "In numbers", isEmpty, empty: EMPTY, view: showFigures })}
    ${show(form, {
      title: "Form over time",
      empty: EMPTY,
      isEmpty: ({ items }) => !items.length,
      tools: chooseBucket(state),
      view: showForm,
    })}
    ${show(sessions, {
      title: "Sessions",
      empty: EMPTY,
      view: ({ items }) => table({ caption: "Sessions", columns: SESSIONS, rows: items, panel: sessions }),
    })}
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
  return figures([
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
  ]);
}

const BUCKETS = ["day", "week", "month"];

/** @param {State} state */
function chooseBucket(state) {
  const { bucket: shown = "day" } = state.query;
  return html`<nav class="choices" aria-label="By">
    ${BUCKETS.map((bucket) => html`<a href=${change(state, { bucket })}
      aria-current=${bucket === shown}>by ${bucket}</a>`)}
  </nav>`;
}

/** @param {any} form */
function showForm({ items }) {
  return plot({
    title: "Rounds, and kills a death",
    x: items.map((/** @type {any} */ one) => Date.parse(one.start) / 1000),
    xTitle: "From",
    label: (at) => dayOf(new Date(at * 1000).toISOString()),
    isUtc: true,
    series: [
      { label: "Rounds", values: items.map((/** @type {any} */ one) => one.rounds), kind: "bars" },
      { label: "Kills a death", values: items.map((/** @type {any} */ one) => one.kd) },
    ],
  });
}

const SESSIONS = [
  at("Began", "started_at"), at("Ended", "ended_at"), called("Server", "server"),
  count("Rounds", "rounds"), count("Won", "wins"), count("Kills", "kills"), count("Deaths", "deaths"),
  count("Karma", "karma_diff"),
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
