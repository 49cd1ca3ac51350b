// Every word of the page, and every number, duration and time, in the reader's language.

const preferred = navigator.languages?.length ? navigator.languages : [navigator.language ?? "en"];

/// `en` or `pt`: the first of the browser's languages that the page speaks.
export const language = preferred.map((tag) => tag.slice(0, 2).toLowerCase()).find((tag) => tag === "en" || tag === "pt") ?? "en";

/// How numbers and times are written: the reader's own region, where it is of that language.
export const locale = preferred.find((tag) => tag.toLowerCase().startsWith(`${language}-`)) ?? (language === "pt" ? "pt-BR" : "en");

const words = new Map();
const plurals = new Intl.PluralRules(locale);

/// Loads `i18n/SECTION.LANGUAGE.js` (without a section: `i18n/LANGUAGE.js`), whose `default` has words by key.
export async function loadWords(section) {
  const name = section ? `${section}.${language}` : language;
  const module = await import(`./i18n/${name}.js`);
  learn(module.default, "");
}

/// Texts may stand in groups: `{ state: { ok: "OK" } }` is the key `state.ok`.
function learn(texts, group) {
  for (const [key, text] of Object.entries(texts)) {
    if (typeof text === "string" || text.other) words.set(group + key, text);
    else learn(text, `${group}${key}.`);
  }
}

/// The text of `key`, its `{names}` replaced by `values`. A text with forms (`{one, other}`) is chosen by `values.count`.
export function t(key, values = {}) {
  return form(key, values).replace(/\{(\w+)\}/g, (whole, name) => written(values[name] ?? whole));
}

/// The same as a list of texts and of `values` that are elements: for `h`.
export function parts(key, values = {}) {
  return form(key, values).split(/\{(\w+)\}/).map((part, index) =>
    index % 2 === 0 ? part : values[part] instanceof Node ? values[part] : written(values[part] ?? part));
}

/// Whether there is such a text.
export const hasWord = (key) => words.has(key);

function form(key, values) {
  const text = words.get(key);
  if (text === undefined) return key;
  return typeof text === "string" ? text : text[plurals.select(values.count)] ?? text.other;
}

const written = (value) => (typeof value === "number" ? number(value) : String(value));

const formats = new Map();

function format(options) {
  const id = JSON.stringify(options);
  if (!formats.has(id)) formats.set(id, new Intl.NumberFormat(locale, options));
  return formats.get(id);
}

/// 12,345; at most `digits` behind the point.
export const number = (value, digits = 0) => format({ maximumFractionDigits: digits }).format(value);

/// 0.042: 4.2%. Never 0% of what is not nothing, never 100% of what is not all.
export function percent(share) {
  const shown = (value) => format({ style: "percent", maximumFractionDigits: value < 0.1 || value > 0.99 ? 1 : 0 }).format(value);
  if (share > 0 && share < 0.001) return `< ${shown(0.001)}`;
  return share < 1 && share > 0.999 ? `> ${shown(0.999)}` : shown(share);
}

/// A rate per second, with as many digits as it is worth.
export const rate = (perSecond) => number(perSecond, perSecond < 1 ? 2 : perSecond < 10 ? 1 : 0);

/// 3.4 MiB: as the configuration has sizes.
export function bytes(count) {
  let value = count;
  for (const name of ["B", "KiB", "MiB", "GiB", "TiB"]) {
    if (value < 1000 || name === "TiB") return `${number(value, name === "B" || value >= 100 ? 0 : 1)} ${name}`;
    value /= 1024;
  }
}

const unit = (value, name, digits = 0) =>
  format({ style: "unit", unit: name, unitDisplay: "narrow", maximumFractionDigits: digits }).format(value);

/// A time span in seconds: the two largest units at most, `2h 5m`; below a second in milliseconds.
export function duration(seconds) {
  if (seconds < 0.9995) return milliseconds(seconds * 1000);
  if (seconds < 9.95) return unit(seconds, "second", 1);
  const whole = Math.round(seconds);
  const sizes = [["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]];
  const first = sizes.findIndex(([, size]) => whole >= size);
  const [name, size] = sizes[first];
  const rest = sizes[first + 1] ? Math.floor((whole % size) / sizes[first + 1][1]) : 0;
  const large = unit(Math.floor(whole / size), name);
  return rest ? `${large} ${unit(rest, sizes[first + 1][0])}` : large;
}

/// A time span in milliseconds, `12ms`, from a second on `1.2s`.
export function milliseconds(value) {
  return value < 999.5 ? unit(value, "millisecond", value < 10 ? 1 : 0) : duration(value / 1000);
}

const full = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "long", hourCycle: "h23" });
const short = new Intl.DateTimeFormat(locale, { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const precise = new Intl.DateTimeFormat(locale, {
  hour: "2-digit", minute: "2-digit", second: "2-digit", fractionalSecondDigits: 3, hourCycle: "h23",
});
const minute = new Intl.DateTimeFormat(locale, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const distance = new Intl.RelativeTimeFormat(locale, { numeric: "auto", style: "narrow" });

/// With date, seconds and zone.
export const fullTime = (date) => full.format(new Date(date));

/// Of today the time alone, else with its day.
export function shortTime(date) {
  const moment = new Date(date);
  return moment.toDateString() === new Date().toDateString() ? minute.format(moment) : short.format(moment);
}

/// 16:19:14.802
export const clockTime = (date) => precise.format(new Date(date));

let offset = 0;

/// Takes the relay's clock for what is "now": the reader's own may be wrong.
export function setRelayClock(time) {
  const difference = Date.parse(time) - Date.now();
  offset = Math.abs(difference) > 1500 ? difference : 0;
}

/// The relay's clock, in milliseconds since 1970.
export const relayNow = () => Date.now() + offset;

/// "5m ago", "in 10s".
export function relativeTime(date, now = relayNow()) {
  const seconds = Math.round((new Date(date) - now) / 1000);
  for (const [name, size] of [["day", 86400], ["hour", 3600], ["minute", 60]]) {
    if (Math.abs(seconds) >= size) return distance.format(Math.trunc(seconds / size), name);
  }
  return distance.format(seconds, "second");
}

/// What went wrong, for people: the page's words for what it knows, else the API's.
export function problem(error) {
  if (error.role) return t("error.role", { role: t(`role.${error.role}`) });
  const key = `error.${error.code}`;
  return words.has(key) ? t(key, error) : error.message || String(error);
}
