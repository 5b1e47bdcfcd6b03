/** Dialogs: what cannot be undone is asked once, and a secret is shown once. */

import { html, nothing, render } from "./vendor/lit-html.js";
import { onSubmit } from "./form.js";

let count = 0;

/**
 * Asks before something is done, and does it: errors stand in the dialog, which closes after success.
 * @param {{title: string, text: unknown, action: string, fields?: unknown, isDangerous?: boolean,
 *   act: (fields: Record<string, string>) => Promise<unknown>}} options `text`: what will happen;
 *   `fields`: labels with what else is asked; `action`: the button
 */
export function confirm({ title, text, action, fields = nothing, isDangerous = true, act }) {
  const submit = onSubmit(async (/** @type {Record<string, string>} */ given) => {
    await act(given);
    close();
  });
  const close = open(title, (/** @type {() => void} */ cancel) => html`
    <p>${text}</p>
    <form class="stacked" @submit=${submit}>
      ${fields}
      <div class="buttons">
        <button class=${isDangerous ? "danger" : "primary"}>${action}</button>
        <button type="button" @click=${cancel}>Cancel</button>
      </div>
      <output role="alert"></output>
    </form>`);
}

/**
 * Shows something to read until it is closed.
 * @param {string} title
 * @param {unknown} content
 */
export function present(title, content) {
  open(title, (close) => html`${content}
    <div class="buttons"><button class="primary" @click=${close}>Close</button></div>`);
}

/**
 * Shows a secret, which is kept nowhere and gone when the dialog is.
 * @param {{title: unknown, text: unknown, secret: string}} options
 */
export function showSecret({ title, text, secret }) {
  open(title, (close) => html`
    <p>${text}</p>
    <p><code class="secret" tabindex="0" @focus=${select}>${secret}</code></p>
    <p class="note">It is shown this once, and cannot be read again.</p>
    <div class="buttons">
      <button @click=${copy}>Copy</button>
      <button class="primary" @click=${close}>I have stored it</button>
    </div>
    <output role="status"></output>`, { staysOnEscape: true });
}

/** @param {FocusEvent} event */
function select({ currentTarget }) {
  getSelection()?.selectAllChildren(/** @type {Node} */ (currentTarget));
}

/** @param {Event} event */
async function copy({ currentTarget }) {
  const dialog = /** @type {HTMLElement} */ (currentTarget).closest("dialog");
  const secret = /** @type {HTMLElement} */ (dialog?.querySelector(".secret"));
  const output = /** @type {HTMLElement} */ (dialog?.querySelector("output"));
  try {
    await navigator.clipboard.writeText(secret.textContent ?? "");
    output.textContent = "Copied.";
  } catch {
    secret.focus(); // the clipboard needs https: it is selected instead
    output.textContent = "It is selected: copy it with the keyboard.";
  }
}

/**
 * @param {unknown} title
 * @param {(close: () => void) => unknown} view
 * @param {{staysOnEscape?: boolean}} [options]
 * @returns {() => void} closes it
 */
function open(title, view, { staysOnEscape = false } = {}) {
  const dialog = document.createElement("dialog");
  const id = `dialog-${++count}`;
  dialog.setAttribute("aria-labelledby", id);
  const close = () => dialog.close();
  render(html`<h2 id=${id}>${title}</h2>${view(close)}`, dialog);
  dialog.addEventListener("close", () => {
    removeEventListener("hashchange", close);
    dialog.remove();
  });
  if (staysOnEscape) dialog.addEventListener("cancel", (event) => event.preventDefault());
  addEventListener("hashchange", close); // the page that asked is left
  document.body.append(dialog);
  dialog.showModal();
  return close;
}
