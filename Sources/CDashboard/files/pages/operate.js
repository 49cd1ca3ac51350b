// Operate: what changes the relay's course: pauses, the configuration, replays; and who did what.

import { h, patch } from "../dom.js";
import { get, post } from "../api.js";
import { t, number, relayNow, setRelayClock } from "../i18n.js";
import { badge, button, confirm, empty, failure, meter, notice, poll, table, toast, when } from "../components.js";
import { stateOf, withPauses } from "./overview.js";
import { code, column, field, forRole, hash, into, local, panel, row, select, small, soft, stamp, stampText, words } from "./parts.js";

export async function show(main, _, context) {
  await words;
  const [lanes, replays, audit] = [h("div"), h("div"), h("div")];
  const config = h("div", { class: "inside stack" });
  main.append(h("h1", null, t("page.operate")),
    panel(t("overview.destinations"), lanes), panel(t("overview.config"), config), panel(t("replays.title"), replays), panel(t("audit.title"), audit));
  const refresh = () => [pollStatus, pollReplays].forEach((turn) => turn());
  const pollStatus = poll(5, async (signal) => {
    const status = await withPauses(await get("api/v1/status", null, { signal }), context);
    if (status.now) setRelayClock(status.now);
    patch(lanes, destinations(status, context, refresh));
    draw(status.config);
  }, { signal: context.signal, onerror: (error) => patch(lanes, failure(error)) });
  const pollReplays = poll(5, async (signal) => {
    patch(replays, replayTable((await get("api/v1/replays", { limit: 20 }, { signal })).replays, context, refresh));
  }, { signal: context.signal, onerror: (error) => patch(replays, failure(error)) });
  const draw = configuration(config, context, refresh);
  showAudit(audit, context);
}

const lines = (some) => h("ul", { class: "mono" }, some.map((line) => h("li", null, line)));

/// Asks, does it by a POST of `wish`, says that it is done.
async function act({ path, wish = () => ({}), said, refresh, ...question }) {
  const done = await confirm({ ...question, perform: async ({ reason }) => post(path, { ...await wish(), reason }) });
  if (done === null) return;
  if (done) said(done);
  refresh();
}

// Destinations

const destinations = (status, context, refresh) => table({
  caption: t("overview.destinations"), rows: status.destinations, key: ({ name }) => name, nothing: t("lanes.none"),
  columns: [
    column("destination", ({ name }) => h("a", { href: hash("events", { destination: name }) }, name), { primary: true }),
    // As Overview says it.
    column("state", (one) => {
      const { kind, word, why } = stateOf(one);
      return [badge(kind, word), " ", soft(why.map((reason, index) => [index ? " · " : "", reason]))];
    }, { wide: true }),
    column("pending", ({ pending }) => number(pending), { number: true }),
    column("dead", ({ dead, name }) => (dead ? h("a", { href: hash("dead", { destination: name }) }, number(dead)) : "0"), { number: true }),
    column("actions", (one) => acts(one, context, refresh)),
  ],
});

function acts({ name, orphaned, paused, paused_at: place, held_until: held, pending }, context, refresh) {
  if (orphaned) return "";
  const one = (key, onclick, more) => button(t(key), { kind: "small", needs: "operator", context, "aria-label": `${t(key)}: ${name}`, onclick, ...more });
  const fixed = t("resume.config", { place });
  if (place) return one("resume.do", () => toast(fixed, "bad"), { title: fixed, "aria-disabled": "true" });
  const path = `api/v1/destinations/${encodeURIComponent(name)}`;
  const resume = (key) => one(`${key}.do`, () => act({
    title: t(`${key}.title`, { name }), body: small("resume.means", { count: pending }), action: t(`${key}.do`), path: `${path}/resume`, refresh,
    said: () => toast(t("resume.done", { name })),
  }));
  return h("span", { class: "row acts" }, paused ? resume("resume") : one("live.pause", () => pause(name, `${path}/pause`, refresh)),
    held && new Date(held) > relayNow() && !paused ? resume("lift") : null);
}

function pause(name, path, refresh) {
  const minutes = { "15m": 15, "1h": 60, "4h": 240 };
  const at = h("input", { type: "datetime-local", value: local(relayNow() + 7_200_000).slice(0, 16) });
  const until = select([...Object.keys(minutes), "at", "person"].map((key) => [key, t(`until.${key}`)]), "1h", { onchange() { time.hidden = until.value !== "at"; } });
  const time = field(t("until.time"), at);
  time.hidden = true;
  return act({
    title: t("pause.title", { name }), body: small("pause.means"), action: t("live.pause"), fields: [field(t("until.label"), until), time], path, refresh,
    wish() {
      if (until.value === "person") return { until: null };
      const end = new Date(until.value === "at" ? at.value || NaN : relayNow() + minutes[until.value] * 60_000);
      if (Number.isNaN(Number(end))) throw new Error(t("until.missing"));
      return { until: end.toISOString() };
    },
    said: ({ paused_until: end }) => toast(end ? t("pause.done.until", { name, time: stampText(end) }) : t("pause.done", { name })),
  });
}

// The configuration: what a reload would change is shown before it can be done.

function configuration(place, context, refresh) {
  const head = h("div", { class: "stack" });
  const answer = h("div", { class: "stack", "aria-live": "polite" });
  const check = () => into(answer, async (isLast) => {
    patch(answer, small("working"));
    const told = await post("api/v1/config/diff", {}, context);
    if (isLast()) show(told);
  });
  const show = (told) =>
    patch(answer, difference(told), row(button(t("reload.do"), { kind: told.unchanged ? "" : "primary", onclick: () => reload(told) })));
  const reload = (shown) => act({
    title: t("reload.title"), body: small("reload.means"), action: t("reload.do"), path: "api/v1/reload", refresh,
    async wish() {
      const told = await post("api/v1/config/diff");
      if (JSON.stringify(told) === JSON.stringify(shown)) return {};
      show(told);
      throw new Error(t("reload.meanwhile"));
    },
    said: ({ unchanged, hash: id, changes, warnings, needs_restart: restart }) => patch(answer,
      notice("good", t(unchanged ? "reload.unchanged" : "reload.done", { hash: id }), lines(changes.summary)), warned("config.warnings", warnings), warned("config.restart", restart)),
  });
  place.append(head, row(button(t("config.check"), { needs: "operator", context, onclick: check }), soft(t("config.checks"))), answer);
  return ({ hash: id, loaded_at: since, reload_errors: errors }) => patch(head,
    h("p", null, t("config.runs"), " ", code(id), " ", soft(t("config.since"), " ", when(since))), warned("config.refused", errors, "bad"));
}

const warned = (key, some, kind = "warn") => (some?.length ? notice(kind, t(key), lines(some)) : null);

function difference({ unchanged, differences, warnings, not_compared: others }) {
  const value = (text, kind) => (text === null ? soft("–") : h("code", { class: kind }, text));
  return [
    unchanged ? notice("idle", t("diff.none")) : table({
      caption: t("diff.title"), rows: differences, key: ({ key, change }) => `${key} ${change}`, kind: "diff",
      columns: [
        column("key", ({ key }) => code(key), { primary: true }),
        column("change", ({ change }) => badge({ added: "good", removed: "bad" }[change] ?? "warn", t(`change.${change}`))),
        column("old", (row) => value(row.old, "soft")),
        column("new", (row) => [value(row.new), row.needs_restart ? h("span", { class: "tag" }, t("config.tag")) : null], { wide: true }),
      ],
    }),
    warned("config.warnings", warnings), warned("diff.others", others, "idle"),
  ];
}

// Replays

const replayKinds = { running: "warn", done: "good", cancelled: "idle", failed: "bad" };

const replayTable = (rows, context, refresh) => table({
  caption: t("replays.title"), rows, key: ({ id }) => String(id), nothing: empty(t("replays.none"), t("replays.hint")),
  columns: [
    column("replay", ({ id }) => `#${id}`, { primary: true }),
    column("state", ({ state }) => badge(replayKinds[state] ?? "idle", t(`replay.state.${state}`))),
    column("which", ({ events, to, who, reason, failure }) => [code(events || t("replay.all")), " → ", to.join(", ") || t("replay.as_routed"),
      h("div", { class: "soft" }, [who, reason].filter(Boolean).join(": ")), failure ? h("div", { class: "bad-text" }, failure) : null], { wide: true }),
    column("progress", progress),
    column("began", (replay) => when(replay.started_at)),
    column("actions", ({ id, state, pending }) => (state === "running" || pending ? button(t("replay.cancel"), {
      kind: "small", needs: "operator", context, "aria-label": `${t("replay.cancel")}: #${id}`, onclick: () => act({
        title: t("cancel.title", { id: String(id) }), body: small("cancel.means", { count: pending }), action: t("replay.cancel"), path: `api/v1/replays/${id}/cancel`,
        said: () => toast(t("cancel.done", { id: String(id) })), refresh,
      }) }) : "")),
  ],
});

function progress({ expected, queued, delivered, dead, discarded, pending, state }) {
  const all = state === "running" ? Math.max(expected ?? 0, queued) : queued;
  const text = t("replay.progress", { delivered, all, pending, dead });
  return h("span", { class: "stack progress" }, all ? meter((delivered + dead + discarded) / all, text, dead ? "bad" : "accent") : null, soft(text));
}

// The audit

function showAudit(place, context) {
  if (!context.may("operator")) return patch(place, h("div", { class: "inside" }, forRole("operator", "audit.masked")));
  const [who, what] = ["who", "what"].map((id) => h("input", { autocomplete: "off", placeholder: id === "what" ? "deliveries/retry" : t("any") }));
  const since = select([["24h", t("span.24h")], ["7d", t("span.7d")], ["", t("span.all")]], "24h");
  const shown = h("div");
  let rows = [];
  let next = null;

  const more = () => into(shown, async (isLast) => {
    const page = await get("api/v1/audit", { who: who.value.trim(), what: what.value.trim(), since: since.value, after: next, limit: 25 }, context);
    if (!isLast()) return;
    rows = rows.concat(page.entries);
    next = page.next;
    patch(shown, table({
      caption: t("audit.title"), rows, key: ({ id }) => String(id), nothing: t("audit.none"),
      columns: [
        column("when", ({ at }) => stamp(at)),
        column("who", ({ who: name, role }) => h("span", { class: "nowrap" }, name, " ", soft(t(`role.${role}`)))),
        column("what", (entry) => entry.what, { primary: true }),
        column("target", ({ target, reason, details }) => [code(target), reason ? h("div", null, `“${reason}”`) : null, details ? h("div", { class: "soft" }, details) : null], { wide: true }),
        column("ended", ({ outcome, count }) => h("span", { class: "nowrap" },
          badge(outcome === "done" ? "good" : outcome ? "bad" : "idle", outcome === "done" ? t("audit.done") : outcome ?? t("audit.open")), count === null ? null : soft(` ${number(count)}`))),
      ],
    }), next ? h("div", { class: "inside" }, button(t("more"), { onclick({ target }) { target.disabled = true; more(); } })) : null);
  });

  function begin(event) {
    event?.preventDefault();
    [rows, next] = [[], null];
    more();
  }

  place.append(h("form", { class: "inside row filter", onsubmit: begin },
    field(t("col.who"), who), field(t("col.what"), what), field(t("col.when"), since), h("button", null, t("col.show"))), shown);
  begin();
}
