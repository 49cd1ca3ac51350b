// What comes in, and how each of it is settled, as it happens.
//
// The rows are kept apart from what is drawn of them: thousands of messages a second change rows, and ten times a second at most
// the rows that are in sight are drawn. Nothing moves while somebody reads: what comes meanwhile is kept, and counted.

import { h, patch } from "../dom.js";
import { get } from "../api.js";
import { t, number, rate, milliseconds, clockTime, relativeTime } from "../i18n.js";
import { badge, button, mark, sparkline, notice, announce, walk } from "../components.js";
import { readStream } from "../stream.js";

/// How many rows are kept.
const limit = 500;
/// How many milliseconds lie between two drawings; and where so much comes that nobody can read it.
const [pace, calmPace] = [100, 250];

/// For how many milliseconds a pointer that rests on the rows holds them.
const attention = 30_000;

/// What can be asked for, as the stream takes it.
const shows = {
  all: {},
  received: { kinds: "received" },
  delivered: { kinds: "settled", outcome: "delivered" },
  failed: { kinds: "settled", outcome: "pending,dead" },
  dead: { kinds: "settled", outcome: "dead" },
  nowhere: { kinds: "received", outcome: "dropped,unrouted" },
};
/// What it can be narrowed by, each with an example.
const fields = { type: "*Message", company: "15691", destination: "crm" };

/// The columns for which a narrow window has no room.
const facts = ["company", "channel", "chat"];

export async function show(main, { query }, context) {
  const filter = Object.fromEntries(Object.keys(fields).map((name) => [name, query.get(name) ?? ""]));
  const chosen = query.get("show") in shows ? query.get("show") : "all";
  const rows = keepRows();
  const meter = countRates();
  let state = ["connecting"];
  let paused = false;
  let pointedAt = -Infinity;
  let overload = null;
  let drawn = 0;
  let timer = null;

  const status = h("div", { class: "row live-state" });
  const rates = h("div", { class: "row soft end" });
  const news = h("div", { class: "live-news" });
  const space = h("div", { class: "live-space" });
  const list = h("div", {
    class: "live-list", role: "table", "aria-label": t("live.list"), tabindex: 0, onscroll: draw, onkeydown: walk,
    onpointermove: (event) => { if (event.pointerType === "mouse" && event.target !== list) pointedAt = performance.now(); },
    onpointerleave: () => { pointedAt = -Infinity; },
  }, h("div", { class: "live-row live-titles", role: "row" },
    ["time", "type", "company", "channel", "chat", "settled"].map((name) =>
      h("span", { role: "columnheader", class: facts.includes(name) && "live-fact" }, t(`col.${name}`)))), space);
  const form = h("form", { class: "row filters", onsubmit: apply, onchange: apply },
    field("show", h("select", { name: "show" }, Object.keys(shows).map((value) => h("option", { value, selected: value === chosen }, t(`live.show.${value}`))))),
    Object.entries(fields).map(([name, placeholder]) => field(name, h("input", { name, value: filter[name], placeholder, size: 12, spellcheck: "false" }))));

  main.append(h("div", { class: "head" }, h("h1", null, t("page.live")), status, rates), form, h("div", { class: "panel live-panel" }, news, list));

  function apply(event) {
    event.preventDefault();
    const entries = [...new FormData(form)].filter(([name, value]) => value && !(name === "show" && value === "all"));
    context.go(`#/live${entries.length ? `?${new URLSearchParams(entries)}` : ""}`);
  }

  const asked = { ...shows[chosen], ...filter };
  const take = readStream(asked, {
    signal: context.signal,
    onmessage(message) {
      if (message.kind === "overloaded") overload = message.message;
      meter.add(message);
      rows.add(message);
      soon();
    },
    onstate(...now) {
      state = now;
      if (now[0] === "live") overload = null;
      draw();
    },
  });
  // What came last, so that a quiet relay's page is not empty.
  if (!asked.kinds) {
    get("api/v1/events", { ...asked, limit: 50 }, context).then(({ events }) => { rows.before(events); draw(); }).catch(() => {});
  }
  const ticking = setInterval(() => { if (!document.hidden) { meter.tick(); draw(); } }, 1000);
  addEventListener("resize", draw, { signal: context.signal });
  document.addEventListener("selectionchange", soon, { signal: context.signal });
  draw();
  return () => { clearInterval(ticking); clearTimeout(timer); };

  /// Why nothing moves; null: it does.
  function held() {
    if (paused) return "paused";
    if (list.scrollTop > 4) return "scrolled";
    if (performance.now() - pointedAt < attention) return "pointed";
    if (space.contains(document.activeElement)) return "focused";
    return !getSelection().isCollapsed && space.contains(getSelection().anchorNode) ? "selected" : null;
  }

  function soon() {
    timer ??= setTimeout(() => requestAnimationFrame(draw), Math.max(0, drawn + (meter.isMuch() ? calmPace : pace) - performance.now()));
  }

  function draw() {
    clearTimeout(timer);
    timer = null;
    drawn = performance.now();
    const why = held();
    why ? rows.hold() : rows.release();
    patch(status, stateBadge(), button(paused ? t("live.resume") : t("live.pause"), { kind: "small", onclick: pause, "aria-pressed": String(paused) }),
      state[0] === "elsewhere" ? button(t("live.take"), { kind: "small", onclick: take }) : null,
      why && rows.waiting() ? button(`${t("live.new", { count: rows.waiting() })} ${t(`live.held.${why}`)}`, { kind: "small primary", onclick: toNewest }) : null);
    patch(rates, meter.view());
    patch(news, overload ? notice("warn", overload) : null);
    drawRows();
  }

  function stateBadge() {
    const [name, next] = state;
    if (name === "live") return badge(paused ? "idle" : "good", t(paused ? "live.paused" : "live.live"));
    if (name === "broken") return badge("bad", t("live.broken", { when: relativeTime(next, Date.now()) }));
    return badge("idle", t(`live.${name}`));
  }

  function pause() {
    paused = !paused;
    announce(t(paused ? "live.paused" : "live.live"));
    if (!paused) list.scrollTop = 0;
    draw();
  }

  function toNewest() {
    paused = false;
    pointedAt = -Infinity;
    list.scrollTop = 0;
    getSelection().removeAllRanges();
    list.focus({ preventScroll: true });
    draw();
  }

  /// Only rows in sight have elements; each element stays with its row while that is in sight.
  function drawRows() {
    const all = rows.seen();
    const height = parseFloat(getComputedStyle(list).getPropertyValue("--row"));
    const first = Math.max(0, Math.floor(list.scrollTop / height) - 3);
    const count = Math.ceil(list.clientHeight / height) + 6;
    list.setAttribute("aria-rowcount", all.length + 1);
    space.setAttribute("role", all.length ? "rowgroup" : "none");
    space.style.height = `${all.length * height}px`;
    patch(space, all.length ? all.slice(first, first + count).map((row, index) => rowView(row, first + index, height))
      : h("p", { class: "empty soft" }, t(Object.values(asked).some(Boolean) ? "live.none.filtered" : "live.none")));
  }
}

const field = (name, control) => h("label", { class: "inline" }, h("span", null, t(`col.${name}`)), control);

function rowView(row, index, height) {
  return h("div", { key: row.key, class: "live-row", role: "row", "aria-rowindex": index + 2, style: { top: `${index * height}px` } },
    h("span", { role: "cell", class: "mono soft" }, clockTime(row.at)),
    row.id ? h("span", { role: "cell", class: "live-type" }, h("a", { href: `#/events/${row.id}` }, row.type || '""')) : h("span", { role: "cell", class: "live-note" }, row.note),
    row.id ? facts.map((name) => h("span", { role: "cell", class: "live-fact" }, row[name] ?? "")) : null,
    row.id ? h("span", { role: "cell", class: "live-chips" }, row.note ? h("span", { class: "soft" }, row.note) : null, [...row.goals].map(chip)) : null);
}

function chip([destination, { kind, text, title }]) {
  const state = t(`live.is.${kind}`);
  return h("span", { class: "chip", title: [state, title].filter(Boolean).join(" · ") }, mark(kind), destination, h("span", { class: "unseen" }, `: ${state}`),
    text ? h("span", { class: "soft" }, ` ${text}`) : null);
}

/// `503`, `connection refused`.
const cause = (status, error) => String(status ?? error?.split(":")[0] ?? "");

/// How an attempt ended, for a chip.
function settled({ state, status, error, attempt, due_at: due, reason, duration_ms: took }) {
  const attempts = attempt > 1 ? ` · ${t("live.attempt", { attempt })}` : "";
  if (state === "delivered") return { kind: "good", text: milliseconds(took) + attempts };
  const kind = state === "dead" ? "bad" : "warn";
  const next = kind === "bad" ? t(`live.dead.${reason}`) : due && t("live.due", { when: clockTime(due) });
  return { kind, text: cause(status, error) + attempts, title: [error, next].filter(Boolean).join(" · ") };
}

/// The last rows, newest first, and which of them are seen.
function keepRows() {
  let all = [];
  let frozen = null;
  let missed = 0;
  let notes = 0;
  const known = new Map();

  function push(row) {
    row.key = row.id ?? `note ${notes++}`;
    if (row.id) known.set(row.id, row);
    all.push(row);
    if (frozen) missed += 1;
    // In one go, so that it costs little even at thousands a second.
    if (all.length > 2 * limit) trim();
  }

  function trim() {
    all = all.slice(-limit);
    known.clear();
    for (const row of [...(frozen ?? []), ...all]) if (row.id) known.set(row.id, row);
  }

  const base = (message, at) => ({ id: message.event_id, at, type: message.type, company: message.company, channel: message.channel, chat: message.chat, goals: new Map() });
  const goal = (name) => [name, { kind: "idle", text: "" }];
  const nowhere = (outcomes, route) => outcomes[0] === "dropped" ? t("live.dropped", { route }) : outcomes[0] === "unrouted" ? t("live.unrouted") : null;

  const takes = {
    received(message) {
      if (known.has(message.event_id)) return;
      const row = base(message, message.received_at);
      row.note = nowhere(message.outcomes, message.routes.at(-1));
      for (const name of message.destinations) row.goals.set(...goal(name));
      push(row);
    },
    settled(message) {
      let row = known.get(message.event_id);
      if (!row) push(row = base(message, message.at));
      row.goals.set(message.destination, settled(message));
    },
    discarded: ({ count, destination, reason }) => push({ at: Date.now(), note: t(`live.discarded.${reason}`, { count, destination }) }),
    missed: ({ count }) => push({ at: Date.now(), note: count === null ? t("live.gap") : t("live.missed", { count }) }),
  };

  return {
    add: (message) => takes[message.kind]?.(message),
    /// What the store has of before: events as `GET /api/v1/events` has them.
    before(events) {
      const older = events.filter(({ id }) => !known.has(id)).map((event) => {
        const row = { ...base({ ...event, event_id: event.id }, event.received_at), key: event.id, note: nowhere(event.outcomes, event.dropped_by) };
        for (const { destination, state, last_status: status, last_error: error } of event.deliveries) {
          const kind = { delivered: "good", dead: "bad" }[state] ?? (status || error ? "warn" : "idle");
          row.goals.set(destination, { kind, text: kind === "good" ? "" : cause(status, error) });
        }
        known.set(row.id, row);
        return row;
      });
      frozen?.push(...older);
      all = [...older.reverse(), ...all];
    },
    hold() {
      frozen ??= all.slice(-limit).reverse();
    },
    release() {
      if (!frozen) return;
      frozen = null;
      missed = 0;
      trim();
    },
    /// Newest first.
    seen: () => frozen ?? all.slice(-limit).reverse(),
    waiting: () => missed,
  };
}

/// How much comes, second by second, over the last minute.
function countRates() {
  const second = () => ({ received: 0, settled: 0, failed: 0 });
  const past = [];
  let current = second();
  return {
    add(message) {
      if (message.kind in current) current[message.kind] += 1;
      if (message.kind === "settled" && message.state !== "delivered") current.failed += 1;
    },
    tick() {
      past.push(current);
      if (past.length > 60) past.shift();
      current = second();
    },
    /// More than 200 a second.
    isMuch: () => (past.at(-1)?.received ?? 0) + (past.at(-1)?.settled ?? 0) > 200,
    view() {
      const mean = (name) => {
        const latest = past.slice(-5);
        return latest.length ? latest.reduce((sum, one) => sum + one[name], 0) / latest.length : 0;
      };
      const failed = mean("failed");
      return [
        past.length > 4 ? sparkline([{ values: [...Array(60 - past.length).fill(null), ...past.map((one) => one.received || one.settled)], kind: "accent" }], t("live.chart")) : null,
        h("span", null, t("live.rate", { received: rate(mean("received")), settled: rate(mean("settled")) })),
        failed ? h("span", { class: "bad-text" }, t("live.failing", { failed: rate(failed) })) : null,
      ];
    },
  };
}
