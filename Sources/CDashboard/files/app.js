// The frame: which page is shown, who is looking, and what holds for all pages.
//
// A page is a module in `pages/` with `async function show(main, params, context)`.
// - main: the element to fill; it is empty.
// - params: `{ path, query }`: of `#/events/evt_1?type=x` path is `["evt_1"]`, query a `URLSearchParams`.
// - context: `session` (`{ who, role, login }`), `may(role)`, `signal` (aborted when the page ends), `title(text)`,
//   `go(hash, { replace })`: to another page, or (`replace`) another address for this one, without showing it anew.
// It may return a function, which ends it.

import { h, patch } from "./dom.js";
import { get, post, onUnauthorized, mayAs } from "./api.js";
import { loadWords, language, t, problem } from "./i18n.js";
import { announce, button, failure, toast } from "./components.js";

const pages = ["overview", "live", "events", "dead", "try", "operate"];
const main = document.getElementById("main");
let session = null;
let asked = null;
let shown = null;

/// `#/events/evt_1?type=x`, taken apart.
function place() {
  const [path, query = ""] = location.hash.replace(/^#\/?/, "").split("?");
  const [name, ...rest] = path.split("/").filter(Boolean).map(decoded);
  return { name: pages.includes(name) ? name : "overview", path: rest, query: new URLSearchParams(query) };
}

function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function end() {
  shown?.ended.abort();
  shown?.stop?.();
  shown = null;
}

/// hasMoved: from another page: then the focus and the screen reader go along.
async function show(hasMoved = false) {
  end();
  const { name, path, query } = place();
  const turn = { ended: new AbortController(), name };
  shown = turn;
  frame();
  try {
    const [page] = await Promise.all([import(`./pages/${name}.js`), known()]);
    if (shown !== turn) return;
    frame();
    title(t(`page.${name}`));
    const root = h("div", { class: `page ${name}` });
    main.replaceChildren(root);
    main.scrollTo?.(0, 0);
    // Before the page says anything, or has the focus itself.
    if (hasMoved) {
      main.focus({ preventScroll: true });
      announce(t(`page.${name}`));
    }
    const stop = await page.show(root, { path, query }, context(turn));
    if (shown === turn) turn.stop = stop;
    else stop?.();
  } catch (error) {
    if (shown !== turn || error.name === "AbortError" || error.status === 401) return;
    // A page's module that can't be had is no fault of the page.
    const isAbsent = error instanceof TypeError && error.message.includes("import");
    main.replaceChildren(failure(isAbsent ? { code: "unreachable" } : error), h("p", null, button(t("again"), { onclick: () => location.reload() })));
    if (hasMoved) main.focus({ preventScroll: true });
    if (!isAbsent && !(error.status >= 0)) throw error;
  }
}

function context(turn) {
  return {
    session,
    may: (role) => mayAs(session, role),
    signal: turn.ended.signal,
    title,
    announce,
    go(hash, { replace = false } = {}) {
      if (shown !== turn) return;
      if (replace) history.replaceState(null, "", hash);
      else location.hash = hash;
    },
  };
}

function title(text) {
  document.title = `${text} – huggy-relay`;
}

/// Who is looking. A relay without a token takes everybody on loopback as `local`.
async function known() {
  asked ??= get("api/v1/session");
  try {
    session = await asked;
  } catch (error) {
    asked = null;
    throw error;
  }
  if (session.role === null) {
    ready.then(login);
    throw new DOMException("nobody has signed in", "AbortError");
  }
}

/// The head of the page.
function frame() {
  patch(document.getElementById("nav"), pages.map((name) => h("a", {
    href: `#/${name}`, "aria-current": shown?.name === name ? "page" : null,
  }, t(`page.${name}`))));
  document.querySelector("#nav [aria-current]")?.scrollIntoView?.({ block: "nearest", inline: "nearest" });
  patch(document.getElementById("session"), session?.login ? [
    h("span", { class: "who", title: t("session.role", { role: t(`role.${session.role}`) }) }, session.who,
      session.who === session.role ? null : h("span", { class: "soft" }, ` ${t(`role.${session.role}`)}`)),
    h("button", { type: "button", class: "plain", onclick: logout }, t("logout")),
  ] : null);
}

async function logout() {
  try {
    await post("logout");
  } catch (error) {
    if (error.status !== 401) return toast(problem(error), "bad");
  }
  location.reload();
}

/// Asks for a token, and loads the page again that was asked for: nothing stays of who was there before.
async function login() {
  if (shown?.name === "login") return;
  end();
  for (const dialog of document.querySelectorAll("dialog[open]")) dialog.close();
  session = asked = null;
  shown = { ended: new AbortController(), name: "login" };
  frame();
  title(t("login.title"));
  const page = await import("./pages/login.js");
  main.replaceChildren();
  page.show(main, () => location.reload());
}

// A page that is gone leaves promises behind; what they say then is nobody's concern.
addEventListener("unhandledrejection", (event) => {
  if (event.reason?.name === "AbortError" || event.reason?.status === 401) event.preventDefault();
});

document.documentElement.lang = language === "pt" ? "pt-BR" : "en";
// All that the first page needs is asked for at once.
const ready = loadWords();
onUnauthorized(() => ready.then(login));
import(`./pages/${place().name}.js`).catch(() => {});
known().catch(() => {});
await ready;
document.getElementById("skip").textContent = t("skip");
document.getElementById("skip").onclick = (event) => {
  event.preventDefault();
  main.focus();
};
document.getElementById("nav").setAttribute("aria-label", t("nav"));
addEventListener("hashchange", () => {
  if (shown?.name === "login") return;
  // A form that leads to another address of its page keeps the focus in its field.
  const field = main.contains(document.activeElement) && document.activeElement.name;
  show(true).then(() => {
    if (field && document.activeElement === main) main.querySelector(`[name="${field}"]`)?.focus({ preventScroll: true });
  });
});
if (shown?.name !== "login") show();
