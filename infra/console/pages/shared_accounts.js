/** Accounts that may be one person's, and what staff allows. Nothing acts on it. */

import { html } from "../vendor/lit-html.js";
import { get, request, send } from "../api.js";
import { confirm } from "../dialog.js";
import { onSubmit } from "../form.js";
import { name, time } from "../format.js";
import { show } from "../panel.js";
import { showGroup } from "../shared_accounts.js";
import { change, link } from "../url.js";

/** @typedef {import("../url.js").State} State */
/** @typedef {import("../panel.js").Panel} Panel */

/** @param {State} state */
export function load({ query: { allowed } }) {
  return {
    groups: async (/** @type {AbortSignal} */ signal) => {
      const query = { includeAllowed: allowed === "yes" };
      const { body, headers } = await request("GET", "api/suspicious", { query, signal });
      return { items: body, hasMore: headers.get("X-Has-More") === "true" };
    },
    allowances: (/** @type {AbortSignal} */ signal) => get("api/suspicious/allow", {}, signal),
  };
}

/** @param {State} state @param {{groups: Panel, allowances: Panel}} data */
export function view(state, { groups, allowances }) {
  const isAll = state.query.allowed === "yes";
  const reload = () => {
    groups.start();
    allowances.start();
  };
  return html`<h1>Shared accounts</h1>
    <p class="note">Accounts that were on one address or network in the last days. It is no proof: families
      and dormitories look like this too.</p>
    ${show(groups, {
      title: "Groups",
      empty: "No accounts share an address.",
      tools: html`<a class="button" href=${change(state, { allowed: isAll ? "" : "yes" })}>
        ${isAll ? "Without allowed ones" : "With allowed ones"}</a>`,
      view: ({ items, hasMore }) => html`
        <ul class="entries">${items.map((/** @type {any} */ group) => showGroup(group, reload))}</ul>
        ${hasMore ? html`<p class="note">There are more; allow or settle some of these first.</p>` : ""}`,
    })}
    ${show(allowances, {
      title: "Allowed",
      empty: "Nothing is allowed.",
      view: (items) => html`<ul class="entries">
        ${items.map((/** @type {any} */ one) => showAllowance(one, reload))}</ul>`,
    })}
    ${showNetworkForm(reload)}`;
}

/** @param {any} allowance @param {() => void} reload */
function showAllowance({ id, steamIds, network, reason, staffName, date }, reload) {
  const revoke = () => confirm({
    title: "Count it as evidence again",
    text: "The allowance is removed; whom it names can appear among the groups again.",
    action: "Remove the allowance",
    act: async () => {
      await send("DELETE", `api/suspicious/allow/${encodeURIComponent(id)}`);
      reload();
    },
  });
  return html`<li>
    <p>${network
      ? html`Network <strong>${network}</strong>`
      : steamIds.map((/** @type {string} */ one) =>
        html`<a class="badge" href=${link("player-file", one)}><code>${one}</code></a> `)}</p>
    <p class="words">${reason}</p>
    <p class="note">${name(staffName)}, ${time(date)}</p>
    <p><button @click=${revoke}>Remove</button></p>
  </li>`;
}

/** @param {() => void} reload */
function showNetworkForm(reload) {
  const add = onSubmit(async ({ network, reason }, form) => {
    await send("POST", "api/suspicious/allow", { network, reason });
    form.reset();
    reload();
    return "Allowed.";
  });
  return html`<section class="panel" aria-labelledby="network">
    <header><h2 id="network">Allow a network that many share</h2></header>
    <form class="stacked" @submit=${add}>
      <label>Network, an IPv4 /24 or IPv6 /48
        <input name="network" required maxlength="64" placeholder="203.0.113.0/24" autocomplete="off"></label>
      <label>Reason <input name="reason" required maxlength="1024"></label>
      <div><button>Allow this network</button></div>
      <output role="status"></output>
    </form>
  </section>`;
}
