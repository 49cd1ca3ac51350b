import Testing

@Suite struct ServerErrorTests {
  static let texts = [
    FaultyConfiguration(
      "a section that is a list",
      withSource("server: [a]"),
      [
        "1:9: server: expected a mapping of keys to values, found a list"
      ]),
    FaultyConfiguration(
      "an unknown key near a known one",
      withSource("server: { max_boddy: 5MiB }"),
      [
        "1:11: server.max_boddy: unknown key 'max_boddy'; did you mean 'max_body'?"
      ]),
    FaultyConfiguration(
      "an unknown key near none",
      withSource("server: { colour: red }"),
      [
        "1:11: server.colour: unknown key 'colour'; known here: listen, admin, admin_token, admin_tokens, "
          + "admin_hosts, tls, admin_tls, attachments, attachments_url, max_body, max_inflight, max_connections, max_connections_per_peer, trusted_proxies, proxy_protocol, request_timeout, idle_timeout, drain"
      ]),
    FaultyConfiguration(
      "an address without a port",
      withSource("server: { listen: localhost }"),
      [
        "1:19: server.listen: 'localhost' is not an address; write HOST:PORT, such as "
          + "127.0.0.1:8080, 0.0.0.0:8080 or [::]:8080"
      ]),
    FaultyConfiguration(
      "a port alone",
      withSource("server: { listen: 8080 }"),
      [
        "1:19: server.listen: '8080' is not an address; write HOST:PORT, such as 127.0.0.1:8080, "
          + "0.0.0.0:8080 or [::]:8080"
      ]),
    FaultyConfiguration(
      "a port alone with its colon",
      withSource("server: { listen: \":8080\" }"),
      [
        "1:19: server.listen: ':8080' is not an address; write HOST:PORT, such as 127.0.0.1:8080, "
          + "0.0.0.0:8080 or [::]:8080"
      ]),
    FaultyConfiguration(
      "a port too large",
      withSource("server: { listen: \"127.0.0.1:65536\" }"),
      [
        "1:19: server.listen: '127.0.0.1:65536' has a port that is too large; from 0 to 65535"
      ]),
    FaultyConfiguration(
      "an IPv6 address without brackets",
      withSource("server: { listen: \"::1:8080\" }"),
      [
        "1:19: server.listen: '::1:8080' is not an address; write HOST:PORT, such as "
          + "127.0.0.1:8080, 0.0.0.0:8080 or [::]:8080"
      ]),
    FaultyConfiguration(
      "an address that is a list",
      withSource("server: { listen: [\"127.0.0.1:80\"] }"),
      [
        "1:19: server.listen: expected an address such as 127.0.0.1:8080, or systemd, found a list"
      ]),
    FaultyConfiguration(
      "a value that is missing",
      withSource("server:\n  listen:\n  drain: 1s"),
      [
        "2:3: server.listen: expected an address such as 127.0.0.1:8080, or systemd, found nothing; give a "
          + "value or remove the key"
      ]),
    FaultyConfiguration(
      "a size without a unit",
      withSource("server: { max_body: 5 }"),
      [
        "1:21: server.max_body: '5' is not a size; write a whole number and its unit: 64KiB, 5MiB "
          + "or 10GiB"
      ]),
    FaultyConfiguration(
      "a size in decimal units",
      withSource("server: { max_body: 5MB }"),
      [
        "1:21: server.max_body: '5MB' is not a size; write a whole number and its unit: 64KiB, "
          + "5MiB or 10GiB"
      ]),
    FaultyConfiguration(
      "a size too small",
      withSource("server: { max_body: 1B }"),
      [
        "1:21: server.max_body: '1B' is too small; at least 1KiB"
      ]),
    FaultyConfiguration(
      "a size too large",
      withSource("server: { max_body: 2GiB }"),
      [
        "1:21: server.max_body: '2GiB' is too large; at most 1GiB"
      ]),
    FaultyConfiguration(
      "a size beyond 64 bits",
      withSource("server: { max_inflight: 99999999999999999999GiB }"),
      [
        "1:25: server.max_inflight: '99999999999999999999GiB' is too large; at most 1024GiB"
      ]),
    FaultyConfiguration(
      "less in flight than one body",
      withSource("server: { max_body: 5MiB, max_inflight: 4MiB }"),
      [
        "1:41: server.max_inflight: max_inflight is less than max_body: the largest bodies could "
          + "never be received; raise max_inflight"
      ]),
    FaultyConfiguration(
      "connections out of range",
      withSource("server: { max_connections: 0 }"),
      [
        "1:28: server.max_connections: '0' is out of range; from 1 to 1000000"
      ]),
    FaultyConfiguration(
      "connections that are no number",
      withSource("server: { max_connections: many }"),
      [
        "1:28: server.max_connections: 'many' is not a whole number; write one from 1 to 1000000"
      ]),
    FaultyConfiguration(
      "a duration without a unit",
      withSource("server: { request_timeout: 30 }"),
      [
        "1:28: server.request_timeout: '30' is not a duration; write a whole number and its unit: "
          + "250ms, 5s, 10m, 24h or 7d"
      ]),
    FaultyConfiguration(
      "a duration with a fraction",
      withSource("server: { request_timeout: 1.5s }"),
      [
        "1:28: server.request_timeout: '1.5s' is not a duration; write a whole number and its "
          + "unit: 250ms, 5s, 10m, 24h or 7d"
      ]),
    FaultyConfiguration(
      "a duration of nothing",
      withSource("server: { idle_timeout: 0s }"),
      [
        "1:25: server.idle_timeout: '0s' is too short; at least 1ms"
      ]),
    FaultyConfiguration(
      "a duration too long",
      withSource("server: { drain: 2d }"),
      [
        "1:18: server.drain: '2d' is too long; at most 1d"
      ]),
    FaultyConfiguration(
      "an endless duration",
      withSource("server: { idle_timeout: 99999999999999999999d }"),
      [
        "1:25: server.idle_timeout: '99999999999999999999d' is too long; at most 3650d"
      ]),
    FaultyConfiguration(
      "a retention of nothing",
      withSource("store: { retention: 0s }"),
      [
        "1:21: store.retention: '0s' is too short; at least 1ms"
      ]),
    FaultyConfiguration(
      "a retention without a unit",
      withSource("store: { retention: 7 }"),
      [
        "1:21: store.retention: '7' is not a duration; write a whole number and its unit: 250ms, 5s, 10m, 24h or 7d"
      ]),
    FaultyConfiguration(
      "an end of dead letters that is none",
      withSource("store: { dead_retention: never, unrouted_retention: 0s }"),
      [
        "1:26: store.dead_retention: 'never' is not a duration; write a whole number and its unit: 250ms, 5s, 10m, 24h or 7d",
        "1:53: store.unrouted_retention: '0s' is too short; at least 1ms",
      ]),
    FaultyConfiguration(
      "a store too small",
      withSource("store: { max_size: 15MiB }"),
      [
        "1:20: store.max_size: '15MiB' is too small; at least 16MiB"
      ]),
    FaultyConfiguration(
      "a store too large",
      withSource("store: { max_size: 1048577GiB }"),
      [
        "1:20: store.max_size: '1048577GiB' is too large; at most 1048576GiB"
      ]),
    FaultyConfiguration(
      "a store's size as a share",
      withSource("store: { max_size: 50% }"),
      [
        "1:20: store.max_size: '50%' is not a size; write a whole number and its unit: 64KiB, 5MiB or 10GiB"
      ]),
    FaultyConfiguration(
      "a database without slashes",
      withSource("store: { url: \"postgres:user:hunter2@db/relay\" }"),
      [
        "1:15: store.url: the value has no '//'; write postgres://USER:PASSWORD@HOST:PORT/DATABASE"
      ]),
    FaultyConfiguration(
      "a store of an unknown kind",
      withSource("store: { url: \"mysql://user:hunter2@db/relay\" }"),
      [
        "1:15: store.url: the value is not a store's address; write sqlite:PATH, or "
          + "postgres://USER:PASSWORD@HOST:PORT/DATABASE"
      ]),
    FaultyConfiguration(
      "a store that is a plain path",
      withSource("store: { url: data/relay.db }"),
      [
        "1:15: store.url: the value is not a store's address; write sqlite:PATH, or "
          + "postgres://USER:PASSWORD@HOST:PORT/DATABASE"
      ]),
    FaultyConfiguration(
      "a store without a file",
      withSource("store: { url: \"sqlite:\" }"),
      [
        "1:15: store.url: the value names no file; write sqlite:data/relay.db"
      ]),
    FaultyConfiguration(
      "a store that is a directory",
      withSource("store: { url: \"sqlite:data/\" }"),
      [
        "1:15: store.url: the value names no file; write sqlite:data/relay.db"
      ]),
    FaultyConfiguration(
      "a store in memory",
      withSource("store: { url: \"sqlite::memory:\" }"),
      [
        "1:15: store.url: the value is SQLite's own way to name a database; the relay's is a file on disk: "
          + "write sqlite:data/relay.db"
      ]),
    FaultyConfiguration(
      "a store by SQLite's URI",
      withSource("store: { url: \"sqlite:file:relay.db?mode=memory\" }"),
      [
        "1:15: store.url: the value is SQLite's own way to name a database; the relay's is a file on disk: "
          + "write sqlite:data/relay.db"
      ]),
    FaultyConfiguration(
      "a store with slashes",
      withSource("store: { url: \"sqlite://data/relay.db\" }"),
      [
        "1:15: store.url: the value has '//'; write sqlite:data/relay.db, or "
          + "sqlite:/var/lib/relay.db for an absolute path"
      ]),
    FaultyConfiguration(
      "an unknown keep",
      withSource("store: { keep: most }"),
      [
        "1:16: store.keep: 'most' is not all or routed"
      ]),
  ]

  @Test(arguments: texts)
  func everyFaultOfTheServerAndTheStoreIsToldWithItsPlace(faulty: FaultyConfiguration) {
    #expect(problems(of: faulty.text) == faulty.problems)
  }
}
