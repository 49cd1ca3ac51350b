// Events: the search. The address holds it, in the API's own words, so that it can be sent to a colleague.

import { h, patch } from "../dom.js";
import { get } from "../api.js";
import { t } from "../i18n.js";
import { button, failure, notice, table } from "../components.js";
import { column, exact, field, hash, local, outcomes, row, select, small, soft, stamp, stampText, words } from "./parts.js";

const conditions = ["type", "company", "channel", "chat", "source", "route", "destination", "outcome"];
const spans = ["15m", "1h", "24h", "7d", "all", "custom"];
const outcomeNames = ["delivered", "pending", "dead", "discarded", "dropped", "unrouted"];
const eventID = /\bevt_[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/i;
const rowsAtOnce = 50;
/// So long it goes on by itself once something was found, in milliseconds.
const patience = 8000;

/// The search that a person came from, for the way back.
export let lastSearch = "#/events";

export async function show(main, { path, query }, context) {
  await words;
  if (path.length) return (await import("./event.js")).show(main, path[0], context);
  lastSearch = location.hash || lastSearch;
  const search = Object.fromEntries(["text", ...conditions, "since", "until"].map((name) => [name, query.get(name) ?? ""]));
  // A link to what is pending at a destination means all of it.
  if (!search.since && !search.until) search.since = search.text || !conditions.some((name) => search[name]) ? "24h" : "all";
  const results = h("div", { class: "stack" });
  const isForbidden = search.text && !context.may("reader");
  main.append(h("div", { class: "head" }, h("h1", null, t("page.events"))), form(search, context), results);
  if (isForbidden) patch(results, notice("warn", t("text.forbidden", { role: t("role.reader") })));
  else await look(search, results, context);
}

// The form

function form(search, context) {
  const isFixed = search.until || !spans.includes(search.since);
  const text = h("input", { type: "search", value: search.text, placeholder: "+55 75 99999-0000", autocomplete: "off", spellcheck: "false", "aria-describedby": "q-help" });
  const span = select(spans.map((name) => [name, t(`span.${name}`)]), isFixed ? "custom" : search.since, { onchange: showTimes });
  const [from, to] = [search.since, search.until].map((time) => h("input", { type: "datetime-local", step: 1, value: local(time) }));
  const times = row(field(t("search.from"), from), field(t("search.to"), to));
  const inputs = conditions.map((name) => [name, name === "outcome"
    ? select([["", t("any")], ...outcomeNames.map((word) => [word, t(`outcome.${word}`)]), ...(outcomeNames.includes(search.outcome) ? [] : [search.outcome].filter(Boolean))], search.outcome)
    : h("input", { value: search[name], list: `list-${name}`, autocomplete: "off", spellcheck: "false", placeholder: t("any") })]);

  function showTimes() {
    times.hidden = span.value !== "custom";
    if (!times.hidden && !from.value && !to.value) from.value = local(Date.now() - 3_600_000);
  }

  async function submit(event) {
    event.preventDefault();
    const wanted = Object.fromEntries(inputs.map(([name, given]) => [name, given.value.trim()]));
    const time = (given) => (given.value ? new Date(given.value).toISOString() : "");
    [wanted.since, wanted.until] = times.hidden ? [span.value, ""] : [time(from), time(to)];
    if (!wanted.since && !wanted.until) wanted.since = "all";
    const said = text.value.trim();
    const id = eventID.exec(said)?.[0];
    if (id) return context.go(hash(`events/${id}`));
    if (said) Object.assign(wanted, await meaning(said, wanted, context));
    const there = hash("events", wanted);
    // The same search once more is a new one: something may have come since.
    if (there === location.hash) dispatchEvent(new HashChangeEvent("hashchange"));
    else context.go(there);
  }

  const box = h("form", { class: "panel search", role: "search", onsubmit: submit }, h("div", { class: "inside stack" },
    h("div", { class: "main-search" },
      field(t("search.what"), text, "grow"), field(t("search.when"), span), h("button", { class: "primary" }, t("search.go"))),
    times, h("p", { id: "q-help", class: "soft" }, t("search.help")),
    h("details", { open: conditions.some((name) => search[name]) }, h("summary", null, t("search.more")),
      h("div", { class: "conditions" }, inputs.map(([name, given]) => field(t(`col.${name}`), given))))));
  showTimes();
  offer(box, context);
  return box;
}

/// The relay's own names, to choose from; without an answer they are typed.
async function offer(box, context) {
  try {
    const [status, { types }] = await Promise.all([get("api/v1/status", null, context), get("api/v1/samples", null, context)]);
    const lists = { source: status.sources, route: status.routes, destination: status.destinations, type: types.map((name) => ({ name })) };
    for (const [key, list] of Object.entries(lists)) {
      box.append(h("datalist", { id: `list-${key}` }, list.map(({ name }) => h("option", { value: name }))));
    }
  } catch {
    // Nothing is lost.
  }
}

/// Which condition is meant by what stands in the main box. A number is a conversation's, or one that stands in the bodies, such as a
/// telephone number.
async function meaning(said, wanted, context) {
  const digits = said.replace(/\D/g, "");
  if (!/^[+\d\s().\-/]+$/.test(said) || !digits) return { text: said };
  if (wanted.chat) return { text: digits };
  const page = await get("api/v1/events", { chat: digits, limit: 1 }, context).catch(() => ({ events: [] }));
  return page.events.length || !context.may("reader") ? { chat: digits } : { text: digits };
}

// What is found

async function look(search, results, context) {
  const asked = { ...search, since: search.since === "all" ? "" : search.since };
  let rows = [];
  let next = null;
  let reached = null;
  let problem = null;
  let running = null;
  let gaps = [];
  let kept = [];

  async function go() {
    running = new AbortController();
    const { signal } = running;
    context.signal.addEventListener("abort", () => running?.abort());
    problem = null;
    const started = Date.now();
    const goal = rows.length + rowsAtOnce;
    draw();
    try {
      do {
        const page = await get("api/v1/events", { ...asked, limit: goal - rows.length, after: next }, { signal });
        rows = rows.concat(page.events);
        [next, reached] = [page.next, page.searched_to];
        draw();
        // Nothing found yet: it goes on to the end. Something found: a while longer.
      } while (next && rows.length < goal && (!rows.length || Date.now() - started < patience));
    } catch (error) {
      if (error.name !== "AbortError") problem = error;
    }
    running = null;
    if (context.signal.aborted) return;
    draw();
    context.announce(rows.length ? t("found.announce", { count: rows.length }) : t("found.nothing"));
  }

  const draw = () => patch(results,
    small("said.looked", { what: described(search) }),
    kept.map(({ status, count, at }) => notice("bad", h("a", { href: refused }, t("gaps.kept", { status: String(status), count, time: stampText(at) })))),
    gaps.length ? gapNotice(gaps) : null,
    /^\d+$/.test(search.chat) && !search.text && context.may("reader") ? h("p", { key: "instead" }, h("a", { href: hash("events", { ...search, chat: "", text: search.chat }) }, t("search.instead", { text: search.chat }))) : null,
    search.text ? chatsOf(rows) : null,
    problem ? h("div", { key: "problem" }, failure(problem)) : null,
    rows.length ? h("div", { class: "panel", key: "rows" }, list(rows)) : null,
    !rows.length && !running && !problem && !next ? nothing(search) : null,
    h("div", { class: "row", key: "more" }, progress()));

  function progress() {
    const time = reached && stampText(reached);
    if (running) return [soft(time ? t("search.reached", { time }) : t("search.looking")), button(t("search.stop"), { kind: "small", onclick: () => running?.abort() })];
    if (next) return [button(t("search.on"), { onclick: go }), time ? soft(t("search.so.far", { count: rows.length, time })) : null];
    return rows.length ? soft(t("search.all", { count: rows.length })) : null;
  }

  get("api/v1/gaps", { since: asked.since, until: asked.until }, context).then((answer) => {
    gaps = answer.gaps.slice(0, 20);
    draw();
  }).catch(() => {});
  await go();
  // Perhaps it never was accepted. (Who looks at what was refused stands in the audit.)
  if (rows.length || !search.text || context.signal.aborted) return;
  kept = (await get("api/v1/rejections", null, context).catch(() => ({ rejections: [] }))).rejections.filter(({ body }) => body?.includes(search.text)).slice(0, 3);
  draw();
}

const refused = "#/overview?refused=1";

/// What was asked for, in words.
function described(search) {
  const { text, since, until } = search;
  const isFixed = !spans.includes(since);
  const from = isFixed && since ? (Number.isNaN(Date.parse(since)) ? since : stampText(since)) : "";
  const time = until ? t(from ? "said.between" : "said.until", { from, to: stampText(until) }) : isFixed ? t("said.since", { from }) : t(`span.${since}`);
  return [text ? t(text.includes("=") ? "said.path" : "said.text", { text }) : "",
    ...conditions.map((name) => (search[name] ? `${t(`col.${name}`)}: ${search[name]}` : "")), time].filter(Boolean).join(" · ");
}

const list = (rows) => table({
  caption: t("page.events"), rows, key: ({ id }) => id,
  columns: [
    column("received", (event) => stamp(event.received_at)),
    column("type", (event) => h("a", { href: hash(`events/${event.id}`) }, exact(event.type)), { primary: true }),
    column("chat", ({ chat }) => (chat ? wholeChat(chat) : soft("–"))),
    column("channel", ({ channel, company }) => h("span", { class: "soft nowrap" }, [channel, company].filter(Boolean).join(" · ") || "–")),
    column("outcome", outcomes, { wide: true }),
  ],
});

/// Many events of a conversation name neither the person nor the number.
function chatsOf(rows) {
  const chats = [...new Set(rows.map(({ chat }) => chat).filter(Boolean))].slice(0, 5);
  return chats.length ? h("p", { key: "chats" }, t("search.chats"), chats.map((chat) => [" ", wholeChat(chat)])) : null;
}

const wholeChat = (chat) => h("a", { href: hash("events", { chat: exact(chat), since: "all" }), title: t("chat.all") }, chat);

/// What never was taken in is in no list: so it is said when senders were turned away.
const gapNotice = (gaps) => h("details", { class: "notice warn", key: "gaps" },
  h("summary", null, t(!gaps.some(({ count }) => count) ? "gaps.down" : gaps.some(({ kind }) => kind === "down") ? "gaps.title" : "gaps.refused", { lost: gaps.reduce((sum, { count }) => sum + count, 0) })),
  h("ul", null, gaps.map((gap) => h("li", null,
    stamp(gap.began_at), " – ", stamp(gap.ended_at), " ", h("strong", null, t(`gap.${gap.kind}`)), " ",
    [gap.source, gap.count ? t("gap.count", { count: gap.count }) : "", gap.reason].filter(Boolean).join(" · ")))),
  h("p", null, t("gaps.hint"), " ", h("a", { href: refused }, t("gaps.see"))));

/// What was looked at, and what to try.
function nothing(search) {
  const { since, until, text, destination, outcome } = search;
  const wider = { "15m": "1h", "1h": "24h", "24h": "7d" }[since];
  const tail = /^\d{9,}$/.test(text) ? text.slice(-8) : "";
  const tries = [
    wider && [{ since: wider }, t("try.span", { span: t(`span.${wider}`) })],
    (since !== "all" || until) && [{ since: "all", until: "" }, t("try.all")],
    tail && [{ text: tail }, t("try.short", { digits: tail })],
    destination && [{ destination: "" }, t("try.destination", { destination })],
    outcome && [{ outcome: "" }, t("try.outcome")],
  ].filter(Boolean);
  return h("div", { class: "panel empty", key: "nothing" }, h("p", null, t("found.nothing")), h("p", { class: "soft" }, t("found.means"), text ? ` ${t("found.bodies")}` : ""),
    h("ul", { class: "tries" }, tries.map(([changes, words]) => h("li", null, h("a", { href: hash("events", { ...search, ...changes }) }, words))),
      h("li", null, h("a", { href: refused }, t("try.refused")))));
}
