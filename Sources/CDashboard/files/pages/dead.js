// Dead letters: what was given up, in groups; one, some, or all of a kind are retried or discarded.

import { h, patch } from "../dom.js";
import { get } from "../api.js";
import { t, number, setRelayClock } from "../i18n.js";
import { badge, button, empty, failure, table } from "../components.js";
import { hintOf, stateOf } from "./overview.js";
import { answerOf, change, column, ending, exact, field, hash, panel, reasonText, row, select, small, soft, stamp, words } from "./parts.js";

export async function show(main, { query }, context) {
  await words;
  const filter = Object.fromEntries(["destination", "type", "since", "reason", "status"].map((name) => [name, query.get(name) ?? ""]));
  const isKind = filter.destination && filter.status;
  const place = h("div", { class: "stack" });
  main.append(
    h("div", { class: "head" }, isKind ? h("a", { href: "#/dead", class: "nowrap" }, `← ${t("page.dead")}`) : null,
      h("h1", null, isKind ? t("dead.of", filter) : t("page.dead"))),
    isKind ? h("p", null, [filter.type, why(filter)].filter(Boolean).join(" · ")) : form(filter, context), place);
  await (isKind ? showKind : showGroups)(place, filter, context);
}

/// Why deliveries of a kind are dead, in words.
const why = ({ reason, status, last_error: error }) =>
  [status === "unattempted" ? t("ending.unattempted") : ending(status === "none" ? 0 : status, error), reasonText(reason)].filter(Boolean).join(" – ");

/// Whether a group is told by all of its conditions: without one it would be a wider one.
const isWhole = ({ destination, type, reason, status }) => Boolean(destination && type && reason && status);

/// A kind, as `retry` and `discard` take it.
const scopeOf = ({ destination, type, reason, status }, { since }) =>
  Object.fromEntries(Object.entries({ destination, type, death_reason: reason, status, since }).filter(([, value]) => value));

function form(filter, context) {
  const [destination, type] = ["destination", "type"].map((name) => h("input", { value: filter[name], placeholder: t("any"), autocomplete: "off", spellcheck: "false" }));
  const since = select([["", t("span.all")], ...["1h", "24h", "7d"].map((name) => [name, t(`span.${name}`)])], filter.since);
  function submit(event) {
    event.preventDefault();
    context.go(hash("dead", { destination: destination.value.trim(), type: type.value.trim(), since: since.value }));
  }
  return h("form", { class: "row filter", onsubmit: submit },
    field(t("col.destination"), destination), field(t("col.type"), type), field(t("col.received"), since), h("button", null, t("col.show")));
}

/// What can be done to what is chosen; nothing is: nothing.
const bar = (text, chosen, draw, ...actions) => (chosen.size ? h("div", { class: "notice idle bar", key: "bar" }, h("span", null, text),
  h("span", { class: "row" }, actions, button(t("choose.none"), { kind: "plain", onclick() { chosen.clear(); draw(); } }))) : null);

// All, in groups

async function showGroups(place, filter, context) {
  const chosen = new Set();
  let groups = new Map();
  let destinations = new Map();
  let isCounted = false;
  let turn = 0;

  const keyOf = ({ destination, type, reason, status }) => JSON.stringify([destination, type, reason, status]);
  const sum = (some) => some.reduce((total, { count }) => total + count, 0);

  /// An answer counts a part of them: the parts are added up.
  async function count(mine) {
    const found = new Map();
    let after = null;
    do {
      const { destination, type, since } = filter;
      const page = await get("api/v1/deliveries/groups", { state: "dead", destination, type, since, after }, context);
      if (turn !== mine) return;
      for (const one of page.groups) {
        const group = { ...one, type: exact(one.type) };
        const old = found.get(keyOf(group));
        found.set(keyOf(group), old ? {
          ...old, count: old.count + group.count,
          first_received_at: [old.first_received_at, group.first_received_at].sort()[0],
          last_received_at: [old.last_received_at, group.last_received_at].sort()[1],
        } : group);
      }
      after = page.next;
      groups = found;
      isCounted = !after;
      draw();
    } while (after);
  }

  async function reload() {
    const mine = (turn += 1);
    try {
      const status = await get("api/v1/status", null, context);
      if (turn !== mine) return;
      setRelayClock(status.now);
      destinations = new Map(status.destinations.map((one) => [one.name, one]));
      await count(mine);
    } catch (error) {
      if (turn !== mine) return;
      // 404: a name that nothing has ever had.
      if (error.status !== 404) throw error;
      patch(place, h("div", { class: "panel" }, empty(error.message)));
    }
  }

  function draw() {
    const all = [...groups.values()].sort((a, b) => b.count - a.count);
    if (!all.length) return patch(place, isCounted ? nothing() : small("counting"));
    const those = all.filter((group) => chosen.has(keyOf(group)));
    const scopes = those.map((group) => scopeOf(group, filter));
    patch(place,
      h("p", { class: "soft", role: "status" }, t(isCounted ? "dead.total" : "dead.counting", { count: sum(all) })),
      bar(t("dead.chosen", { count: those.length, total: sum(those) }), chosen, draw,
        act("retry", "retry.one", scopes, t("dead.these")), act("discard", "discard.one", scopes, t("dead.these"))),
      [...new Set(all.map(({ destination }) => destination))].map((name) => of(name, all.filter(({ destination }) => destination === name))));
  }

  function of(name, rows) {
    const one = destinations.get(name);
    const { kind, word } = one ? stateOf(one) : {};
    const scopes = [scopeOf({ ...filter, destination: name }, filter)];
    const box = panel([
      h("h2", null, name), badge("bad", `${number(sum(rows))} ${t("col.count").toLowerCase()}`), one ? badge(kind, word) : null,
      h("span", { class: "end row" }, act("retry", "dead.retry.all", scopes, name), act("discard", "dead.discard.all", scopes, name)),
    ], one?.hint ? h("p", { class: "hint soft" }, hintOf(one)) : null, table({
      caption: t("dead.of", { destination: name }), rows, key: keyOf, chosen, choosable: isWhole, onchoose: draw,
      columns: [
        column("why", (group) => {
          const { destination, type, reason, status } = group;
          const text = why(group);
          return !isWhole(group) ? text : h("a", { href: hash("dead", { destination, type, reason, status, since: filter.since }), "aria-label": `${text}: ${type}` }, text);
        }, { primary: true, wide: true }),
        column("type", ({ type }) => type),
        column("count", ({ count }) => number(count), { number: true }),
        column("first", (group) => stamp(group.first_received_at)),
        column("latest", (group) => stamp(group.last_received_at)),
      ],
    }));
    box.patchKey = name;
    return box;
  }

  const act = (verb, words, scopes, name) => button(t(words), {
    kind: `small ${verb === "discard" ? "bad-text" : ""}`, needs: "operator", context, "aria-label": `${t(words)}: ${name}`,
    onclick: () => change(verb, scopes, name, () => { chosen.clear(); return reload(); }),
  });

  const nothing = () => h("div", { class: "panel" }, filter.destination || filter.type || filter.since
    ? empty(t("dead.nosuch"), h("a", { href: "#/dead" }, t("dead.show.all"))) : empty(t("dead.none"), t("dead.means")));

  await reload();
}

// Those of one kind

async function showKind(place, filter, context) {
  const chosen = new Set();
  const { destination, type, reason, status, since } = filter;
  let rows = [];
  let next = null;
  let problem = null;
  let running = false;
  let turn = 0;

  async function more() {
    const mine = (turn += 1);
    [running, problem] = [true, null];
    draw();
    try {
      const goal = rows.length + 50;
      // Spans go by the relay's clock.
      if (!rows.length) setRelayClock((await get("api/v1/status", null, context)).now);
      do {
        const page = await get("api/v1/deliveries", {
          state: "dead", destination, type, reason, status, since, answers: context.may("reader"), limit: goal - rows.length, after: next,
        }, context);
        if (turn !== mine) return;
        rows = rows.concat(page.deliveries);
        next = page.next;
        draw();
      } while (next && rows.length < goal);
    } catch (error) {
      if (error.name === "AbortError" || turn !== mine) return;
      problem = error;
    }
    running = false;
    draw();
  }

  function reload() {
    [rows, next] = [[], null];
    chosen.clear();
    return more();
  }

  const both = (words, kind, scope, name) => ["retry", "discard"].map((verb) => button(t(words(verb)), {
    kind: `${kind} ${verb === "discard" ? "bad-text" : ""}`, needs: "operator", context, onclick: () => change(verb, [scope()], name, reload),
  }));

  const draw = () => patch(place,
    row(both((verb) => `dead.${verb}.such`, "", () => scopeOf(filter, filter), destination)),
    bar(t("dead.some", { count: chosen.size }), chosen, draw, both((verb) => `${verb}.one`, "small", () => ({ ids: [...chosen].map(Number) }), t("dead.these"))),
    problem ? failure(problem) : null,
    rows.length ? h("div", { class: "panel", key: "rows" }, table({
      caption: t("page.dead"), rows, key: ({ id }) => String(id), chosen, onchoose: draw,
      columns: [
        column("type", (one) => h("a", { href: hash(`events/${one.event_id}`) }, exact(one.type)), { primary: true }),
        column("received", (one) => stamp(one.received_at)),
        column("gaveup", (one) => stamp(one.settled_at)),
        column("attempts", ({ attempts }) => number(attempts), { number: true }),
        column("ending", ({ last_attempt: last, failures }) => (last ? [ending(last.status, last.error), " ", answerOf(failures.at(-1))] : t("ending.unattempted")), { wide: true }),
        column("route", ({ route }) => h("span", { class: "soft nowrap" }, route)),
      ],
    })) : running || problem ? null : h("div", { class: "panel", key: "none" }, empty(t("dead.nosuch"))),
    running ? small("loading") : next ? row(button(t("more"), { onclick: more })) : null);

  await more();
}
