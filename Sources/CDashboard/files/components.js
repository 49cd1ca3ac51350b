// What the pages are made of.

import { h, svg, patch } from "./dom.js";
import { t, problem, fullTime, shortTime, relativeTime, relayNow, duration } from "./i18n.js";

// Words for all readers

/// Says it to a screen reader, and to nobody else.
export function announce(text) {
  const region = document.getElementById("announcements");
  region.textContent = "";
  requestAnimationFrame(() => { region.textContent = text; });
}

/// A note in the corner. `good` ones go by themselves; `bad` ones stay until they are closed.
export function toast(text, kind = "good") {
  const box = h("div", { class: `toast ${kind}`, role: kind === "bad" ? "alert" : "status" },
    mark(kind), h("span", null, text),
    h("button", { class: "plain", "aria-label": t("close"), onclick: () => box.remove() }, "×"));
  document.getElementById("toasts").append(box);
  if (kind !== "bad") setTimeout(() => box.remove(), 6000);
}

// States

/// A shape for a state, so that no state is told by its colour alone. kind: `good`, `warn`, `bad`, `idle`.
export const mark = (kind) => h("i", { class: `mark ${kind}`, "aria-hidden": "true" });

/// A state in words, with its shape and its colour.
export const badge = (kind, text, title) => h("span", { class: `badge ${kind}`, title }, mark(kind), text);

/// A box that says something about the whole page or a part of it.
export const notice = (kind, ...children) => h("div", { class: `notice ${kind}` }, mark(kind), h("div", null, ...children));

/// What stands where there is nothing: what was looked at, and what to try.
export const empty = (title, ...hints) => h("div", { class: "empty" }, h("p", null, title), hints.length ? h("p", { class: "soft" }, ...hints) : null);

/// An error of the API where a page's part should be.
export const failure = (error) => notice("bad", problem(error), (error.errors ?? []).length
  ? h("ul", { class: "mono" }, error.errors.map((line) => h("li", null, line))) : null);

// Times

/// A relative time that goes on by itself, with the absolute one as its title. Nothing: a dash.
///
/// - how: `ago`: "5m ago"; `for`: "for 5m"; `in`: "in 10s", and "now" once it has come.
export function when(time, how = "ago") {
  if (!time) return h("span", { class: "soft" }, "–");
  return h("time", { datetime: time, title: fullTime(time), "data-relative": how }, relative(time, how));
}

/// A time of day, with its day where it is another one; all of it as its title.
export const at = (time) => h("time", { datetime: time, title: fullTime(time) }, shortTime(time));

const relative = (time, how) =>
  how === "for" ? t("time.for", { age: duration(Math.max(1, Math.round((relayNow() - Date.parse(time)) / 1000))) })
    : relativeTime(how === "in" ? Math.max(Date.parse(time), relayNow()) : time);

setInterval(() => {
  if (document.hidden) return;
  for (const node of document.querySelectorAll("time[data-relative]")) {
    const text = relative(node.dateTime, node.dataset.relative);
    if (node.textContent !== text) node.textContent = text;
  }
}, 1000);

// Buttons

/// A button. `needs`: the role it takes; without it it is shown, disabled, and says why.
///
/// - context: the page's, as `show` got it; needed with `needs` only.
export function button(label, { onclick, kind = "", needs, context, title, ...more } = {}) {
  const allowed = !needs || context.may(needs);
  return h("button", {
    type: "button", class: kind, "aria-disabled": allowed ? null : "true",
    title: allowed ? title : t("error.role", { role: t(`role.${needs}`) }),
    onclick: allowed ? onclick : () => toast(t("error.role", { role: t(`role.${needs}`) }), "bad"), ...more,
  }, label);
}

/// Copies `text` (or what it returns), and says so.
export function copyButton(text, label = t("copy")) {
  return button(label, {
    kind: "small",
    onclick: async () => {
      try {
        await copy(typeof text === "function" ? await text() : text);
        toast(t("copied"));
      } catch (error) {
        if (error.name !== "AbortError") toast(problem(error), "bad");
      }
    },
  });
}

async function copy(text) {
  // Browsers have the clipboard only where the page came by TLS or from loopback.
  const refused = () => { throw new Error(t("uncopied")); };
  if (navigator.clipboard) return navigator.clipboard.writeText(text).catch(refused);
  const field = h("textarea", { class: "unseen", value: text });
  (document.querySelector("dialog[open]") ?? document.body).append(field);
  field.select();
  const isDone = document.execCommand("copy");
  field.remove();
  if (!isDone) refused();
}

// Tables

/// A table. Up, down, Home and End go from row to row, to its first link or button. Narrow screens show each row as a card.
///
/// - columns: `[{ title, cell(row), number?, primary?, wide? }]`; `primary`: the row's own name.
/// - key: `key(row)` tells rows apart. caption: for screen readers. nothing: what stands there without rows.
/// - chosen: a `Set` of keys: rows (those of which `choosable` is so) have boxes, and `onchoose()` is called after each change.
export function table({ columns, rows, key, caption, nothing, chosen, choosable = () => true, onchoose, kind = "" }) {
  if (!rows.length && nothing) return nothing instanceof Node ? nothing : empty(nothing);
  const choice = (tag, label, some) => (chosen ? h(tag, { class: "choice" }, some.length > 0 && h("input", {
    type: "checkbox", "aria-label": label, checked: some.every((row) => chosen.has(key(row))),
    onchange({ target }) {
      for (const row of some) target.checked ? chosen.add(key(row)) : chosen.delete(key(row));
      onchoose();
    },
  })) : null);
  return h("table", { class: `grid ${kind}`, "aria-label": caption, onkeydown: walk },
    h("thead", null, h("tr", null, choice("th", t("table.all"), rows.filter(choosable)),
      columns.map(({ title, number }) => h("th", { scope: "col", class: number && "number" }, title)))),
    h("tbody", null, rows.map((row) => h("tr", { key: key(row), class: chosen?.has(key(row)) && "chosen" },
      choice("td", t("table.choose", { name: key(row) }), [row].filter(choosable)),
      columns.map(({ title, cell, number, primary, wide }) => h(primary ? "th" : "td", {
        scope: primary && "row", "data-title": title.at && title, class: [number && "number", primary && "primary", wide && "wide"].filter(Boolean).join(" ") || null,
      }, cell(row)))))));
}

/// What keys do in a list of rows.
export function walk(event) {
  const row = event.target.closest("tbody tr, .live-space > *");
  if (!row || event.altKey || event.ctrlKey || event.metaKey || event.target.matches("select, textarea, input:not([type=checkbox])")) return;
  const rows = [...row.parentNode.children];
  const index = rows.indexOf(row);
  const next = { ArrowDown: index + 1, ArrowUp: index - 1, Home: 0, End: rows.length - 1 }[event.key];
  const target = rows[next]?.querySelector("a[href], button, input, summary");
  if (!target) return;
  event.preventDefault();
  target.focus();
}

// Charts

/// A small chart: lines over the same time, the first with its area filled. `null` in the values is a gap.
///
/// - lines: `[{ values, kind }]`, kind `accent`, `bad` or `soft`; of equal length.
/// - label: what it says, in words: for those who do not see it, and as its title.
export function sparkline(lines, label, { width = 120, height = 28 } = {}) {
  const packed = lines.map((line) => ({ ...line, values: shrink(line.values, width / 2) }));
  const top = Math.max(1e-9, ...packed.flatMap((line) => line.values.filter((value) => value !== null)));
  const round = (value) => Math.round(value * 10) / 10;
  const place = (value, index, count) => [round((index / Math.max(1, count - 1)) * width), round(height - 1.5 - (value / top) * (height - 4))];
  return svg("svg", { class: "spark", viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: "none", role: "img", "aria-label": label },
    svg("title", null, label),
    packed.flatMap(({ values, kind }, order) => runs(values).map((run) => {
      const points = run.map(([value, index]) => place(value, index, values.length));
      // A lone sample would be a line without a length.
      if (!points[1]) points.push([points[0][0] + 1, points[0][1]]);
      const area = [[points[0][0], height], ...points, [points.at(-1)[0], height]];
      return [order ? null : svg("polygon", { class: `area ${kind}`, points: area.join(" ") }), svg("polyline", { class: `line ${kind}`, points: points.join(" ") })];
    })));
}

/// The same over the whole of a dialog, with the times at which it begins and ends.
export function enlarge(lines, label, since, until) {
  const dialog = h("dialog", { class: "question", "aria-label": label, onclose: () => dialog.remove() }, h("form", { method: "dialog" },
    h("p", null, label), sparkline(lines, label, { width: 480, height: 150 }),
    h("div", { class: "row soft" }, at(since), h("span", { class: "end" }, at(until))),
    h("div", { class: "actions" }, h("button", { autofocus: true }, t("close")))));
  document.body.append(dialog);
  dialog.showModal();
}

/// At most `count` values: the mean of those that fall together.
function shrink(values, count) {
  if (values.length <= count) return values;
  return Array.from({ length: Math.floor(count) }, (_, index) => {
    const from = Math.floor((index * values.length) / count);
    const known = values.slice(from, Math.max(from + 1, Math.floor(((index + 1) * values.length) / count))).filter((value) => value !== null);
    return known.length ? known.reduce((sum, value) => sum + value, 0) / known.length : null;
  });
}

/// The parts without gaps, as `[value, index]`.
function runs(values) {
  const found = [];
  let run = null;
  values.forEach((value, index) => {
    if (value === null || value === undefined) run = null;
    else {
      if (!run) found.push((run = []));
      run.push([value, index]);
    }
  });
  return found;
}

/// How full something is, `share` from 0 to 1.
export function meter(share, label, kind = share > 0.95 ? "bad" : share > 0.8 ? "warn" : "accent") {
  return h("span", { class: "meter", role: "img", "aria-label": label, title: label },
    h("span", { class: kind, style: { width: `${Math.min(100, Math.max(share > 0 ? 1 : 0, share * 100))}%` } }));
}

// Questions

/// Asks before something is changed: what will happen, counted first, and why. Esc and "Cancel" change nothing; once it is being
/// done they do nothing.
///
/// - title, body: what it is about. fields: further questions, as elements; the caller reads them, and what changes in them is counted anew.
/// - action: the button's words, or a function of what `count` returned.
/// - danger: it can't be taken back: a red button, and the reason is required.
/// - reason: `required`, `asked` (the default) or `null`.
/// - count: `async (signal) =>` what will happen (a `dry_run`); the button waits for it. `{ text, none }`; `none`: there is nothing to do.
/// - perform: `async ({ reason, count })` does it; what it throws is shown, and may be tried again: of another count than `count` the new one
///   is shown first.
///
/// Returns what `perform` returned; false: it was begun, and failed; null: nothing was done.
export function confirm({ title, body, action, danger = false, reason = danger ? "required" : "asked", count, fields, perform }) {
  const ended = new AbortController();
  const before = document.activeElement;
  let counted = null;
  let busy = false;
  let result = null;
  let doing = null;
  const facts = h("div", { class: "facts", role: "status" });
  const problems = h("div", { role: "alert" });
  const why = reason ? h("input", { id: "why", maxlength: 500, autocomplete: "off", oninput: update }) : null;
  const doIt = h("button", { type: "submit", class: danger ? "danger" : "primary" });
  const no = h("button", { type: "button", autofocus: true, onclick: () => dialog.close() }, t("cancel"));
  const dialog = h("dialog", {
    class: "question", "aria-labelledby": "question", onclose: () => ended.abort(),
    oncancel(event) { if (busy) event.preventDefault(); },
  },
    h("form", { onsubmit: submit },
      h("h2", { id: "question" }, title),
      body ? h("div", { class: "body" }, body) : null, facts, fields ? h("div", { class: "stack", onchange: () => count && begin() }, fields) : null,
      why ? h("label", { for: "why" }, h("span", null, t(reason === "required" ? "reason.required" : "reason.asked")), why) : null, problems,
      h("div", { class: "actions" }, no, doIt)));

  function update() {
    const missing = reason === "required" && !why.value.trim();
    no.disabled = busy;
    // A second Esc gets past `oncancel`.
    dialog.setAttribute("closedby", busy ? "none" : "closerequest");
    doIt.disabled = busy || (count && (!counted || counted.none)) || missing;
    doIt.textContent = busy ? t("working") : typeof action === "function" ? action(counted) : action;
  }

  function submit(event) {
    event.preventDefault();
    if (!doIt.disabled) doing = work();
  }

  async function work() {
    busy = true;
    update();
    patch(problems);
    try {
      const wish = { reason: why?.value.trim() || undefined, count: counted };
      result = false;
      result = await perform(wish);
      dialog.close();
    } catch (error) {
      if (dialog.open) patch(problems, failure(error));
      else if (error.status !== 401) toast(problem(error), "bad");
      if (error.code === "unexpected_count") await begin();
    }
    busy = false;
    update();
  }

  let turn = 0;

  async function begin() {
    const mine = (turn += 1);
    counted = null;
    update();
    patch(facts, h("p", { class: "soft" }, t("counting")));
    try {
      const said = await count(ended.signal);
      if (turn !== mine) return;
      counted = said;
      patch(facts, h("p", { class: "count" }, counted.text));
    } catch (error) {
      if (turn === mine && error.name !== "AbortError") patch(facts, failure(error));
    }
    update();
  }

  return new Promise((resolve) => {
    document.body.append(dialog);
    update();
    dialog.showModal();
    if (count) begin();
    ended.signal.addEventListener("abort", async () => {
      dialog.remove();
      before?.focus?.();
      await doing;
      resolve(result);
    });
  });
}

// Going on by itself

/// Does `work(signal)` now and then each `seconds`, until `signal` says so, and never twice at once: not while the tab is hidden, at once
/// when it is seen again. What `work` throws goes to `onerror`. Returns a function that does it at once, or
/// as soon as what is under way has ended.
export function poll(seconds, work, { signal, onerror = () => {} }) {
  let timer = null;
  let running = false;
  let again = false;
  async function turn() {
    clearTimeout(timer);
    if (signal.aborted || document.hidden) return;
    again = running;
    if (running) return;
    running = true;
    try {
      await work(signal);
    } catch (error) {
      if (error.name !== "AbortError" && !signal.aborted) onerror(error);
    } finally {
      running = false;
      if (!signal.aborted) timer = setTimeout(turn, again ? 0 : seconds * 1000);
    }
  }
  document.addEventListener("visibilitychange", turn, { signal });
  signal.addEventListener("abort", () => clearTimeout(timer));
  turn();
  return turn;
}
