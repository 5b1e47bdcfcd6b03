/** The web game of who is signed in: the player, fights that wait, fights that were. */

import { html, nothing } from "../vendor/lit-html.js";
import { get } from "../api.js";
import { at, called, count } from "../columns.js";
import { figures } from "../figures.js";
import { ago, name, number } from "../format.js";
import { show } from "../panel.js";
import { table } from "../table.js";
import { link } from "../url.js";

/** @typedef {AbortSignal} Signal */

const EVERY = 10_000; // milliseconds
const HISTORY = 100;

export function load() {
  return {
    player: { load: (/** @type {Signal} */ signal) => get("api/player/me", {}, signal), every: EVERY },
    fights: {
      load: async (/** @type {Signal} */ signal) => {
        const paths = ["api/battles/available", "api/battles/boss-raids/available"];
        const [usual, raids] = await Promise.all(paths.map((path) => get(path, {}, signal)));
        return [...new Map([...usual, ...raids].map((one) => [one.id, one])).values()];
      },
      every: EVERY,
    },
    history: (/** @type {Signal} */ signal) => get("api/battles/history/me", { limit: HISTORY }, signal),
    purchases: (/** @type {Signal} */ signal) => get("api/shop/history", { limit: HISTORY }, signal),
  };
}

/** @param {import("../url.js").State} _ @param {any} data */
export function view(_, { player, fights, history, purchases }) {
  return html`<h1>My game</h1>
    ${show(player, { title: player.value?.username ?? "Player", view: showPlayer })}
    ${show(fights, {
      title: "Fights that wait for players",
      empty: "None.",
      view: (rows) => table({ caption: "Fights", columns: FIGHTS, rows }),
    })}
    ${show(history, {
      title: "My fights",
      empty: "You did not fight yet.",
      view: (rows) => table({ caption: "My fights", columns: HISTORY_COLUMNS, rows }),
    })}
    ${show(purchases, {
      title: "Bought",
      empty: "Nothing yet.",
      view: (rows) => table({ caption: "Bought", columns: PURCHASES, rows }),
    })}`;
}

/** @param {any} player */
function showPlayer(player) {
  return html`${figures([
    ["Level", number(player.level)],
    ["Experience", `${number(player.exp)} of ${number(player.exp_max)}`],
    ["Gold", number(player.gold)],
    ["Gems", number(player.gems)],
    ["Stamina", `${number(player.stamina)} of ${number(player.stamina_max)}`],
    ["Attack", number(player.base_attack)],
    ["Defence", number(player.base_defense)],
    ["Health", number(player.base_hp)],
    ["Points to spend", number(player.unspent_stat_points)],
  ])}
    ${player.active_buffs.length
      ? html`<ul>${player.active_buffs.map(showBuff)}</ul>` : nothing}`;
}

/** @param {any} buff */
function showBuff({ buff_type: type, effect_value: value, expires_at: end }) {
  return html`<li>${type.replaceAll("_", " ")} by ${number(value)}, ends ${ago(end)}</li>`;
}

/** @type {import("../table.js").Column[]} */
const FIGHTS = [
  { title: "Fight", view: ({ id, name: said }) => html`<a href=${link("raid", id)}>${name(said)}</a>` },
  called("Difficulty", "difficulty"),
  { title: "Players", kind: "number",
    view: (one) => `${number(one.current_players)} of ${number(one.max_players)}` },
  count("From level", "required_level"), count("Stamina", "stamina_cost"),
  count("Gold", "gold_reward"), count("Experience", "exp_reward"), called("Status", "status"),
];
/** @type {import("../table.js").Column[]} */
const HISTORY_COLUMNS = [
  { title: "Fight", view: ({ battle_id: id, battle_name: said }) =>
    html`<a href=${link("raid", String(id))}>${name(said)}</a>` },
  called("Status", "status"), at("Joined", "joined_at"), count("Blows", "attacks_count"),
  count("Damage", "total_damage_dealt"),
  { title: "Gold", kind: "number", view: ({ rewards }) => number(rewards?.gold) },
  at("Claimed", "claimed_at"),
];
const PURCHASES = [
  called("Item", "item_name"), called("Kind", "item_type"), count("Gold", "cost_gold"),
  count("Gems", "cost_gems"), at("Bought", "purchased_at"),
];
