/** Columns that many tables have. */

import { ago, duration, name, number, time } from "./format.js";

/** @typedef {import("./table.js").Column} Column */

/** @param {string} title @param {string} key @param {string} [sort] @returns {Column} */
export function count(title, key, sort) {
  return { title, kind: "number", sort, view: (row) => number(row[key]) };
}

/** Of percentages. @param {string} title @param {string} key @param {string} [sort] @returns {Column} */
export function rate(title, key, sort) {
  return { title, kind: "number", sort, view: (row) => `${number(row[key])} %` };
}

/** Of seconds. @param {string} title @param {string} key @param {string} [sort] @returns {Column} */
export function length(title, key, sort) {
  return { title, kind: "number", sort, view: (row) => duration(row[key]) };
}

/** Of what people or games call something. @param {string} title @param {string} key @returns {Column} */
export function called(title, key) {
  return { title, view: (row) => name(row[key], "–") };
}

/** Of moments. @param {string} title @param {string} key @param {string} [sort] @returns {Column} */
export function at(title, key, sort) {
  return { title, sort, view: (row) => time(row[key]) };
}

/**
 * Of moments not long ago.
 * @param {string} title @param {string} key @param {string} [sort] @returns {Column}
 */
export function since(title, key, sort) {
  return { title, sort, view: (row) => ago(row[key]) };
}
