/** Numbers, times and names as people read them. */

import { html } from "./vendor/lit-html.js";

const NONE = "–";
const whole = new Intl.NumberFormat(undefined, { maximumFractionDigits: 0 });
const fine = new Intl.NumberFormat(undefined, { maximumFractionDigits: 2 });
const compact = new Intl.NumberFormat(undefined, { notation: "compact", maximumFractionDigits: 2 });
const share = new Intl.NumberFormat(undefined, { style: "percent", maximumFractionDigits: 1 });
const moment = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
const exact = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
const day = new Intl.DateTimeFormat(undefined, { dateStyle: "medium" });
const utcDay = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeZone: "UTC" });
const relative = new Intl.RelativeTimeFormat(undefined, { numeric: "auto" });

/** @param {number | null | undefined} value */
export function number(value) {
  if (value === null || value === undefined || Number.isNaN(value)) return NONE;
  return (Number.isInteger(value) ? whole : fine).format(value);
}

/** The same in few characters, as 1.2M. @param {number | null | undefined} value */
export function brief(value) {
  return value === null || value === undefined ? NONE : compact.format(value);
}

/** A share between 0 and 1. @param {number | null | undefined} value */
export function percent(value) {
  return value === null || value === undefined ? NONE : share.format(value);
}

/** How long. @param {number | null | undefined} seconds */
export function duration(seconds) {
  if (seconds === null || seconds === undefined) return NONE;
  const total = Math.round(seconds);
  const [hours, minutes] = [Math.floor(total / 3600), Math.floor((total % 3600) / 60)];
  if (hours) return `${whole.format(hours)} h ${minutes} min`;
  return minutes ? `${minutes} min ${total % 60} s` : `${total} s`;
}

/**
 * A moment in the viewer's zone, UTC on hover.
 * @param {string | number | null | undefined} at ISO text or Unix milliseconds
 * @param {{seconds?: boolean}} [options]
 */
export function time(at, { seconds = false } = {}) {
  const date = toDate(at);
  return date ? element(date, (seconds ? exact : moment).format(date)) : NONE;
}

/** The same, as how long ago. @param {string | number | null | undefined} at */
export function ago(at) {
  const date = toDate(at);
  return date ? element(date, toAgo(date.getTime() - Date.now())) : NONE;
}

/** The day of a moment in the viewer's zone. @param {string | number | null | undefined} at */
export function date(at) {
  const parsed = toDate(at);
  return parsed ? element(parsed, day.format(parsed)) : NONE;
}

/** A UTC day, such as `2026-05-01`. @param {string | null | undefined} text */
export function dayOf(text) {
  const parsed = toDate(text);
  return parsed ? utcDay.format(parsed) : NONE;
}

/** @param {number} milliseconds until then */
export function toAgo(milliseconds) {
  const seconds = milliseconds / 1000;
  for (const [unit, size] of UNITS) {
    if (Math.abs(seconds) >= size) return relative.format(Math.round(seconds / size), unit);
  }
  return relative.format(Math.round(seconds), "second");
}

/** @type {[Intl.RelativeTimeFormatUnit, number][]} */
const UNITS = [["year", 31_557_600], ["month", 2_629_800], ["day", 86_400], ["hour", 3600], ["minute", 60]];

/** @param {Date} date @param {string} text */
function element(date, text) {
  const iso = date.toISOString();
  return html`<time datetime=${iso} title=${`${iso.slice(0, 19).replace("T", " ")} UTC`}>${text}</time>`;
}

/** @param {string | number | null | undefined} at @returns {Date | null} */
export function toDate(at) {
  if (at === null || at === undefined || at === "") return null;
  const parsed = new Date(at);
  return Number.isNaN(parsed.getTime()) ? null : parsed;
}

/**
 * What a person called themselves or wrote: text, with its direction kept to itself, whole on hover.
 * @param {string | null | undefined} text
 * @param {string} [otherwise] when there is none
 */
export function name(text, otherwise = "nobody") {
  const clean = toVisible(text ?? "").trim() || otherwise;
  return html`<bdi class="name" title=${clean}>${clean}</bdi>`;
}

/** Text without marks that turn or hide what stands beside it. @param {string} text */
export function toVisible(text) {
  return text.replace(UNSEEN, "");
}

const UNSEEN =
  /[\u0000-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;
