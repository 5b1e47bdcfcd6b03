/** A battle of the tracker, as it is played. */

import { html, nothing } from "../vendor/lit-html.js";
import { get, send, toSocketUrl } from "../api.js";
import { apply, describe } from "../battle_frames.js";
import { ApiError } from "../errors.js";
import { duration, name, number, time } from "../format.js";
import { Room } from "../live.js";
import { show } from "../panel.js";
import { table } from "../table.js";
import { link } from "../url.js";

/** @typedef {import("../url.js").State} State */

const MAX_SHOWN = 100; // events

/** @param {State} state */
export function load({ id }) {
  const path = `v1/battles/${encodeURIComponent(id)}`;
  return {
    battle: {
      follow: (
        /** @type {(value: any) => void} */ push,
        /** @type {(error: unknown) => void} */ fail,
        /** @type {AbortSignal} */ signal,
      ) => follow(path, push, fail, signal),
    },
  };
}

/**
 * Pushes the battle at once and at each event, until the signal. Whether it may be read says the API:
 * to pages a handshake that is refused is as any that failed.
 * @param {string} path @param {(value: any) => void} push @param {(error: unknown) => void} fail
 * @param {AbortSignal} signal
 */
async function follow(path, push, fail, signal) {
  let value = /** @type {any} */ ({ battle: null, events: [], status: "connecting" });
  const set = (/** @type {object} */ changes) => {
    value = { ...value, ...changes };
    if (value.battle) push(value);
  };
  try {
    set({ battle: (await get(path, {}, signal)).battle });
  } catch (error) {
    fail(error);
    return;
  }
  const room = new Room(toSocketUrl(path.replace("v1/battles", "v1/ws/battles")), {
    credential: async () => {
      try {
        return { ticket: (await send("POST", `${path}/ws-ticket`)).ticket };
      } catch (error) {
        if (error instanceof ApiError && error.status >= 400 && error.status < 500) {
          fail(error);
          room.close();
        }
        throw error;
      }
    },
    onSnapshot: ({ battle }) => set({ battle }),
    onEvent: (frame) => set({
      battle: apply(value.battle, frame),
      events: [frame, ...value.events].slice(0, MAX_SHOWN),
    }),
    onMessage: (frame) => value.battle && set({ battle: apply(value.battle, frame) }),
    onStatus: (status) => set({ status }),
  });
  signal.addEventListener("abort", () => room.close());
}

/** @param {State} _ @param {any} data */
export function view(_, { battle }) {
  return html`<h1>Battle</h1>
    ${show(battle, {
      title: battle.value?.battle.mission?.name ?? "Battle",
      tools: battle.value
        ? html`<span class="badge" role="status">${battle.value.status}</span>` : nothing,
      view: showBattle,
    })}`;
}

/** @param {any} value */
function showBattle({ battle, events }) {
  const { players, current_turn: turn, winner_id: winner } = battle;
  const called = new Map(players.map((/** @type {any} */ one) => [one.user_id, one.display_name]));
  return html`<p>
      ${battle.status.replaceAll("_", " ")}, round ${number(battle.current_round)} of
      ${number(battle.max_rounds)}${turn && battle.status === "in_progress"
        ? html`; ${name(called.get(turn.player_id))}, ${turn.phase} phase,
          ${duration(turn.time_remaining)} left` : nothing}
      ${winner ? html`<strong>${name(called.get(winner))} won</strong>.` : nothing}
      ${battle.tournament_id
        ? html`<a href=${link("tournament", battle.tournament_id)}>Tournament</a>` : nothing}
    </p>
    ${table({ caption: "Players", columns: PLAYERS, rows: players })}
    <h3>What happened since this page is open</h3>
    ${events.length
      ? table({ caption: "Events", columns: EVENTS, rows: events })
      : html`<p class="empty">Nothing yet.</p>`}`;
}

/** @param {string} title @param {string} key @returns {import("../table.js").Column} */
function score(title, key) {
  return { title, kind: "number", view: ({ scores }) => number(scores[key]) };
}

/** @type {import("../table.js").Column[]} */
const PLAYERS = [
  { title: "Player", view: (one) => html`${name(one.display_name)}${one.connected
    ? html` <span class="badge good">here</span>` : nothing}` },
  { title: "Army", view: ({ army }) => name(army?.name, "–") },
  score("Victory points", "victory_points"), score("Primary", "primary"),
  score("Secondary", "secondary"), score("Challenge", "challenge"), score("Linchpin", "linchpin"),
  { title: "Command points", kind: "number", view: (one) => number(one.command_points) },
  { title: "Used", kind: "number", view: (one) => duration(one.time_used) },
];
/** @type {import("../table.js").Column[]} */
const EVENTS = [
  { title: "No.", kind: "number", view: ({ seq }) => number(seq) },
  { title: "At", view: ({ timestamp }) => time(timestamp, { seconds: true }) },
  { title: "Event", kind: "wide", view: describe },
];
