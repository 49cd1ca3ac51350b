// What several pages say of events, deliveries and routes.

import { h, patch } from "../dom.js";
import { address, get, post } from "../api.js";
import { t, loadWords, milliseconds, clockTime, fullTime, locale, relayNow } from "../i18n.js";
import { badge, confirm, copyButton, failure, notice, table, toast } from "../components.js";

/// The words of these pages: asked for as soon as the module is there.
export const words = loadWords("pages");

/// The address of one of these pages.
export const hash = (path, query) => `#/${address(path, query)}`;

/// A text as a condition: one that is empty, or has a comma, in quotes.
export const exact = (text) => (/^$|^"|,/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

export const soft = (...children) => h("span", { class: "soft" }, ...children);
export const small = (key, values) => h("p", { class: "soft" }, t(key, values));
export const row = (...children) => h("div", { class: "row" }, ...children);
export const code = (...children) => h("code", null, ...children);

/// A column whose title is the word `col.KEY`.
export const column = (key, cell, more) => ({ title: t(`col.${key}`), cell, ...more });

export const field = (label, input, kind) => h("label", { class: kind }, h("span", null, label), input);

/// A list to choose from. options: texts, or `[value, text]`.
export function select(options, value, attributes) {
  const list = h("select", attributes, options.map((option) => {
    const [key, text] = [option].flat();
    return h("option", { value: key }, text ?? key);
  }));
  list.value = value ?? "";
  return list;
}

/// A box with a title: a text, or a list of nodes.
export const panel = (title, ...children) => h("section", { class: "panel" },
  h("div", { class: "title" }, Array.isArray(title) ? title : h("h2", null, title)), ...children);

/// A part of a panel with a heading, the word `key`.
export const part = (key, shown) => h("div", { class: "stack" }, h("h3", null, t(key)), shown);

/// Does `work`; what the API says against it is shown in `place`.
///
/// `work` gets a function: whether nothing else has begun in `place` since.
export async function into(place, work) {
  const turn = place.turn = (place.turn ?? 0) + 1;
  const isLast = () => place.turn === turn;
  try {
    await work(isLast);
  } catch (error) {
    if (error.name !== "AbortError" && isLast()) patch(place, failure(error));
  }
}

/// Says which role something is for.
export const forRole = (role, key) => notice("idle", t(key, { role: t(`role.${role}`) }));

// Times

const day = new Intl.DateTimeFormat(locale, { day: "numeric", month: "short" });
const second = new Intl.DateTimeFormat(locale, { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });

/// As a clock shows it, with its day where that is not today.
export function stampText(time, precise = false) {
  const moment = new Date(time);
  const clock = precise ? clockTime(moment) : second.format(moment);
  return moment.toDateString() === new Date().toDateString() ? clock : `${day.format(moment)} ${clock}`;
}

/// The same, with the whole of it as its title.
export const stamp = (time, precise) =>
  (time ? h("time", { datetime: time, title: fullTime(time), class: "nowrap" }, stampText(time, precise)) : soft("–"));

/// As a field for times takes it; nothing where it is no time.
export function local(time) {
  const moment = new Date(time || NaN);
  return Number.isNaN(Number(moment)) ? "" : new Date(moment - moment.getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
}

// Deliveries

/// `good`, `warn`, `bad` or `idle`.
export const kindOf = ({ state, attempts }) =>
  ({ delivered: "good", dead: "bad", pending: attempts > 0 ? "warn" : "idle" })[state] ?? "idle";

/// What an attempt came to: "answered 422", or why there was no answer.
export const ending = (status, error) => (status ? t("ending.status", { status: String(status) }) : error || t("ending.none"));

/// The start of what was answered; nothing: nobody may see it, or there was no answer.
export const answerOf = (failure) => (failure?.answer ? code(failure.answer.slice(0, 120)) : null);

/// Why a delivery is dead or was discarded.
export const reasonText = (reason) => (reason ? t(`reason.${reason}`) : "");

/// What became of a delivery, in a sentence.
export function sentence(delivery) {
  const { state, reason, attempts, destination, last_attempt: last } = delivery;
  const values = { count: attempts, destination, why: reasonText(reason), ending: last ? ending(last.status, last.error) : "" };
  if (state === "delivered") return t("sentence.delivered", { ...values, took: milliseconds(last?.duration_ms ?? 0) });
  if (state === "pending") return attempts ? t("sentence.failed", { ...values, waiting: waiting(delivery) }) : waiting(delivery);
  return t(reason === "overflow" ? "sentence.overflow" : `sentence.${state}`, values);
}

/// What a pending delivery waits for.
function waiting({ waiting: wait, destination }) {
  if (!wait) return t("wait.turn", { destination });
  const variant = wait.for !== "pause" ? "" : wait.until ? "_until" : wait.paused_at ? "_at" : "";
  return t(`wait.${wait.for}${variant}`, {
    destination, until: wait.until ? stampText(wait.until) : "", since: wait.since ? stampText(wait.since) : "",
    why: wait.last_failure ?? "", place: wait.paused_at ?? "", delivery: String(wait.delivery_id ?? ""),
  });
}

/// What became of an event of a list, destination by destination.
export function outcomes({ deliveries, dropped_by: route }) {
  if (!deliveries.length) return badge("idle", route ? t("goes.dropped", { route }) : t("fate.unrouted"));
  return h("span", { class: "fates" }, deliveries.map((delivery) => {
    const { destination, state, reason, attempts, last_status: status, last_error: error } = delivery;
    const word = t(`state.${state}`);
    const more = state === "delivered" ? "" : state === "discarded" ? reasonText(reason) : attempts ? ending(status, error) : word;
    return h("span", { class: "fate" }, badge(kindOf(delivery), destination, `${destination}: ${word}`), h("span", { class: "unseen" }, `: ${word}`),
      more ? h("span", { class: "soft clip", title: more }, ` ${more}`) : null);
  }));
}

/// The same with a span that stands still: what comes while somebody reads is not meant.
function asOfNow({ ids, since, ...scope }) {
  const [, count, unit] = /^(\d+)([smhd])$/.exec(since) ?? [];
  const time = (seconds) => new Date(relayNow() - seconds * 1000).toISOString();
  return ids ? { ids } : { ...scope, since: unit ? time(count * { s: 1, m: 60, h: 3600, d: 86_400 }[unit]) : since, until: time(0) };
}

/// Retries or discards: counts first, asks, then does it; scope by scope, so that each is a line of the audit.
///
/// - scopes: of `POST /api/v1/deliveries/retry`: ids, or conditions.
export async function change(verb, scopes, name, reload) {
  const ask = (scope, more, signal) => post(`api/v1/deliveries/${verb}`, { ...scope, ...more }, { signal });
  let changed = 0;
  const done = await confirm({
    title: t(`${verb}.title`, { name }), body: small(`${verb}.means`), danger: verb === "discard",
    action: (counted) => t(`${verb}.count`, { count: counted?.total ?? 0 }),
    count: async (signal) => {
      let total = 0;
      const shown = [];
      for (const scope of scopes.map(asOfNow)) {
        const { count } = await ask(scope, { dry_run: true }, signal);
        total += count;
        if (count) shown.push([scope, count]);
      }
      return { shown, total, text: t("would.change", { count: total }), none: total === 0 };
    },
    async perform({ reason, count: { shown } }) {
      for (const [scope, expected] of shown) changed += (await ask(scope, { expected, reason })).changed;
      return true;
    },
  });
  if (done === null) return;
  if (done || changed) toast(t(`${verb}.done`, { count: changed }), changed ? "good" : "bad");
  await reload();
  // What was pressed may be gone: who goes by the keyboard goes on from the page's top.
  if (document.activeElement === document.body) document.getElementById("main").focus({ preventScroll: true });
}

// Routes

let configured = null;

/// Where each route sends what it matches, by its name; null: who looks may not see the configuration.
export async function targets(context) {
  if (!context.may("reader")) return null;
  configured = (await get("api/v1/config", null, context)).configuration;
  return new Map(configured.routes.map(({ name, to }) => [name, [to ?? []].flat()]));
}

/// A destination's URL and format, once `targets` has been asked.
export const destinationOf = (name) => configured?.destinations[name];

/// Each route's verdict on an event of `explain`.
export function routesTable({ routes }, to) {
  return table({
    caption: t("overview.routes"), rows: routes, key: ({ name }) => name, kind: "routes", nothing: t("routes.none"),
    columns: [
      column("route", ({ name, matched }) => h("span", { class: matched ? null : "soft" }, name), { primary: true }),
      column("to", ({ name }) => {
        const names = to?.get(name);
        return names ? names.map((one, index) => h("span", { class: "nowrap" }, index ? `, ${one}` : one)).concat(names.length ? [] : t("route.drops")) : "–";
      }),
      column("verdict", verdict, { wide: true }),
    ],
  });
}

/// The API says it in English: what is said in these words always is taken apart, the rest is shown as it is.
function verdict({ matched, words, saw, met = [] }) {
  // Where the value equals the condition it is not shown twice.
  if (matched) {
    return [badge("good", t("route.matched")), met.map(({ condition, saw: value }) =>
      h("div", null, code(condition), condition.endsWith(`: ${value}`) ? null : [" – ", t("route.saw"), " ", code(value)]))];
  }
  const [, condition] = /^no: wants ([^]*); saw /.exec(words) ?? [];
  if (condition && saw !== undefined) return [t("route.wants"), " ", code(condition), " – ", t("route.saw"), " ", h("code", { class: "bad-text" }, saw)];
  const [, route] = /^not reached: ([^]*) ended the routing$/.exec(words) ?? [];
  if (route) return t("route.unreached", { route });
  const [, excepted] = /^no: excepted by ([^]*)$/.exec(words) ?? [];
  return excepted ? [t("route.excepted"), " ", code(excepted)] : words;
}

/// Where an event of `explain` goes, in a line.
export function destinationLine({ destinations, dropped, routes }) {
  if (destinations.length) return badge("good", t("goes.to", { names: destinations.join(", ") }));
  const last = routes.findLast(({ matched }) => matched);
  return dropped ? badge("idle", t("goes.dropped", { route: last.name })) : badge("warn", t(last ? "goes.nowhere" : "goes.unmatched"));
}

// JSON

/// A JSON text, indented and in colours, as nodes. Numbers stay as they are written; texts are shown as they read. What is too large
/// to be shown so comes as it is.
export function pretty(text) {
  if (text.length > 300_000) return [text];
  const tokens = text.match(/"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g) ?? [];
  let depth = 0;
  const line = (step) => `\n${"  ".repeat(depth = Math.max(0, depth + step))}`;
  return tokens.map((token, index) => {
    const [before, next] = [tokens[index - 1], tokens[index + 1]];
    if ("{[".includes(token)) return "}]".includes(next) ? token : token + line(1);
    if ("}]".includes(token)) return "{[".includes(before) ? token : line(-1) + token;
    if (token === ",") return token + line(0);
    if (token === ":") return ": ";
    return h("span", { class: token[0] !== '"' ? "j-value" : next === ":" ? "j-key" : "j-text" }, readable(token));
  });
}

function readable(token) {
  try {
    return token[0] === '"' ? JSON.stringify(JSON.parse(token)) : token;
  } catch {
    return token;
  }
}

/// A text to be read and copied.
export const block = (text, label, shown = text) =>
  h("div", { class: "block" }, h("pre", { tabindex: "0", "aria-label": label }, shown), copyButton(text));

// Commands

/// For a shell, in one piece.
export const quoted = (text) => `'${text.replaceAll("'", `'\\''`)}'`;
