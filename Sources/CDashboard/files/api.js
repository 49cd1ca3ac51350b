// The relay's public API. The page has no other way to it, so whatever the page does, `curl` can do.
// Addresses are relative to the page's, so that a proxy may serve it under a path of its own.

/// What the relay refused, or why there was no answer.
///
/// - status: the HTTP status; 0: there was no answer.
/// - code: the API's word for programs; `unreachable`, where there was no answer.
/// - message: the API's text for people, in English.
/// - errors: a wrong configuration's errors, each with its place.
/// - role: the role that it needs, of `forbidden_role`.
export class ApiError extends Error {
  constructor(status, code, message, errors = []) {
    super(message);
    this.status = status;
    this.code = code;
    this.errors = errors;
    this.role = /needs the role (\w+)/.exec(message)?.[1] ?? null;
  }
}

let whenUnauthorized = () => {};

/// Calls `action` for each answer that asks for a token.
export function onUnauthorized(action) {
  whenUnauthorized = action;
}

/// `GET`. `query`: an object, a `URLSearchParams`, or nothing; empty values are left out.
///
/// asText: JSON comes as the text that it is.
///
/// Throws `ApiError`, or an `AbortError` once `signal` says so.
export function get(path, query, { signal, asText = false } = {}) {
  return request("GET", address(path, query), undefined, signal, asText);
}

/// `POST` of JSON. Throws as `get` does.
export function post(path, body = {}, { signal } = {}) {
  return request("POST", address(path), JSON.stringify(body), signal);
}

/// A path with its query, as `get` and `EventSource` take it.
export function address(path, query) {
  const relative = path.replace(/^\//, "");
  const entries = query instanceof URLSearchParams ? [...query] : Object.entries(query ?? {});
  const given = entries.filter(([, value]) => value !== null && value !== undefined && value !== "");
  return given.length ? `${relative}?${new URLSearchParams(given)}` : relative;
}

async function request(method, url, body, signal, asText) {
  let response;
  let text;
  try {
    response = await fetch(url, {
      method, body, signal,
      cache: "no-store", credentials: "same-origin", redirect: "error",
      headers: body === undefined ? {} : { "content-type": "application/json" },
    });
    text = await response.text();
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ApiError(0, "unreachable", error.message);
  }
  const json = (response.headers.get("content-type") ?? "").includes("json");
  const value = json && text ? parsed(text) : text;
  if (response.ok) return asText ? text : value;
  const problem = value?.error ?? {};
  const error = new ApiError(
    response.status, problem.code ?? `http_${response.status}`, problem.message ?? response.statusText, value?.errors);
  if (response.status === 401 && !url.startsWith("login")) whenUnauthorized(error);
  throw error;
}

/// Numbers beyond what JavaScript can hold exactly do not occur in what the page calculates with; bodies come as text.
function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

const roles = ["metrics", "viewer", "reader", "operator", "admin"];

/// Whether one of `session` may do what needs `role`.
export function mayAs(session, role) {
  return roles.indexOf(session?.role) >= roles.indexOf(role);
}
