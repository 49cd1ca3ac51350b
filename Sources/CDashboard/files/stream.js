// The relay's live stream, as a page wants it. A browser has six connections to a host over HTTP/1.1, and each stream takes one: so
// one tab of a browser reads at a time, the one that was looked at last, and none while it is hidden.

import { address, get } from "./api.js";

const kinds = ["received", "settled", "discarded", "missed", "overloaded"];
/// For how many milliseconds a tab may not have read, for what it missed to be fetched.
const catchUp = 30_000;

/// Reads the stream until `signal` says so.
///
/// - query: as `GET /api/v1/stream` takes it.
/// - onmessage: gets each message.
/// - onstate: gets `connecting`, `live`, `elsewhere` (another tab reads), `away` (hidden) or `broken` with the time of the next try.
///
/// Returns `take()`: reads here, and no more in another tab.
export function readStream(query, { signal, onmessage, onstate }) {
  const tabs = new BroadcastChannel("huggy-relay-live");
  let source = null;
  let timer = null;
  let failures = 0;
  let lastID = null;
  let leftAt = 0;

  function close() {
    clearTimeout(timer);
    if (!source) return;
    source.close();
    source = null;
    leftAt ||= Date.now();
  }

  function open() {
    close();
    onstate("connecting");
    if (leftAt && Date.now() - leftAt > catchUp) {
      if (lastID) onmessage({ kind: "missed", count: null });
      lastID = null;
    }
    const stream = new EventSource(address("api/v1/stream", { ...query, last_event_id: lastID }));
    source = stream;
    stream.onopen = () => { failures = leftAt = 0; onstate("live"); };
    // A browser tries again by itself, but for any answer that is not 200: then it has given up for good.
    stream.onerror = () => (stream.readyState === EventSource.CLOSED ? retry() : onstate("connecting"));
    for (const kind of kinds) {
      stream.addEventListener(kind, (event) => {
        lastID = event.lastEventId;
        onmessage(JSON.parse(event.data));
      });
    }
  }

  function retry() {
    close();
    const wait = Math.min(60_000, 3000 * 2 ** failures) * (1 + Math.random() / 5);
    failures += 1;
    onstate("broken", Date.now() + wait);
    // Where nobody is signed in any more, this leads to the login.
    get("api/v1/session", {}, { signal }).catch(() => {});
    timer = setTimeout(open, wait);
  }

  function take() {
    tabs.postMessage("taken");
    open();
  }

  tabs.onmessage = () => {
    close();
    onstate("elsewhere");
  };
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) return take();
    close();
    onstate("away");
  }, { signal });
  // A page that is kept for "back" must not keep its stream.
  addEventListener("pagehide", close, { signal });
  signal.addEventListener("abort", () => { close(); tabs.close(); });
  if (document.hidden) onstate("away");
  else take();
  return take;
}
