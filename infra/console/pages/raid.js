/** A fight of the web game, as it is fought. */

import { html, nothing } from "../vendor/lit-html.js";
import { get, toSocketUrl } from "../api.js";
import { count } from "../columns.js";
import { followRoom } from "../followed_room.js";
import { name, number, time } from "../format.js";
import { show } from "../panel.js";
import { getLogin } from "../session.js";
import { table } from "../table.js";

/** @typedef {import("../url.js").State} State */

/** @param {State} state */
export function load({ id }) {
  const number = encodeURIComponent(id);
  return {
    fight: followRoom({
      url: toSocketUrl(`ws/battle/${number}`),
      read: (signal) => get(`api/battles/${number}`, {}, signal),
      credential: () => ({ bearer: getLogin("game")?.token ?? "" }),
    }),
  };
}

/** @param {State} _ @param {any} data */
export function view(_, { fight }) {
  return html`<h1>${name(fight.value?.thing.name, "Fight")}</h1>
    ${show(fight, {
      title: "The fight",
      tools: fight.value
        ? html`<span class="badge" role="status">${fight.value.status}</span>` : nothing,
      view: showFight,
    })}`;
}

/** @param {any} value */
function showFight({ thing: fight, events }) {
  return html`<p>${fight.difficulty}, ${fight.status.replaceAll("_", " ")};
      ${number(fight.current_players)} of ${number(fight.max_players)} players</p>
    ${table({ caption: "Enemies", columns: ENEMIES, rows: fight.enemies })}
    <h3>Players</h3>
    ${table({ caption: "Players", columns: PLAYERS, rows: fight.participants })}
    <h3>What happened since this page is open</h3>
    ${events.length
      ? table({ caption: "Events", columns: EVENTS, rows: events })
      : html`<p class="empty">Nothing yet.</p>`}`;
}

/** @type {import("../table.js").Column[]} */
const ENEMIES = [
  { title: "Enemy", view: (one) => name(one.name) },
  {
    title: "Health",
    view: (one) => html`<meter min="0" max=${one.hp_max} value=${one.hp_current}
      aria-label=${`Health of ${one.name}`}></meter>
      ${number(one.hp_current)} of ${number(one.hp_max)}`,
  },
  count("Level", "level"), count("Attack", "attack"), count("Defence", "defense"),
];
/** @type {import("../table.js").Column[]} */
const PLAYERS = [
  { title: "Player", view: (one) => html`${name(one.username)}${one.is_dead
    ? html` <span class="badge bad">down</span>` : nothing}` },
  count("Level", "level"), count("Damage", "total_damage_dealt"),
];
/** @type {import("../table.js").Column[]} */
const EVENTS = [
  count("No.", "seq"),
  { title: "At", view: ({ timestamp }) => time(timestamp, { seconds: true }) },
  { title: "Event", kind: "wide", view: ({ type, message }) => message ?? type.replaceAll("_", " ") },
  { title: "Who", view: (one) => name(one.username, "–") },
  count("Damage", "damage"),
];
