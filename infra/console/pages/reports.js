/** Chat messages that players reported. */

import { html, nothing } from "../vendor/lit-html.js";
import { getPage, send } from "../api.js";
import { confirm } from "../dialog.js";
import { name, time } from "../format.js";
import { askToMute } from "../muting.js";
import { paged, show } from "../panel.js";
import { link } from "../url.js";

/** @typedef {import("../panel.js").Panel} Panel */

const PAGE = 50; // reports

export function load() {
  return {
    reports: paged((cursor, signal) =>
      getPage("api/admin/reports", { limit: PAGE, cursor }, "reports", signal)),
  };
}

/** @param {import("../url.js").State} _ @param {{reports: Panel}} data */
export function view(_, { reports }) {
  return html`<h1>Chat reports</h1>
    ${show(reports, {
      title: "Reports, newest first",
      empty: "Nobody has reported a message.",
      view: ({ items }) => html`
        <ul class="entries">${items.map((/** @type {any} */ one) => showReport(one, reports))}</ul>
        ${reports.hasMore
          ? html`<button @click=${reports.more} ?disabled=${reports.isLoading}>More</button>` : nothing}`,
    })}`;
}

/** @param {any} report @param {Panel} reports */
function showReport({ at, reason, reporter, message }, reports) {
  const { user_id: author, username, deleted_at: deleted } = message;
  const mute = () => askToMute(author, username, reports.start);
  return html`<li>
    <p>${author === null
        ? name(username) : html`<a href=${link("user", String(author))}>${name(username)}</a>`}
      in <bdi>${message.room}</bdi>, ${time(message.sent_at)}
      ${deleted ? html`<span class="badge">deleted ${time(deleted)}</span>` : nothing}</p>
    <blockquote class="words">${message.text}</blockquote>
    <p class="note">Reported by ${name(reporter)}, ${time(at)}: <bdi>${reason}</bdi></p>
    <p class="buttons">
      ${deleted ? nothing : html`<button class="danger" @click=${() => remove(message, reports)}>
        Delete the message …</button>`}
      ${author === null ? nothing : html`<button @click=${mute}>Mute the author …</button>`}
    </p>
  </li>`;
}

/** @param {any} message @param {Panel} reports */
function remove({ id, username, text }, reports) {
  confirm({
    title: "Delete the message",
    text: html`“<bdi>${text}</bdi>” of ${name(username)} disappears from everybody's chat.
      It cannot be brought back.`,
    action: "Delete the message",
    fields: html`<label>Reason, for the audit <input name="reason" maxlength="500"></label>`,
    act: async ({ reason }) => {
      await send("DELETE", `api/chat/messages/${id}`, reason.trim() ? { reason: reason.trim() } : {});
      reports.start();
    },
  });
}
