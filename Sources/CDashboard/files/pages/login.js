// Asks for a token of `server.admin_token` or `server.admin_tokens`. The relay keeps it in a cookie that no script can read.

import { h, patch } from "../dom.js";
import { post } from "../api.js";
import { t, problem } from "../i18n.js";
import { notice } from "../components.js";

export function show(main, done) {
  const answer = h("div", { role: "alert" });
  const token = h("input", { id: "token", type: "password", autocomplete: "current-password", required: true, spellcheck: "false" });
  const form = h("form", { class: "login panel", onsubmit: submit },
    h("h1", null, t("login.title")),
    h("p", { class: "soft" }, t("login.hint")),
    h("input", { autocomplete: "username", value: "huggy-relay", hidden: true }),
    h("label", { for: "token" }, h("span", null, t("login.token")), token),
    answer,
    h("button", { class: "primary", type: "submit" }, t("login.action")));

  async function submit(event) {
    event.preventDefault();
    patch(answer);
    try {
      await post("login", { token: token.value });
      done();
    } catch (error) {
      patch(answer, notice("bad", error.status === 401 ? t("login.wrong") : problem(error)));
      token.select();
    }
  }

  main.append(form);
  token.focus();
}
