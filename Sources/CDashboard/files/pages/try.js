// Try: where an envelope would go, and why; a test of a destination. Nothing of it is stored or queued.

import { h, patch } from "../dom.js";
import { get, post } from "../api.js";
import { t, milliseconds, fullTime } from "../i18n.js";
import { badge, button, confirm, notice } from "../components.js";
import { block, destinationLine, field, into, panel, part, pretty, routesTable, select, small, soft, targets, words } from "./parts.js";

const eventID = /^evt_[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/// What was typed, kept while one looks at another page.
let typed = "";

export async function show(main, { query }, context) {
  const [{ destinations }, { types }] = await Promise.all([get("api/v1/status", null, context), get("api/v1/samples", null, context), words]);
  const text = h("textarea", {
    id: "envelope", rows: 12, spellcheck: "false", placeholder: t("try.hint"), oninput() { typed = text.value; },
    onkeydown(event) { if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && context.may("reader")) explain(); },
  });
  text.value = typed = query.get("event") ?? typed;
  const names = destinations.filter(({ orphaned }) => !orphaned).map(({ name }) => name);
  const destination = select(names, query.get("destination") ?? names[0]);
  const number = h("input", { type: "number", min: 1, value: 1 });
  const answer = h("div", { class: "stack", role: "region", "aria-label": t("answer.title") });
  const sample = select([["", t("try.sample")], ...types], "", { "aria-label": t("try.sample"), onchange: () => into(answer, async (isLast) => {
    const { envelope } = await get("api/v1/samples", { type: sample.value }, context);
    if (!isLast()) return;
    text.value = typed = pretty(envelope).map((node) => node.textContent ?? node).join("");
    sample.value = "";
    patch(answer);
  }) });

  const run = (work) => into(answer, async (isLast) => {
    const given = text.value.trim();
    if (!given) {
      text.focus();
      return patch(answer, notice("warn", t("try.empty")));
    }
    const nodes = await work(given, eventID.test(given));
    if (!nodes || !isLast()) return;
    answer.replaceChildren(...nodes);
    context.announce(answer.innerText.slice(0, 150));
    answer.scrollIntoView({ block: "nearest" });
  });

  const explain = () => run(async (given, isEvent) => explained(
    ...await Promise.all([post("api/v1/explain", isEvent ? { event: given } : { envelope: given }, context), targets(context).catch(() => null)])));

  const test = () => run(async (given, isEvent) => {
    const name = destination.value;
    const wish = isEvent ? await stored(given, context) : { envelope: given, number: Number(number.value) || 1 };
    const told = await confirm({
      title: t("test.title", { name }), body: small("test.means"), action: t("test.do"),
      perform: ({ reason }) => post(`api/v1/destinations/${encodeURIComponent(name)}/test`, { ...wish, reason }),
    });
    return told && tested(told);
  });

  main.append(
    h("div", { class: "head" }, h("h1", null, t("page.try")), soft(t("try.means"))),
    h("section", { class: "panel" }, h("div", { class: "inside stack" },
      h("div", { class: "head" }, h("label", { for: "envelope" }, h("span", null, t("try.envelope"))), h("span", { class: "end" }, sample)),
      text,
      h("div", { class: "row acting" },
        button(t("explain.do"), { kind: "primary", needs: "reader", context, onclick: explain }),
        h("span", { class: "end row" },
          field(t("test.number"), number, "short"), field(t("col.destination"), destination), button(t("test.do"), { needs: "operator", context, onclick: test }))))),
    answer);
}

/// A stored event, as `test` takes it.
async function stored(id, context) {
  const [{ type }, event] = await Promise.all([get(`api/v1/events/${id}`, null, context), get(`api/v1/events/${id}/body`, null, { ...context, asText: true })]);
  return { event, type };
}

function explained(told, to) {
  const { handshake, token_valid: isKnown, source, rejected, events } = told;
  return [
    handshake ? notice("idle", t("explain.handshake")) : isKnown === false ? notice("idle", t("explain.token", { source })) : "",
    rejected.length ? notice("warn", t("explain.rejected", { count: rejected.length }),
      h("ul", null, rejected.map(({ event, index }) => h("li", null, `${event}[${index}]`)))) : "",
    ...events.map((event, index) => panel([
      h("h2", null, events.length > 1 ? `${index + 1}. ${event.type}` : event.type), destinationLine(event),
      soft([event.company, event.channel, event.chat].filter(Boolean).join(" · ")),
    ], routesTable(event, to))),
  ];
}

function tested({ destination, type, delivered, request, answer, error, times, peer, certificate }) {
  const fact = (key, value) => (value ? [h("dt", null, t(`test.${key}`)), h("dd", null, value)] : null);
  const message = (key, first, { headers, body }) => block([first, ...headers.map(({ name, value }) => `${name}: ${value}`), "", body].join("\n"), t(key));
  const took = ["name", "connect", "tls", "first_byte", "total"].filter((name) => times[`${name}_ms`] !== null)
    .map((name) => `${t(`times.${name}`)} ${milliseconds(times[`${name}_ms`])}`).join(" · ");
  return [panel([
    h("h2", null, `${type} → ${destination}`), badge(delivered ? "good" : "bad", answer ? t("ending.status", { status: String(answer.status) }) : error),
  ], h("div", { class: "inside stack" },
    h("dl", { class: "facts" }, fact("peer", peer), fact("times", took), fact("certificate", certificate && `${certificate.subject} – ${fullTime(certificate.ends)}`)),
    h("div", { class: "columns" },
      part("request.title", message("request.title", `${request.method} ${request.url}`, request)),
      part("answer.title", answer ? message("answer.title", String(answer.status), answer) : h("p", { class: "bad-text" }, error)))))];
}
