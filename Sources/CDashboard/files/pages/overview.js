// How everything is, on one screen: what needs somebody comes first.

import { h, patch } from "../dom.js";
import { get } from "../api.js";
import { t, parts, number, percent, rate, bytes, duration, milliseconds, setRelayClock } from "../i18n.js";
import { badge, notice, failure, table, when, at, sparkline, meter, poll, copyButton, counted } from "../components.js";

export async function show(main, params, context) {
  const seen = { status: null, series: null, error: null, refusals: null, refusalsError: null };
  const draw = () => patch(main, view(seen, openRefusals));

  async function openRefusals(event) {
    if (!event.target.open) return;
    try {
      [seen.refusals, seen.refusalsError] = [(await get("api/v1/rejections", {}, context)).rejections, null];
    } catch (error) {
      seen.refusalsError = error;
    }
    draw();
  }

  poll(5, async (signal) => {
    seen.status = await get("api/v1/status", {}, { signal });
    seen.error = null;
    if (seen.status.now) setRelayClock(seen.status.now);
    const failing = seen.status.destinations.filter((one) => stateOf(one).kind === "bad").length;
    context.title(failing ? `(${failing}) ${t("page.overview")}` : t("page.overview"));
    draw();
  }, { signal: context.signal, onerror(error) { seen.error = error; draw(); } });
  // A relay that has no samples yet shows the page without charts.
  poll(10, async (signal) => {
    seen.series = await get("api/v1/series", {}, { signal });
    if (seen.status) draw();
  }, { signal: context.signal, onerror() {} });
}

function view({ status, series, error, refusals, refusalsError }, openRefusals) {
  if (!status) return error ? failure(error) : h("p", { class: "soft" }, t("loading"));
  const destinations = status.destinations.map((one, order) => ({ ...one, state: stateOf(one), order }))
    .sort((a, b) => a.state.rank - b.state.rank || a.order - b.order);
  return [
    h("div", { key: "head", class: "head" },
      h("h1", null, headline(destinations)),
      h("span", { class: "end soft" }, t("overview.version", { version: status.version, uptime: duration(status.uptime_seconds) }))),
    error ? h("div", { key: "error" }, notice("bad", t("overview.stale"), " ", failureText(error))) : null,
    ...troubles(status).map(({ id, kind, text, lines }) => h("div", { key: id }, notice(kind, text,
      lines ? h("ul", { class: "mono" }, lines.map((line) => h("li", null, line))) : null))),
    h("section", { key: "destinations", class: "panel", "aria-labelledby": "destinations" },
      h("h2", { id: "destinations" }, t("overview.destinations")),
      destinationTable(destinations, series),
      destinations.length ? h("p", { class: "inside soft small-text" }, t("overview.drain.assumes")) : null),
    h("section", { key: "sources", class: "panel", "aria-labelledby": "sources" },
      h("h2", { id: "sources" }, t("overview.sources")),
      sourceTable(status.sources, series),
      refusalsPart(status.sources, refusals, refusalsError, openRefusals)),
    h("div", { key: "rest", class: "columns" },
      h("section", { class: "panel", "aria-labelledby": "routes" },
        h("h2", { id: "routes" }, t("overview.routes")), routeTable(status.routes),
        h("p", { class: "inside soft small-text" }, t("overview.since", { uptime: duration(status.uptime_seconds) }))),
      h("div", { class: "stack" }, storePanel(status.store, series), configurationPanel(status.config))),
  ];
}

const failureText = (error) => (error.status === 0 ? "" : error.message);

function headline(destinations) {
  const count = (kind) => destinations.filter(({ state }) => state.kind === kind).length;
  if (!destinations.length) return t("overview.none");
  if (count("bad")) return badge("bad", t("overview.bad", { count: count("bad"), all: destinations.length }));
  if (count("warn")) return badge("warn", t("overview.warn", { count: count("warn"), all: destinations.length }));
  return badge("good", t("overview.good", { count: destinations.length }));
}

/// What concerns the relay as a whole, and needs somebody.
function troubles({ store, config, clock_offset_seconds: offset }) {
  const found = [];
  if (store.refusal) found.push({ id: "refusal", kind: "bad", text: t("overview.refusal", { why: store.refusal }) });
  if (store.unread_seconds !== null) {
    found.push({ id: "unread", kind: "bad", text: t("overview.unread", { age: duration(store.unread_seconds) }) });
  }
  if (config.reload_errors.length) {
    found.push({ id: "reload", kind: "bad", text: t("overview.reload"), lines: config.reload_errors });
  }
  if (offset !== null && Math.abs(offset) > 60) {
    found.push({ id: "clock", kind: "bad", text: t(offset > 0 ? "overview.ahead" : "overview.behind", { by: duration(Math.abs(offset)) }) });
  }
  if (store.reader) {
    found.push({ id: "reader", kind: "warn", text: t("overview.reader", { name: store.reader.name, time: duration(store.reader.seconds) }) });
  }
  return found;
}

/// What most needs to be known of a destination: in a word, since when, and why.
///
/// rank: the lower, the more it needs somebody.
function stateOf(one) {
  const refused = one.refused_kinds[0];
  const refuses = refused && t("state.refuses", {
    count: one.refused_kind_count, more: number(one.refused_kind_count - 1),
    kind: [refused.type, refused.company && t("state.company", { company: refused.company }), refused.channel].filter(Boolean).join(", "),
  });
  const why = [one.last_failure, refuses];
  if (one.stuck_head) {
    why.push(parts("state.stuck", { event: h("a", { href: `#/events/${one.stuck_head.event_id}` }, one.stuck_head.type) }));
  }
  const held = one.held_until && parts("state.wait", { when: when(one.held_until) });
  if (one.orphaned) return { rank: 3, kind: "warn", word: t("state.orphaned"), why: [t("state.orphaned.why")] };
  if (one.paused) {
    const until = one.paused_at ? t("state.paused.file", { place: one.paused_at })
      : one.paused_until ? parts("state.until", { when: at(one.paused_until) }) : t("state.paused.person");
    return { rank: 5, kind: "warn", word: t("state.paused"), why: [until] };
  }
  if (one.circuit === "open") {
    const next = held ?? (one.next_probe_at ? parts("state.probe", { when: when(one.next_probe_at) }) : null);
    return { rank: 0, kind: "bad", word: t("state.down"), since: one.failing_since ?? one.circuit_open_since, why: [...why, next] };
  }
  if (one.held_until) return { rank: 2, kind: "warn", word: t("state.held"), why: [held, one.last_failure] };
  if (one.failing_since) {
    return {
      rank: 1, kind: "bad", word: t("state.failing"), since: one.failing_since,
      why: [...why, t("state.row", { count: one.failures_in_row })],
    };
  }
  if (one.circuit === "recovering") return { rank: 6, kind: "warn", word: t("state.recovering"), why };
  if (refuses) return { rank: 4, kind: "warn", word: t("state.refusing"), since: refused.since, why };
  if (one.late) return { rank: 2, kind: "warn", word: t("state.late"), why: [t("state.late.why")] };
  const { bound, arriving_per_second: arriving, per_second: takes, slots, needed_concurrency: needed } = one.capacity ?? {};
  if (bound && arriving > takes) {
    return { rank: 5, kind: "warn", word: t("state.behind"), why: [t("state.behind.why", { arriving: rate(arriving), takes: rate(takes), slots, needed: needed ?? "–" })] };
  }
  return { rank: one.dead ? 7 : 8, kind: "good", word: t("state.ok"), why: [] };
}

function destinationTable(destinations, series) {
  const samples = new Map((series?.destinations ?? []).map((one) => [one.name, one]));
  const linked = (count, href, kind) => (count ? h("a", { href, class: kind ?? null }, number(count)) : h("span", { class: "soft" }, "0"));
  return table({
    kind: "destinations", caption: t("overview.destinations"), rows: destinations, key: (one) => one.name,
    nothing: t("overview.none"),
    columns: [
      { title: t("column.destination"), primary: true, cell: (one) => h("a", { href: `#/events?${new URLSearchParams({ destination: one.name })}` }, one.name) },
      { title: t("column.state"), wide: true, cell: stateCell },
      { title: t("column.pending"), number: true, cell: (one) => linked(one.pending, link("events", one.name, "pending")) },
      { title: t("column.in_flight"), number: true, cell: (one) => dim(one.in_flight) },
      { title: t("column.dead"), number: true, cell: (one) => linked(one.dead, `#/dead?${new URLSearchParams({ destination: one.name })}`, "bad-text") },
      { title: t("column.oldest"), number: true, cell: (one) => (one.oldest_pending_seconds === null ? dash() : duration(one.oldest_pending_seconds)) },
      { title: t("column.rate"), number: true, cell: (one) => rateCell(one, samples.get(one.name), series) },
      { title: t("column.latency"), number: true, cell: (one) => latencyCell(one, samples.get(one.name)) },
      { title: t("column.failed"), number: true, cell: failedCell },
      { title: t("column.drain"), number: true, cell: drainCell },
    ],
  });
}

const link = (page, destination, outcome) => `#/${page}?${new URLSearchParams({ destination, outcome })}`;
const dash = () => h("span", { class: "soft" }, "–");
const dim = (count) => (count ? number(count) : h("span", { class: "soft" }, "0"));

function stateCell({ state, hint, name, replaying, overflowed }) {
  const why = state.why.filter(Boolean);
  if (replaying) why.push(t("state.replaying", { count: replaying }));
  if (overflowed) why.push(t("state.overflowed", { count: overflowed }));
  return [
    h("div", { class: "row" }, badge(state.kind, state.word), state.since ? h("span", { class: "soft" }, when(state.since, "for")) : null),
    why.length ? h("div", { class: "why" }, why.map((reason, index) => [index ? " · " : "", reason])) : null,
    hint ? h("div", { class: "hint" }, h("span", { class: "soft" }, t("state.hint")), " ", hint) : null,
  ];
}

/// The last sample that there is; `null`: none.
const last = (values) => values?.findLast((value) => value !== null) ?? null;

/// Counts of steps as what that is in a second.
const perSecond = (counts, series) => counts.map((count) => (count === null ? null : count / series.step_seconds));

function rateCell(one, sample, series) {
  const window = one.attempts[0];
  if (!sample) return window?.counted_seconds ? perSecondText(window.attempts / window.counted_seconds) : dash();
  const values = perSecond(sample.attempts, series);
  const now = last(values);
  if (now === null) return dash();
  const failed = perSecond(sample.failed, series).map((value) => value || null);
  return chartCell([{ values, kind: "accent" }, { values: failed, kind: "bad" }],
    t("chart.rate", { name: one.name, most: rate(Math.max(0, ...values)), now: rate(now) }), perSecondText(now));
}

const perSecondText = (value) => t("unit.per_second", { rate: rate(value) });

function latencyCell(one, sample) {
  const [half, most] = [last(sample?.latency_p50_ms), last(sample?.latency_p99_ms)];
  const mean = one.attempts[0]?.mean_ms ?? null;
  if (half === null) return mean === null ? dash() : milliseconds(mean);
  return chartCell([{ values: sample.latency_p99_ms, kind: "soft" }, { values: sample.latency_p50_ms, kind: "accent" }],
    t("chart.latency", { name: one.name, half: milliseconds(half), most: milliseconds(most ?? half) }), milliseconds(half));
}

const chartCell = (lines, label, text) => h("div", { class: "chart" }, sparkline(lines, label), h("span", null, text));

function failedCell({ attempts }) {
  const hour = attempts[1];
  if (!hour || hour.failure_rate === null) return dash();
  const title = [
    ...attempts.filter((window) => window.failure_rate !== null).map((window) => t("failed.window", {
      time: duration(window.seconds), share: percent(window.failure_rate), failed: number(window.failed), all: number(window.attempts),
    })),
    ...hour.causes.slice(0, 3).map(({ cause, count }) => `${number(count)} × ${cause}`),
  ].join("\n");
  return h("span", { class: hour.failed ? "bad-text" : "soft", title }, percent(hour.failure_rate));
}

function drainCell({ pending, drain_seconds: seconds, state }) {
  if (!pending) return dash();
  if (seconds !== null) return duration(seconds);
  return h("span", { class: "soft", title: t(state.kind === "bad" || state.rank === 5 ? "drain.stands" : "drain.unknown") }, t("drain.none"));
}

function sourceTable(sources, series) {
  const samples = new Map((series?.sources ?? []).map((one) => [one.name, one]));
  return table({
    caption: t("overview.sources"), rows: sources, key: (one) => one.name,
    columns: [
      { title: t("column.source"), primary: true, cell: (one) => h("a", { href: `#/events?${new URLSearchParams({ source: one.name })}` }, one.name) },
      { title: t("column.path"), cell: (one) => h("code", { class: "soft" }, one.path) },
      {
        title: t("column.last_envelope"), cell: (one) => [
          one.silent ? badge("warn", t("source.silent")) : null, one.silent ? " " : null,
          one.last_envelope ? when(one.last_envelope) : h("span", { class: "soft" }, t("source.never")),
        ],
      },
      { title: t("column.events"), number: true, cell: (one) => eventsCell(one, samples.get(one.name), series) },
      { title: t("column.token"), cell: tokenCell },
      { title: t("column.handshake"), cell: (one) => when(one.last_handshake) },
      {
        title: t("column.refused"), number: true,
        cell: (one) => (one.refused ? h("a", { href: "#refusals", class: "bad-text", onclick: toRefusals }, number(one.refused)) : dim(0)),
      },
    ],
  });
}

function eventsCell(one, sample, series) {
  const values = sample && perSecond(sample.events, series);
  const now = last(values);
  if (now === null) return dash();
  return chartCell([{ values, kind: "accent" }], t("chart.events", { name: one.name, most: rate(Math.max(0, ...values)), now: rate(now) }), perSecondText(now));
}

function tokenCell({ token, learning_until: until }) {
  const kind = { configured: "good", learned: "good", none: "warn", closed: "warn", learning: "warn", candidates: "warn" }[token] ?? "idle";
  return [badge(kind, t(`token.${token}`), t(`token.${token}.why`)), until ? h("span", { class: "soft" }, " ", parts("state.until", { when: at(until) })) : null];
}

function toRefusals(event) {
  event.preventDefault();
  const part = document.getElementById("refusals");
  part.open = true;
  part.querySelector("summary").focus();
  part.scrollIntoView({ block: "nearest" });
}

function refusalsPart(sources, refusals, error, ontoggle) {
  const total = sources.reduce((sum, { refused }) => sum + refused, 0);
  return h("details", { id: "refusals", class: "inside", ontoggle },
    h("summary", null, t("refusals.title"), h("span", { class: "soft" }, " ", total ? counted("refusals.count", total) : t("refusals.none"))),
    error ? failure(error) : refusals === null ? null : table({
      caption: t("refusals.title"), rows: refusals, key: (one) => `${one.first_at} ${one.path} ${one.code}`, nothing: t("refusals.empty"),
      columns: [
        { title: t("column.last"), cell: (one) => when(one.at) },
        { title: t("column.count"), number: true, cell: (one) => `${number(one.count)} ×` },
        { title: t("column.path"), primary: true, cell: (one) => h("code", null, one.path) },
        { title: t("column.status"), number: true, cell: (one) => String(one.status) },
        {
          title: t("column.reason"), wide: true, cell: (one) => [
            one.reason, h("div", { class: "soft" }, [one.peer, one.forwarded_for, one.agent].filter(Boolean).join(" · ")),
            one.body ? h("details", null, h("summary", null, t("refusals.body")), h("pre", null, one.body)) : null,
          ],
        },
      ],
    }));
}

function routeTable(routes) {
  const most = Math.max(1, ...routes.map(({ matched }) => matched));
  return table({
    caption: t("overview.routes"), rows: routes, key: (one) => one.name, nothing: t("overview.noroutes"), kind: "routes",
    columns: [
      { title: t("column.route"), primary: true, cell: (one) => h("a", { href: `#/events?${new URLSearchParams({ route: one.name })}` }, one.name) },
      { title: "", wide: true, cell: (one) => meter(one.matched / most, t("route.share", { count: one.matched }), one.dropped ? "drop" : "accent") },
      { title: t("column.matched"), number: true, cell: (one) => dim(one.matched) },
      { title: t("column.dropped"), number: true, cell: (one) => dim(one.dropped) },
    ],
  });
}

function storePanel(store, series) {
  const share = store.limit_bytes ? store.bytes / store.limit_bytes : 0;
  const text = t("store.use", { bytes: bytes(store.bytes), limit: bytes(store.limit_bytes), share: percent(share) });
  const history = series?.store?.bytes;
  return h("section", { class: "panel", "aria-labelledby": "store" },
    h("h2", { id: "store" }, t("overview.store")),
    h("div", { class: "inside stack" }, meter(share, text),
      h("div", { class: "row" }, h("span", null, text),
        history ? h("span", { class: "end" }, sparkline([{ values: history, kind: "accent" }], t("chart.store", { now: bytes(store.bytes) }))) : null),
      h("p", { class: "soft small-text" }, store.kind, store.log_bytes ? ` · ${t("store.log", { bytes: bytes(store.log_bytes) })}` : null)));
}

function configurationPanel(config) {
  return h("section", { class: "panel", "aria-labelledby": "config" },
    h("h2", { id: "config" }, t("overview.configuration")),
    h("dl", { class: "facts inside" },
      h("dt", null, t("config.hash")), h("dd", { class: "row" }, h("code", null, config.hash), copyButton(config.hash)),
      h("dt", null, t("config.loaded")), h("dd", null, when(config.loaded_at)),
      h("dt", null, t("config.reload")), h("dd", null, config.reload_errors.length
        ? badge("bad", t("config.errors", { count: config.reload_errors.length })) : badge("good", t("config.fine")))));
}
