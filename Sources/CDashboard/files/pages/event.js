// One event: what became of it and why, and what can be done about it.

import { h, patch } from "../dom.js";
import { get, post } from "../api.js";
import { t, bytes, milliseconds } from "../i18n.js";
import { badge, button, confirm, copyButton, notice, poll, toast, when } from "../components.js";
import {
  answerOf, block, change, destinationLine, destinationOf, ending, exact, field, forRole, hash, into, kindOf, panel, part, pretty, quoted, routesTable,
  row, select, sentence, small, soft, stamp, stampText, targets,
} from "./parts.js";
import { lastSearch } from "./events.js";

export async function show(main, id, context) {
  const path = `api/v1/events/${encodeURIComponent(id)}`;
  const back = h("div", { class: "head" }, h("a", { href: lastSearch }, `← ${t("page.events")}`));
  let event;
  let followed = null;
  try {
    event = await get(path, null, context);
  } catch (error) {
    if (error.status !== 404) throw error;
    return main.append(back, h("h1", null, t("event.title")), notice("warn", t("event.unknown"), h("p", { class: "mono" }, id)));
  }
  context.title(exact(event.type));
  let retries = [];
  const [head, deliveries, why, body] = ["stack", "stack", "inside", "inside"].map((kind) => h("div", { class: kind }));
  main.append(back, head, deliveries, panel(t("why.title"), why), panel(t("body.title"), body));

  function draw() {
    patch(head, header(event, context, reload));
    const order = [...event.deliveries].sort((a, b) => states.indexOf(a.state) - states.indexOf(b.state));
    patch(deliveries, order.map((delivery) => card(event, delivery, retries, context, reload)));
  }

  /// Who has retried what of it, for those who may see that.
  async function lookBack() {
    if (!context.may("operator") || !event.deliveries.some(({ attempts }) => attempts)) return;
    const { entries } = await get("api/v1/audit", { what: "deliveries/retry", since: event.received_at, limit: 500 }, context);
    retries = entries.filter(({ outcome }) => outcome === "done").reverse();
    draw();
  }

  /// changed: the number of a delivery, of which it is said what comes of it.
  async function reload(changed) {
    followed = changed ?? followed;
    event = await get(path, null, context);
    draw();
    lookBack().catch(() => {});
    const now = event.deliveries.find(({ id: number, state }) => number === followed && state !== "pending");
    if (!now) return;
    followed = null;
    if (now.state !== "discarded") toast(`${now.destination}: ${sentence(now)}`, kindOf(now));
  }

  draw();
  lookBack().catch(() => {});
  into(body, () => showBody(body, event, context));
  // Then the limits of each destination are known, too.
  into(why, () => showRoutes(why, event, context).then(draw));
  // The list tells how deliveries stand, and holds no contents: so the audit is not filled by one who waits.
  poll(3, async (signal) => {
    if (!event.deliveries.some(({ state }) => state === "pending")) return;
    const page = await get("api/v1/events", { ids: id }, { signal });
    const stand = (some) => some.map(({ id: number, state, attempts }) => `${number} ${state} ${attempts}`).sort().join();
    if (page.events.length && stand(page.events[0].deliveries) !== stand(event.deliveries)) await reload();
  }, { signal: context.signal });
}

// What became of it

/// What needs somebody comes first.
const states = ["dead", "pending", "discarded", "delivered"];

const nowhere = ({ dropped, routes }) => (dropped ? t("verdict.dropped", { route: routes.at(-1) }) : t("verdict.unrouted"));

/// The first line: all of it, in words.
function fate(event) {
  if (event.erased_at) return badge("idle", t("fate.erased", { time: stampText(event.erased_at) }));
  if (!event.deliveries.length) return badge(event.dropped ? "idle" : "warn", nowhere(event));
  return states.map((state) => {
    const those = event.deliveries.filter((delivery) => delivery.state === state);
    const names = [...new Set(those.map(({ destination }) => destination))].join(", ");
    const kinds = those.map(kindOf);
    return those.length ? badge(kinds.includes("warn") ? "warn" : kinds[0], t(`verdict.${state}`, { names })) : null;
  });
}

function header(event, context, reload) {
  const { id, type, chat, deliveries } = event;
  const dead = deliveries.filter(({ state }) => state === "dead").length;
  const { customer, name, mobile, body: said } = event.body ?? {};
  const about = [customer?.name ?? name, customer?.mobile ?? mobile, typeof said === "string" && `“${said.slice(0, 120)}”`].filter(Boolean).join(" · ");
  const fact = (key, ...value) => [h("dt", null, t(`col.${key}`)), h("dd", null, value)];
  return h("section", { class: "panel" }, h("div", { class: "inside stack" },
    h("div", { class: "head" }, h("h1", null, exact(type)), h("code", { class: "soft" }, id), copyButton(id)),
    h("p", { class: "verdict", role: "status" }, fate(event)),
    h("dl", { class: "facts" },
      fact("received", stamp(event.received_at, true), soft(" · ", when(event.received_at))),
      about ? fact("customer", about) : null, fact("source", event.source),
      fact("chat", chat ? [h("a", { href: hash("events", { chat: exact(chat), since: "all" }) }, chat), soft(` – ${t("chat.all")}`)] : "–"),
      fact("channel", event.channel ?? "–"), fact("company", event.company ?? "–")),
    row(
      button(`${t("resend")} …`, { kind: "small", needs: "operator", context, onclick: () => replay(event, context, reload) }),
      dead ? button(t("retry.all", { count: dead }), { kind: "small", needs: "operator", context, onclick: () => change("retry", [{ ids: [id] }], exact(type), reload) }) : null,
      copyButton(() => markdown(event), t("copying.markdown")), copyButton(() => asCurl(id, context), t("copying.curl")))));
}

/// The same look by curl.
const asCurl = (id, { session }) =>
  `curl -sS ${quoted(new URL(`api/v1/events/${id}`, location.href).href)}${session.login ? ` -H "Authorization: Bearer $TOKEN"` : ""}`;

// Each delivery

function card(event, delivery, retries, context, reload) {
  const { id, destination, run, state, last_attempt: last, waiting: wait } = delivery;
  const act = (key, onclick) => button(t(key), { kind: `small ${key === "discard.one" ? "bad-text" : ""}`, needs: "operator", context, "aria-label": `${t(key)}: ${destination}`, onclick });
  const changing = (verb) => act(`${verb}.one`, () => change(verb, [{ ids: [id] }], `${exact(event.type)} → ${destination}`, () => reload(id)));
  const isWhole = state === "delivered" && !delivery.failure_count;
  return h("section", { class: "panel delivery", key: id },
    h("div", { class: "title" }, h("h2", null, destination), badge(kindOf(delivery), t(`state.${state}`)),
      run ? h("span", { class: "tag" }, t("run", { run: String(run) })) : null, soft(t("delivery.by", { route: delivery.route, id: String(id) })),
      h("span", { class: "end row" },
        ["dead", "discarded"].includes(state) && !event.erased_at ? changing("retry") : null, ["dead", "pending"].includes(state) ? changing("discard") : null,
        state === "delivered" ? act("resend", () => replay(event, context, reload, destination)) : null)),
    h("div", { class: "inside stack" },
      h("p", null, state === "delivered" ? [stamp(last?.at, true), " "] : null, sentence(delivery), wait?.for === "retry" ? soft(limits(destination)) : null),
      wait?.event_id ? h("p", null, h("a", { href: hash(`events/${wait.event_id}`) }, t("wait.first", { delivery: String(wait.delivery_id) })),
        soft([" ", wait.last_failure, `${t("col.attempts")}: ${wait.attempts}`, wait.due_at && `${t("step.next")}: ${stampText(wait.due_at)}`].filter(Boolean).join(" · "))) : null,
      isWhole ? null : timeline(event, delivery, retries, context)));
}

/// When it would be given up.
function limits(destination) {
  const { max_attempts: count, max_age: age } = destinationOf(destination)?.retry ?? {};
  return [count > 0 && t("limit.attempts", { count }), age && age !== "unlimited" && t("limit.age", { age })].filter(Boolean).map((text) => ` ${text}`);
}

/// The ids that an entry of the audit names.
function idsOf({ target }) {
  try {
    return JSON.parse(target).ids ?? [];
  } catch {
    return [];
  }
}

/// Attempt by attempt, the first at the top.
function timeline(event, delivery, retries, context) {
  const { failures, failure_count: count, last_attempt: last, state, due_at: due } = delivery;
  const steps = [step("idle", event.received_at, t("step.received"))];
  const retried = retries.filter((entry) => idsOf(entry).some((id) => String(id) === String(delivery.id) || id === event.id));
  const takenUp = (until) => {
    while (retried.length && !(retried[0].at > until)) {
      const { at, who, reason } = retried.shift();
      steps.push(step("idle", at, [t("step.retried", { who }), reason].filter(Boolean).join(": ")));
    }
  };
  failures.forEach((failure, index) => {
    takenUp(failure.at);
    const missing = index ? failure.attempt - failures[index - 1].attempt - 1 : 0;
    if (missing) steps.push(h("li", { class: "soft" }, t("step.missing", { count: missing })));
    steps.push(step("bad", failure.at, attempt(failure, failure.attempt), evidence(event, delivery, failure, context)));
  });
  takenUp();
  // While a circuit is open, or a pause lasts, the time that it was due at says nothing.
  const isNext = due && delivery.waiting?.for === "retry";
  if (state === "delivered") steps.push(step("good", last?.at, attempt(last, delivery.attempts)));
  else if (state === "pending") steps.push(step("idle", isNext ? due : null, t(isNext ? "step.next" : "step.waits")));
  else steps.push(step(kindOf(delivery), delivery.settled_at, t(`step.${state}`)));
  return h("ol", { class: "timeline", "aria-label": t("timeline", { count }) }, steps);
}

const step = (kind, time, line, more) => h("li", { class: kind }, h("div", { class: "step" }, time ? stamp(time, true) : null, h("span", null, line)), more);

const attempt = (one, number) => [h("strong", null, t("step.attempt", { n: number })), " ", ending(one.status, one.error), " ", answerOf(one), " ",
  soft([t("step.took", { time: milliseconds(one.duration_ms) }), one.peer].filter(Boolean).join(" · "))];

/// The request as it was sent, and the answer.
function evidence(event, delivery, failure, context) {
  const { request_headers: sent, answer_headers: headers, answer, status } = failure;
  if (!sent.length) return null;
  return h("details", { class: "evidence" }, h("summary", null, t("evidence")),
    h("div", { class: "columns" },
      part("request.title", block(sent.join("\n"), t("request.title"))),
      part("answer.title", headers || answer ? block([...(headers ?? []), "", answer ?? ""].join("\n"), t("answer.title"))
        : soft(status && !context.may("reader") ? t("masked.answer", { role: t("role.reader") }) : t("answer.none")))),
    copyButton(() => requestAsCurl(event, delivery, sent, context), t("copying.request")));
}

/// What was sent, to be sent by hand. What is masked in it stays masked, and so does a body that may not be seen.
async function requestAsCurl(event, delivery, sent, context) {
  const destination = destinationOf(delivery.destination);
  const lines = sent.filter((line) => !/^(host|content-length|accept|connection):/i.test(line)).map((line) => `-H ${quoted(line)}`);
  let body = context.may("reader") && !event.body_removed ? await bodyText(event, context) : "{}";
  if (destination?.format === "huggy") body = `{"messages":{${JSON.stringify(event.type)}:[${body}]}}`;
  return [`curl -sS -X POST ${quoted(destination?.url ?? "DESTINATION")}`, ...lines, `--data-binary ${quoted(body)}`].join(" \\\n  ");
}

// Why, and the body

async function showRoutes(place, event, context) {
  const { body_removed: isGone, routes, config_hash: then } = event;
  const names = routes.join(", ") || t("why.none");
  if (isGone || !context.may("reader")) return patch(place, h("p", null, t("why.routes", { names })), isGone ? soft(t("why.removed")) : forRole("reader", "why.masked"));
  const [{ hash: now, events: [told] }, to] = await Promise.all([post("api/v1/explain", { event: event.id }, context), targets(context).catch(() => null)]);
  patch(place, h("div", { class: "stack" },
    now === then ? null : notice("idle", t("why.changed", { names })),
    h("p", null, t(now === then ? "why.then" : "why.now"), " ", destinationLine(told)), routesTable(told, to)));
}

let kept = {};

/// Its exact bytes: `JSON.parse` would not keep each number as it is.
async function bodyText({ id }, context) {
  if (kept.id !== id) kept = { id, text: await get(`api/v1/events/${id}/body`, null, { ...context, asText: true }) };
  return kept.text;
}

async function showBody(place, event, context) {
  if (event.body_removed) return patch(place, soft(t(`body.${event.body_removed}`)));
  if (!context.may("reader")) return patch(place, forRole("reader", "body.masked"));
  const text = await bodyText(event, context);
  const draw = (isRaw) => patch(place, h("div", { class: "stack" },
    row(
      ["pretty", "raw"].map((key) => button(t(`body.${key}`), { kind: "small", "aria-pressed": String((key === "raw") === isRaw), onclick: () => draw(key === "raw") })),
      soft(bytes(new TextEncoder().encode(text).length))),
    block(text, t("body.title"), isRaw ? text : pretty(text))));
  draw(false);
}

// Sending it again

async function replay(event, context, reload, destination) {
  const { destinations } = await get("api/v1/status", null, context);
  const names = destinations.filter(({ orphaned }) => !orphaned).map(({ name }) => name);
  const to = select([["", t("replay.routed")], ...names], destination);
  const choice = select(["new", "missing", "again"].map((key) => [key, t(`replay.${key}`)]), destination ? "again" : "missing");
  const ask = (more, signal) => post("api/v1/events/replay", {
    ids: [event.id], ...(to.value ? { to: [to.value] } : { as_routed: true }), ...(choice.value === "new" ? {} : { [choice.value]: true }), ...more,
  }, { signal });
  const done = await confirm({
    title: t("replay.title", { name: event.type }), body: small("replay.means"), action: t("resend"),
    fields: [field(t("replay.to"), to), event.deliveries.length ? field(t("replay.choice"), choice) : null],
    count: async (signal) => {
      const { count, counts, without_body: gone } = await ask({ dry_run: true }, signal);
      return { none: !count, text: count ? t("replay.would", { names: counts.map((one) => one.destination).join(", ") })
        : t(gone ? "replay.gone" : choice.value === "again" || !event.deliveries.length ? "replay.unrouted" : "replay.there") };
    },
    perform: ({ reason }) => ask({ reason }),
  });
  if (done === null) return;
  if (done) toast(t("replay.done"));
  await reload();
}

// For a ticket

const plain = (text) => String(text).replace(/[\\`*_{}[\]<>()#+|!~]/g, "\\$&").replace(/\s+/g, " ");

/// What became of it, without what it says: tickets are read by many.
function markdown(event) {
  const { type, id, deliveries } = event;
  const facts = { received: event.received_at, source: event.source, company: event.company, channel: event.channel, chat: event.chat, route: event.routes.join(", ") };
  const lines = [`## ${plain(type)} \`${id}\``, "", ...Object.entries(facts).map(([key, value]) => `- **${t(`col.${key}`)}:** ${plain(value || "-")}`), ""];
  if (!deliveries.length) return [...lines, nowhere(event)].join("\n");
  const columns = ["destination", "state", "attempts", "ending", "route"];
  lines.push(`| ${columns.map((key) => t(`col.${key}`)).join(" | ")} |`, `|${" --- |".repeat(columns.length)}`);
  for (const { destination, run, state, reason, attempts, last_attempt: last, route } of deliveries) {
    lines.push(`| ${[run ? `${destination} (${t("run", { run: String(run) })})` : destination, [t(`state.${state}`), reason].filter(Boolean).join(": "), attempts,
      last ? `${ending(last.status, last.error)}, ${milliseconds(last.duration_ms)}` : "-", route].map(plain).join(" | ")} |`);
  }
  for (const delivery of deliveries.filter(({ state, failure_count: count }) => state !== "delivered" || count)) {
    lines.push("", `### ${plain(delivery.destination)}`, "", plain(sentence(delivery)), "",
      ...delivery.failures.map((one) => `- ${plain(`${t("step.attempt", { n: one.attempt })} ${one.at}: ${ending(one.status, one.error)}, ${milliseconds(one.duration_ms)}`)}`));
  }
  return lines.join("\n").trimEnd();
}
