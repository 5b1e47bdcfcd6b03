/** Muting a user of the chat. */

import { html } from "./vendor/lit-html.js";
import { send } from "./api.js";
import { confirm } from "./dialog.js";
import { name } from "./format.js";

/** Minutes, and how people call them. @type {[number, string][]} */
const TIMES = [
  [10, "10 minutes"], [60, "An hour"], [1440, "A day"], [10_080, "A week"], [43_200, "30 days"],
  [525_600, "A year"],
];

/** @param {number} userId @param {string} username @param {() => void} reload */
export function askToMute(userId, username, reload) {
  confirm({
    title: "Mute",
    text: html`${name(username)} cannot write in the tavern or in battles for this time.`,
    action: "Mute",
    fields: html`<label>For <select name="minutes">
        ${TIMES.map(([minutes, title]) => html`<option value=${minutes}>${title}</option>`)}</select></label>
      <label>Reason, for the audit <input name="reason" maxlength="500"></label>`,
    act: async ({ minutes, reason }) => {
      await mute(userId, Number(minutes), reason);
      reload();
    },
  });
}

/** @param {number} userId @param {string} username @param {() => void} reload */
export function askToUnmute(userId, username, reload) {
  confirm({
    title: "End the mute",
    text: html`${name(username)} can write again at once.`,
    action: "End the mute",
    isDangerous: false,
    act: async () => {
      await mute(userId, 0, "");
      reload();
    },
  });
}

/** @param {number} userId @param {number} minutes @param {string} reason */
function mute(userId, minutes, reason) {
  const sent = reason.trim() ? { minutes, reason: reason.trim() } : { minutes };
  return send("POST", `api/admin/users/${userId}/mute`, sent);
}
