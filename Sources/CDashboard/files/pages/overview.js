// How everything is, on one screen: what needs somebody comes first.

import { h, patch } from "../dom.js";
import { get } from "../api.js";
import { t, parts, hasWord, number, percent, rate, bytes, duration, milliseconds, setRelayClock } from "../i18n.js";
import { badge, notice, failure, table, when, at, sparkline, enlarge, meter, poll, copyButton } from "../components.js";

/// What charts may show: how far apart the samples are, and after how many seconds new ones are asked for.
const spans = { "1h": ["10s", 10], "24h": ["5m", 60], "7d": ["5m", 300] };

export async function show(main, { query }, context) {
  const span = query.get("span") in spans ? query.get("span") : "1h";
  const [step, pace] = spans[span];
  const seen = { samples: {} };
  const draw = () => patch(main, view(seen, openRefusals, choice()));
  const choice = () => h("select", { name: "span", class: "end", "aria-label": t("chart.span"), onchange: ({ target }) => context.go(search("overview", { span: target.value })) },
    Object.keys(spans).map((name) => h("option", { value: name, selected: name === span }, `${t("chart.span")}: ${t(`span.${name}`)}`)));

  async function openRefusals({ target }) {
    if (!target.open) return;
    seen.refusals = await get("api/v1/rejections", {}, context).catch((error) => ({ error }));
    draw();
  }

  poll(5, async (signal) => {
    seen.status = await withPauses(await get("api/v1/status", {}, { signal }), context);
    seen.error = null;
    if (seen.status.now) setRelayClock(seen.status.now);
    const failing = seen.status.destinations.filter((one) => stateOf(one).kind === "bad").length;
    context.title((failing ? `(${failing}) ` : "") + t("page.overview"));
    draw();
    const said = main.querySelector("h1").textContent;
    if (said !== seen.said) {
      if (!seen.said && query.has("refused")) toRefusals();
      context.announce(seen.said = said);
    }
  }, { signal: context.signal, onerror(error) { seen.error = error; draw(); } });
  // Without samples the page has no charts.
  poll(pace, async (signal) => {
    seen.samples = samplesOf(await get("api/v1/series", { step, since: span }, { signal }));
    if (seen.status) draw();
  }, { signal: context.signal });
}

/// The series by destination and by source. What is counted by step becomes a rate a second; `null`: no sample.
function samplesOf(series) {
  const perSecond = (counts) => counts.map((count) => (count === null ? null : count / series.step_seconds));
  const byName = (list, names) => new Map(list.map((one) =>
    [one.name, { ...one, ...Object.fromEntries(names.map((name) => [name, perSecond(one[name])])) }]));
  return { since: series.since, until: series.until, destinations: byName(series.destinations, ["attempts", "failed"]), sources: byName(series.sources, ["events"]), store: series.store.bytes };
}

function view({ status, samples, error, refusals }, openRefusals, choice) {
  if (!status) return error ? failure(error) : h("p", { class: "soft" }, t("loading"));
  const destinations = status.destinations.map((one, order) => ({ ...one, state: stateOf(one), order }))
    .sort((a, b) => a.state.rank - b.state.rank || a.order - b.order);
  const uptime = duration(status.uptime_seconds);
  return [
    h("div", { key: "head", class: "head" }, h("h1", null, headline(destinations)),
      h("span", { class: "end soft" }, t("overview.version", { version: status.version, uptime }))),
    error ? h("div", { key: "error" }, notice("bad", t("overview.stale"), error.status ? ` ${error.message}` : "")) : null,
    troubles(status).map(([key, kind, text, lines]) => h("div", { key }, notice(kind, text,
      lines ? h("ul", { class: "mono" }, lines.map((line) => h("li", null, line))) : null))),
    panel("destinations", [destinationTable(destinations, samples), h("p", { class: "inside soft small-text" }, t("overview.drain"))], choice),
    status.nodes?.shared ? panel("nodes", nodesPart(status.nodes)) : null,
    panel("sources", [sourceTable(status.sources, samples), refusalsPart(status.sources, refusals, openRefusals)]),
    h("div", { key: "rest", class: "columns" },
      panel("routes", [routeTable(status.routes), h("p", { class: "inside soft small-text" }, t("overview.since", { uptime }))]),
      h("div", { class: "stack" }, panel("store", storePart(status.store, samples.store)), panel("config", configPart(status.config)))),
  ];
}

const panel = (name, contents, end) => h("section", { key: name, class: "panel", "aria-labelledby": name },
  h("div", { class: "title" }, h("h2", { id: name }, t(`overview.${name}`)), end), contents);

function headline(destinations) {
  const said = ["bad", "warn"].map((kind) => {
    const count = destinations.filter(({ state }) => state.kind === kind).length;
    return count && badge(kind, t(`overview.${kind}`, { count, all: destinations.length }));
  }).filter(Boolean);
  if (said.length) return h("span", { class: "row" }, said);
  if (!destinations.length) return t("overview.none");
  const count = destinations.filter(({ state }) => state.kind !== "idle").length;
  return count ? badge("good", t("overview.good", { count })) : badge("idle", t("overview.elsewhere"));
}

let pauses = { key: "", entries: [] };
const entryOf = ({ name }, entries) => entries.find(({ target }) => target.split(" ")[0] === name);

/// With each pause's entry of the audit, for those who may see it: who paused it, and why.
export async function withPauses(status, context) {
  const paused = status.destinations.filter((one) => one.paused && !one.paused_at);
  const key = paused.map(({ name, paused_since: since, paused_until: until }) => `${name} ${since} ${until}`).join();
  if (key !== pauses.key && context.may("operator")) {
    const { entries } = key ? await get("api/v1/audit", { what: "destinations/pause", limit: 500 }, context).catch(() => ({ entries: [] })) : { entries: [] };
    const done = entries.filter(({ outcome }) => outcome === "done");
    // One that is not there yet is looked for again.
    pauses = { key: paused.every((one) => entryOf(one, done)) ? key : null, entries: done };
  }
  for (const one of paused) one.pause = entryOf(one, pauses.entries);
  return status;
}

/// What concerns the relay as a whole, and needs somebody.
function troubles({ store, sources, config, nodes, now, clock_offset_seconds: offset }) {
  return [
    store.refusal && ["refusal", "bad", t("overview.refusal", { why: store.refusal })],
    store.attempts_held && ["held", "bad", t(`held.${store.attempts_held.code}`),
      [store.attempts_held.reason, store.attempts_held.since && t("held.since", { age: duration((new Date(now) - new Date(store.attempts_held.since)) / 1000) })].filter(Boolean)],
    nodes?.configurations_differ && ["nodes differ", "bad", t("overview.differ")],
    nodes?.unserved.length && ["unserved", "warn", t("overview.unserved"), nodes.unserved],
    store.unread_seconds !== null && ["unread", "bad", t("overview.unread", { age: duration(store.unread_seconds) })],
    config.reload_errors.length && ["reload", "bad", t("overview.reload"), config.reload_errors],
    Math.abs(offset) > 60 && ["clock", "bad", t(offset > 0 ? "overview.ahead" : "overview.behind", { by: duration(Math.abs(offset)) })],
    store.reader && ["reader", "warn", t("overview.reader", { name: store.reader.name, time: duration(store.reader.seconds) })],
    ...sources.filter(({ silent }) => silent).map(({ name, silent_since: since }) => [`silent ${name}`, "warn", parts("overview.silent", { name, time: when(since, "for") })]),
  ].filter(Boolean);
}

/// What most needs to be known of a destination: in a word, since when, and why.
///
/// rank: the lower, the more it needs somebody.
export function stateOf(one) {
  const state = (rank, kind, name, why, since) => ({ rank, kind, word: t(`state.${name}`), why: why.filter(Boolean), since });
  const [refused] = one.refused_kinds;
  const refuses = refused && t("state.refuses", {
    count: one.refused_kind_count, more: one.refused_kind_count - 1,
    kind: [refused.type, refused.company && t("state.company", refused), refused.channel].filter(Boolean).join(", "),
  });
  const stuck = one.stuck_head && parts("state.stuck", { event: h("a", { href: `#/events/${one.stuck_head.event_id}` }, one.stuck_head.type) });
  const held = one.held_until && parts("state.wait", { when: when(one.held_until, "in") });
  const { bound, arriving_per_second: arriving, per_second: takes, slots, needed_concurrency: needed } = one.capacity ?? {};
  // How it fares, that relay knows.
  if (one.served_by) return state(9, "idle", "elsewhere", [t("state.elsewhere.why", { node: one.served_by })]);
  if (one.orphaned) return state(3, "warn", "orphaned", [t("state.orphaned.why")]);
  if (one.paused) {
    return state(5, "warn", "paused", [one.paused_at ? t("state.paused.file", { place: one.paused_at })
      : one.paused_until ? parts("state.until", { when: at(one.paused_until) }) : !one.pause && t("state.paused.person"),
      one.pause && [t("state.by", one.pause), one.pause.reason].filter(Boolean).join(": ")], one.paused_since);
  }
  if (one.circuit === "open") {
    const next = held ?? (one.next_probe_at && parts("state.probe", { when: when(one.next_probe_at, "in") }));
    return state(0, "bad", "down", [one.last_failure, refuses, stuck, next], one.failing_since ?? one.circuit_open_since);
  }
  if (held) return state(2, "warn", "held", [held, one.last_failure]);
  if (one.failing_since) return state(1, "bad", "failing", [one.last_failure, refuses, stuck, t("state.row", { count: one.failures_in_row })], one.failing_since);
  if (one.circuit === "recovering") return state(6, "warn", "recovering", [one.last_failure, refuses], one.recovering_since);
  if (refuses) return state(4, "warn", "refusing", [one.last_failure, refuses], refused.since);
  const limit = one.concurrency_limit;
  if (limit) return state(4, "warn", "slow", [slotsText(limit, one.batch)]);
  if (bound && arriving > takes) return state(4, "warn", "behind", [t("state.behind.why", { arriving: rate(arriving), takes: rate(takes), slots, needed: needed ?? "–" })]);
  if (one.late) return state(2, "warn", "late", [t("state.late.why", { age: duration(one.oldest_due_seconds ?? 0) })]);
  if (one.oldest_retrying_seconds) {
    return state(4, "warn", "retrying", [t("state.retrying.why", { age: duration(one.oldest_retrying_seconds), cause: one.attempts.find(({ failed }) => failed)?.causes[0]?.cause ?? "–" })]);
  }
  const [lately] = one.attempts;
  if (lately?.failure_rate >= 0.05) return state(5, "warn", "partly", [t("state.partly.why", { share: percent(lately.failure_rate), time: duration(lately.seconds), cause: lately.causes[0].cause })]);
  return state(one.dead ? 7 : 8, "good", "ok", []);
}

/// All slots were taken most of the last minute: for how long, what they take at most, and what would lift it.
function slotsText({ concurrency: slots, share, mean_attempt_ms: mean, attempts_per_second: takes, suggested }, batch) {
  const lift = t(`slots.${suggested ? "suggested" : "more"}${batch ? "" : ".batch"}`, { suggested });
  return t("slots.taken", { slots, share: percent(share), mean: milliseconds(mean), takes: rate(takes), lift });
}

const batchText = ({ max_events: events, max_bytes: size }, carried) =>
  t(carried === null ? "batch.most" : "batch.carried", { events, size: bytes(size), carried: number(carried ?? 0, 1) });

const dash = () => h("span", { class: "soft" }, "–");
const soft = (text) => h("span", { class: "soft" }, text);
const dim = (count) => (count ? number(count) : soft("0"));
const search = (page, conditions) => `#/${page}?${new URLSearchParams(conditions)}`;
const column = (name, cell, more) => ({ title: t(`col.${name}`), cell, ...more });
const numbers = (name, cell) => column(name, cell, { number: true });
/// The last sample that there is; `null`: none.
const last = (values) => values?.findLast((value) => value !== null) ?? null;

function destinationTable(rows, samples) {
  const linked = (count, href, kind) => (count ? h("a", { href, class: kind }, number(count)) : dim(0));
  return table({
    kind: "destinations", caption: t("overview.destinations"), rows, key: (one) => one.name, nothing: t("overview.none"),
    columns: [
      column("destination", ({ name, batch, events_per_request: carried }) => [
        h("a", { href: search("events", { destination: name }) }, name),
        batch ? h("div", { class: "soft small-text" }, batchText(batch, carried)) : null,
      ], { primary: true }),
      column("state", stateCell, { wide: true }),
      numbers("pending", ({ name, pending }) => linked(pending, search("events", { destination: name, outcome: "pending" }))),
      numbers("in_flight", (one) => dim(one.in_flight)),
      numbers("dead", ({ name, dead }) => linked(dead, search("dead", { destination: name }), "bad-text")),
      numbers("oldest", (one) => (one.oldest_pending_seconds === null ? dash() : duration(one.oldest_pending_seconds))),
      numbers("rate", (one) => rateCell(one, samples)),
      numbers("latency", (one) => latencyCell(one, samples)),
      numbers("failed", failedCell),
      numbers("drain", drainCell),
    ],
  });
}

/// What to do about what fails, as nodes; nothing: the relay does not know.
export const hintOf = (one) => adviceOn(one)?.split("`").map((part, index) => (index % 2 ? h("code", null, part) : part));

/// The relay says it in English, by the first cause; other languages have words by that cause.
function adviceOn({ hint, attempts }) {
  const cause = attempts.find(({ failed }) => failed)?.causes[0]?.cause;
  if (!hint || !cause) return hint;
  const alike = { 405: "404", 503: "502", 504: "502" };
  const names = hint.includes("`permanent`") ? ["permanent"] : [alike[cause] ?? cause, `${cause[0]}xx`];
  const name = names.find((one) => hasWord(`hint.${one}`));
  return name ? t(`hint.${name}`, { cause }) : hint;
}

function stateCell(one) {
  const { state, replaying, overflowed } = one;
  const hint = state.kind === "good" || one.paused ? null : hintOf(one);
  const why = [...state.why, replaying && t("state.replaying", { count: replaying }), overflowed && t("state.overflowed", { count: overflowed })].filter(Boolean);
  return [
    h("div", { class: "row" }, badge(state.kind, state.word), state.since ? h("span", { class: "soft" }, when(state.since, "for")) : null),
    why.length ? h("div", { class: "soft" }, why.map((reason, index) => [index ? " · " : "", reason])) : null,
    hint ? h("div", null, soft(t("state.hint")), " ", hint) : null,
  ];
}

/// Small; with its times where it is pressed.
const chart = (lines, label, text, { since, until }) =>
  h("button", { type: "button", class: "plain chart", "aria-label": label, onclick: () => enlarge(lines, label, since, until) }, sparkline(lines, label), h("span", null, text));
const perSecond = (value) => `${rate(value)}/s`;
const most = (values) => perSecond(Math.max(0, ...values));

function rateCell({ name, attempts: [window] }, samples) {
  const sample = samples.destinations?.get(name);
  const now = last(sample?.attempts);
  if (now === null) return window?.counted_seconds ? perSecond(window.attempts / window.counted_seconds) : dash();
  return chart([{ values: sample.attempts, kind: "accent" }, { values: sample.failed.map((value) => value || null), kind: "bad" }],
    t("chart.rate", { name, most: most(sample.attempts), now: perSecond(now) }), perSecond(now), samples);
}

function latencyCell({ name, attempts: [window] }, samples) {
  const sample = samples.destinations?.get(name);
  const [half, nearlyAll] = [last(sample?.latency_p50_ms), last(sample?.latency_p99_ms)];
  if (half === null) return window?.mean_ms ? milliseconds(window.mean_ms) : dash();
  return chart([{ values: sample.latency_p99_ms, kind: "soft" }, { values: sample.latency_p50_ms, kind: "accent" }],
    t("chart.latency", { name, half: milliseconds(half), most: milliseconds(nearlyAll ?? half) }), milliseconds(half), samples);
}

function failedCell({ attempts }) {
  const hour = attempts[1];
  if (!hour?.attempts) return dash();
  const title = [
    ...attempts.filter((window) => window.attempts).map((window) => t("failed.window", {
      time: duration(window.seconds), share: percent(window.failure_rate), failed: window.failed, all: window.attempts,
    })),
    ...hour.causes.slice(0, 3).map(({ cause, count }) => `${number(count)} × ${cause}`),
  ].join("\n");
  return h("span", { class: hour.failed ? "bad-text" : "soft", title }, percent(hour.failure_rate));
}

function drainCell({ pending, drain_seconds: seconds, pace_per_second: pace, paused, circuit, oldest_retrying_seconds: retrying, stuck_head: stuck }) {
  if (!pending) return dash();
  if (seconds !== null) return h("span", { title: pace ? t("drain.pace", { pace: perSecond(pace) }) : null }, duration(seconds));
  return h("span", { class: "soft", title: t("drain.why") }, t(paused || circuit === "open" || retrying || stuck ? "drain.stalled" : "drain.unknown"));
}

function sourceTable(rows, samples) {
  return table({
    kind: "sources", caption: t("overview.sources"), rows, key: (one) => one.name,
    columns: [
      column("source", ({ name }) => h("a", { href: search("events", { source: name }) }, name), { primary: true }),
      column("path", (one) => h("code", { class: "soft" }, one.path)),
      column("envelope", (one) => [one.silent ? [badge("warn", t("source.silent")), " ", when(one.silent_since, "for"), " · "] : null, one.last_envelope ? when(one.last_envelope) : soft(t("source.never"))]),
      numbers("events", ({ name }) => {
        const values = samples.sources?.get(name)?.events;
        const now = last(values);
        return now === null ? dash() : chart([{ values, kind: "accent" }], t("chart.events", { name, most: most(values), now: perSecond(now) }), perSecond(now), samples);
      }),
      column("token", tokenCell),
      column("handshake", (one) => when(one.last_handshake)),
      numbers("refused", (one) => (one.refused ? h("a", {
        href: "#refusals", class: "bad-text", onclick: toRefusals,
        title: (one.refused_by ?? []).map(({ reason, count }) => `${number(count)} × ${t(`refused.${reason}`)}`).join("\n"),
      }, number(one.refused)) : dim(0))),
    ],
  });
}

/// The relays that share the store.
function nodesPart({ nodes, configurations_differ: differ }) {
  return table({
    caption: t("overview.nodes"), rows: nodes, key: (one) => `${one.name} ${nodes.indexOf(one)}`, kind: "nodes", nothing: t("overview.nonodes"),
    columns: [
      column("relay", ({ name, this_relay: own }) => [name, own ? soft(` · ${t("node.own")}`) : null], { primary: true }),
      column("version", ({ version }) => version),
      column("config", ({ config_hash: hash }) => [h("code", { class: differ ? "bad-text" : "soft" }, hash)]),
      column("seen", ({ last_seen_seconds: age }) => t("node.seen", { age: duration(age) })),
      numbers("lanes", ({ lanes }) => dim(lanes)),
      column("serves", ({ destinations }) => (destinations.length
        ? destinations.map((name, index) => [index ? ", " : "", h("a", { href: search("events", { destination: name }) }, name)]) : dash()), { wide: true }),
    ],
  });
}

function tokenCell({ token, learning_until: until }) {
  return [badge(token === "configured" || token === "learned" ? "good" : "warn", t(`token.${token}`)), until ? soft([" ", ...parts("state.until", { when: at(until) })]) : null];
}

function toRefusals(event) {
  event?.preventDefault();
  const part = document.getElementById("refusals");
  part.open = true;
  part.firstChild.focus();
}

function refusalsPart(sources, answer, ontoggle) {
  const count = sources.reduce((sum, { refused }) => sum + refused, 0);
  return h("details", { id: "refusals", class: "inside", ontoggle },
    h("summary", null, t("refusals.title"), " ", soft(t("refusals.count", { count }))),
    answer?.error ? failure(answer.error) : answer ? table({
      caption: t("refusals.title"), rows: answer.rejections, key: (one) => `${one.first_at} ${one.path} ${one.code}`, nothing: t("refusals.empty"),
      columns: [
        column("last", (one) => h("span", { class: "nowrap" }, when(one.at), one.count > 1 ? ` · ${number(one.count)} ×` : "")),
        column("path", (one) => h("code", null, one.path), { primary: true }),
        column("reason", (one) => [
          `${one.status}: ${one.reason}`, h("div", { class: "soft" }, [one.peer, one.client, one.forwarded_for, one.agent].filter(Boolean).join(" · ")),
          one.body ? h("details", null, h("summary", null, t("refusals.body")), h("pre", null, one.body)) : null,
        ], { wide: true }),
      ],
    }) : null);
}

function routeTable(rows) {
  const largest = Math.max(1, ...rows.map(({ matched }) => matched));
  return table({
    caption: t("overview.routes"), rows, key: (one) => one.name, nothing: t("overview.noroutes"), kind: "routes",
    columns: [
      column("route", ({ name }) => h("a", { href: search("events", { route: name }) }, name), { primary: true }),
      { title: h("span", { class: "unseen" }, t("overview.share")), wide: true, cell: ({ matched, dropped }) => meter(matched / largest, number(matched), dropped ? "drop" : "accent") },
      numbers("matched", ({ matched }) => dim(matched)),
      numbers("dropped", ({ dropped }) => dim(dropped)),
    ],
  });
}

function storePart(store, history) {
  const share = store.limit_bytes ? store.bytes / store.limit_bytes : 0;
  const text = t("store.use", { bytes: bytes(store.bytes), limit: bytes(store.limit_bytes), share: percent(share) });
  return h("div", { class: "inside stack" }, meter(share, text),
    h("div", { class: "row" }, text, history ? h("span", { class: "end" }, sparkline([{ values: history, kind: "accent" }], t("chart.store"))) : null),
    h("p", { class: "soft small-text" }, store.kind, store.log_bytes ? ` · ${t("store.log", { bytes: bytes(store.log_bytes) })}` : null));
}

function configPart({ hash, loaded_at: loaded, last_reload_at: reloaded, reload_errors: errors }) {
  return h("dl", { class: "facts inside" },
    h("dt", null, t("config.hash")), h("dd", { class: "row" }, h("code", null, hash), copyButton(hash)),
    h("dt", null, t("config.loaded")), h("dd", null, when(loaded)),
    h("dt", null, t("config.reload")), h("dd", { class: "row" },
      errors.length ? badge("bad", t("config.errors", { count: errors.length })) : badge("good", t("config.fine")), reloaded ? when(reloaded) : null));
}
