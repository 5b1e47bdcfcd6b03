/** Forms: sent once at a time, with what went wrong said beside them. */

import { ApiError } from "./errors.js";

/**
 * A handler of `submit`. While `act` works the form is busy; what it throws stands in the form's
 * `<output>`, and so does the text that it returns.
 * @param {(fields: Record<string, string>, form: HTMLFormElement) => Promise<string | void>} act
 */
export function onSubmit(act) {
  return async (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    const form = /** @type {HTMLFormElement} */ (event.currentTarget);
    if (form.getAttribute("aria-busy") === "true") return;
    const fields = /** @type {Record<string, string>} */ (Object.fromEntries(
      [...new FormData(form)].map(([name, value]) => [name, String(value)]),
    ));
    const buttons = form.querySelectorAll("button");
    form.setAttribute("aria-busy", "true");
    for (const button of buttons) button.disabled = true;
    say(form, "", false);
    try {
      say(form, (await act(fields, form)) ?? "", false);
    } catch (error) {
      say(form, toSentence(error), true);
    } finally {
      form.setAttribute("aria-busy", "false");
      for (const button of buttons) button.disabled = false;
    }
  };
}

/** @param {unknown} error */
export function toSentence(error) {
  if (!(error instanceof ApiError)) throw error;
  const wait = error.retryAfter ? ` Try again in ${error.retryAfter} s.` : "";
  return error.message + wait;
}

/** @param {HTMLFormElement} form @param {string} text @param {boolean} isError */
function say(form, text, isError) {
  const output = form.querySelector("output");
  if (!output) return;
  output.textContent = text;
  output.classList.toggle("error", isError);
}
