// The words of the frame, of Overview and of Live.
export default {
  skip: "Skip to the contents", nav: "Pages", again: "Try again", close: "Close", cancel: "Cancel", copy: "Copy", copied: "Copied",
  uncopied: "Not copied: the browser refused it.",
  counting: "Counting …", working: "Working …", loading: "Loading …", logout: "Sign out",
  reason: {
    asked: "Reason (for the audit, optional)", required: "Reason (for the audit, required)",
  },
  table: {
    all: "Choose all of this list", choose: "Choose {name}",
  },
  page: {
    overview: "Overview", live: "Live", events: "Events", dead: "Dead letters", try: "Try", operate: "Operate",
  },
  role: {
    metrics: "metrics", viewer: "viewer", reader: "reader", operator: "operator", admin: "admin",
  },
  session: {
    role: "Your role: {role}",
  },
  login: {
    title: "Sign in", hint: "With your token: server.admin_token or one of server.admin_tokens of the relay's configuration.",
    token: "Token", action: "Sign in", wrong: "The relay does not know this token.",
  },
  error: {
    role: "This needs the role “{role}”.", unreachable: "The relay does not answer.", unauthorized: "Please sign in.",
    too_many_attempts: "{message}", forbidden_origin: "{message}", unavailable: "{message}", audit_unavailable: "{message}",
    conflict: "{message}", invalid_configuration: "{message}",
    unexpected_count: "They have become more or fewer meanwhile: look again.",
  },
  overview: {
    version: "Version {version}, up {uptime}", stale: "The relay does not answer: this is how it was.", destinations: "Destinations",
    sources: "Sources", routes: "Routes", store: "Store", none: "There are no destinations: routes.yaml names none.",
    noroutes: "There are no routes: what comes in goes nowhere.",
    bad: { one: "{count} of {all} destinations is failing", other: "{count} of {all} destinations are failing" },
    warn: { one: "{count} of {all} destinations needs a look", other: "{count} of {all} destinations need a look" },
    good: { one: "The destination takes what it gets", other: "All {count} destinations take what they get" },
    share: "Compared with the others", since: "Since the relay started, {uptime} ago.", refusal: "No envelopes are taken: {why}",
    unread: "The store can't be read: what is stored is shown as it was {age} ago.", reload: "The last reload failed, and changed nothing:",
    ahead: "The relay's clock is {by} ahead of its destinations': set it, or signed requests may be refused.",
    behind: "The relay's clock is {by} behind its destinations': set it, or signed requests may be refused.",
    reader: "{name} has been reading the store for {time}: its log grows meanwhile.", config: "Configuration",
    drain: "Drains in: what is pending at the present pace, without what arrives meanwhile. Charts: red: failed; grey: the slowest 1%.",
    nodes: "Relays over this store", nonodes: "The store's server has told of none yet.", elsewhere: "Other relays serve the destinations",
    differ: "The relays have different configurations: reload each with the same file.", unserved: "No relay serves these yet; what is for them waits:",
    silent: "The source {name} has been silent {time}.",
  },
  col: {
    destination: "Destination", state: "State", pending: "Pending", in_flight: "In flight", dead: "Dead", oldest: "Oldest", rate: "Rate",
    latency: "Latency", failed: "Failed, 1 h", drain: "Drains in", source: "Source", path: "Path", events: "Events", token: "Token",
    handshake: "Last handshake", refused: "Refused", route: "Route", matched: "Matched", dropped: "Dropped", last: "Last", reason: "Reason",
    envelope: "Last envelope", type: "Type", company: "Company", channel: "Channel", chat: "Chat", time: "Time", settled: "Where it goes",
    show: "Show", relay: "Relay", version: "Version", config: "Configuration", seen: "Seen", lanes: "Lanes", serves: "Serves",
  },
  held: {
    since: "Nothing was confirmed for {age}.", outcomes_unrecorded: "No attempts start: what comes of them can't be recorded.",
    standby_missing: "No attempts start: no standby confirms what the database server writes.",
    lease_unconfirmed: "No attempts start: the database server has not confirmed that this relay lives.",
    server_unreachable: "No attempts start: there is no way to the database server.",
    place_lost: "No attempts start: another relay has this one's place.",
  },
  node: {
    own: "this one", seen: "{age} ago",
  },
  state: {
    elsewhere: "Elsewhere", "elsewhere.why": "served by the relay {node}: look there",
    retrying: "Retrying some", "retrying.why": "the oldest is {age} old: it is retried ({cause}), or waits behind one that is", by: "by {who}",
    ok: "OK", down: "Down", failing: "Failing", held: "Held", refusing: "Refusing some", recovering: "Recovering", paused: "Paused",
    orphaned: "Orphaned", slow: "Slow answers", behind: "Falling behind",
    "behind.why": "{arriving}/s arrive, concurrency {slots} takes {takes}/s: {needed} would do", late: "Late",
    "late.why": "something has been due for {age}", until: "until {when}", wait: "it asked to wait (Retry-After): next try {when}",
    probe: "next try {when}", row: { one: "one failure", other: "{count} failures in a row" }, hint: "What to do:",
    company: "company {company}", refuses: { one: "refuses {kind}", other: "refuses {kind} and {more} more" },
    stuck: "its order waits for one {event}", "orphaned.why": "no longer configured; what it is owed is kept",
    "paused.file": "by the configuration, {place}", "paused.person": "by a person, until resumed",
    replaying: "{count} pending from replays", overflowed: "{count} discarded: over max_backlog", partly: "Failing in part",
    "partly.why": "{share} of the attempts in {time} failed, most by {cause}",
  },
  slots: {
    taken: "all {slots} slots are taken {share} of the time: answers take {mean}, so at most {takes} a second; {lift}",
    suggested: "concurrency: {suggested} would lift it", "suggested.batch": "concurrency: {suggested} or batch would lift it",
    more: "more concurrency would lift it", "more.batch": "more concurrency or batch would lift it",
  },
  batch: {
    most: "up to {events} events or {size} in a request", carried: "{carried} events in a request, up to {events} or {size}",
  },
  time: {
    for: "for {age}",
  },
  failed: {
    window: "{time}: {share} ({failed} of {all})",
  },
  drain: {
    unknown: "unknown", stalled: "stalled", why: "There is no pace to reckon with: too little goes out.",
    pace: "at {pace}, if nothing new comes",
  },
  source: {
    never: "none since the start", silent: "Silent",
  },
  refusals: {
    title: "Refused requests", count: "{count} since the start", empty: "None of the last fifty refusals is kept any more.",
    body: "What it sent",
  },
  store: {
    use: "{bytes} of {limit} ({share})", log: "log {bytes}",
  },
  config: {
    hash: "Hash", loaded: "Loaded", reload: "Last reload", fine: "Without errors",
    errors: { one: "{count} error: nothing was changed", other: "{count} errors: nothing was changed" },
  },
  span: {
    "15m": "last 15 minutes", "1h": "last hour", "24h": "last 24 hours", "7d": "last 7 days", all: "all that is stored", custom: "from … to …",
  },
  chart: {
    span: "Charts", rate: "{name}: attempts, at most {most}, now {now}",
    latency: "{name}: latency, now half within {half}, 99% within {most}",
    events: "{name}: events, at most {most}, now {now}", store: "The store's size",
  },
  live: {
    list: "What comes in and how it is settled, newest first",
    "show.all": "Everything",
    "show.received": "What comes in", "show.delivered": "What is delivered", "show.failed": "Failed attempts",
    "show.dead": "What is given up", "show.nowhere": "What goes nowhere", live: "Connected", "is.good": "delivered",
    "is.warn": "failed, to be tried again", "is.bad": "given up", "is.idle": "pending", paused: "Paused", pause: "Pause", resume: "Go on",
    connecting: "Connecting …", away: "Not in sight", elsewhere: "Live in another tab", take: "Show it here",
    broken: "No connection, next try {when}", new: { one: "{count} new", other: "{count} new" }, "held.paused": "",
    "held.scrolled": "· to the top", "held.pointed": "· held under the pointer", "held.focused": "· held while a row has the focus",
    "held.selected": "· held while text is selected", none: "Nothing has come in yet. What comes in appears here at once.",
    "none.filtered": "Nothing that fits the filter has come yet.", dropped: "dropped by {route}", unrouted: "no route matched",
    attempt: "attempt {attempt}", "dead.permanent": "a permanent status", "dead.exhausted": "max_attempts reached",
    "dead.expired": "max_age reached", due: "next try at {when}",
    "discarded.person": { one: "One delivery to {destination} discarded by a person", other: "{count} deliveries to {destination} discarded by a person" },
    "discarded.overflow": { one: "One delivery to {destination} discarded: over max_backlog", other: "{count} deliveries to {destination} discarded: over max_backlog" },
    gap: "Some messages are missing here; nothing is lost: see Events",
    missed: { one: "One message came too fast to be shown: see Events", other: "{count} messages came too fast to be shown: see Events" },
    rate: "{received}/s in, {settled}/s attempts", failing: "{failed}/s failed", chart: "What came in each second of the last minute",
  },
  token: {
    configured: "Configured", learned: "Learned", none: "None: every sender is believed", closed: "Closed until a token is learned",
    learning: "Waits for a handshake", candidates: "A token waits for its confirmation",
  },
  refused: {
    unauthorized: "wrong token (401)", forbidden: "address not allowed (403)", rate_limited: "above its rate (429)", invalid: "no valid envelope (400)", too_large: "too large (413)", unavailable: "not taken (503)",
  },
};
