/** Forms: sent once at a time, with what went wrong said beside them and at their fields. */

import { ApiError, listProblems } from "./errors.js";

/**
 * A handler of `submit`. While `act` works the form is busy; what it throws stands in the form's
 * `<output>`, and so does the text that it returns; what the API says of a field stands at the field.
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
    unmark(form);
    try {
      say(form, (await act(fields, form)) ?? "", false);
    } catch (error) {
      say(form, toSentence(error), true);
      mark(form, listProblems(/** @type {ApiError} */ (error).body));
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

/**
 * Says at each field what is wrong with it, and goes to the first one.
 * @param {HTMLFormElement} form @param {{field: string, problem: string}[]} problems
 */
function mark(form, problems) {
  for (const { field, problem } of problems.toReversed()) {
    const control = form.elements.namedItem(field);
    if (!(control instanceof HTMLElement) || control.hasAttribute("aria-errormessage")) continue;
    const note = document.createElement("small");
    note.className = "problem-of-field";
    note.id = `problem-of-${field}`;
    note.textContent = problem;
    control.after(note);
    control.setAttribute("aria-invalid", "true");
    control.setAttribute("aria-errormessage", note.id);
    control.focus();
  }
}

/** @param {HTMLFormElement} form */
function unmark(form) {
  for (const note of form.querySelectorAll(".problem-of-field")) note.remove();
  for (const control of form.querySelectorAll("[aria-errormessage]")) {
    control.removeAttribute("aria-errormessage");
    control.removeAttribute("aria-invalid");
  }
}
