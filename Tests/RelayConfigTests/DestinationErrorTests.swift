import Testing

@Suite struct DestinationErrorTests {
  static let keys = [
    FaultyConfiguration(
      "an unknown key",
      destination("conncurrency: 16"),
      [
        "5:5: destinations.crm.conncurrency: unknown key 'conncurrency'; did you mean 'concurrency'?"
      ]),
    FaultyConfiguration(
      "an unknown key near none",
      destination("colour: red"),
      [
        "5:5: destinations.crm.colour: unknown key 'colour'; known here: url, format, "
          + "forward_token, headers, auth, signing_secret, http2, timeout, connect_timeout, "
          + "max_idle, concurrency, rate, order_by, batch, retry, permanent, circuit, max_backlog, late_after, "
          + "attachments, tls, proxy, paused"
      ]),
    FaultyConfiguration(
      "an unknown format",
      destination("format: xml"),
      [
        "5:13: destinations.crm.format: 'xml' is not a format; write huggy, event or cloudevents"
      ]),
    FaultyConfiguration(
      "a boolean that is yes",
      destination("forward_token: yes"),
      [
        "5:20: destinations.crm.forward_token: 'yes' is not a boolean here; write true"
      ]),
    FaultyConfiguration(
      "a boolean that is a number",
      destination("http2: 1"),
      [
        "5:12: destinations.crm.http2: '1' is not a boolean; write true or false"
      ]),
    FaultyConfiguration(
      "a boolean that is a list",
      destination("http2: [true]"),
      [
        "5:12: destinations.crm.http2: expected true or false, found a list"
      ]),
    FaultyConfiguration(
      "a concurrency of 0",
      destination("concurrency: 0"),
      [
        "5:18: destinations.crm.concurrency: '0' is out of range; from 1 to 1000"
      ]),
    FaultyConfiguration(
      "a concurrency too large",
      destination("concurrency: 1001"),
      [
        "5:18: destinations.crm.concurrency: '1001' is out of range; from 1 to 1000"
      ]),
    FaultyConfiguration(
      "a concurrency that is a fraction",
      destination("concurrency: 1.5"),
      [
        "5:18: destinations.crm.concurrency: '1.5' is not a whole number; write one from 1 to 1000"
      ]),
    FaultyConfiguration(
      "a concurrency that is negative",
      destination("concurrency: -1"),
      [
        "5:18: destinations.crm.concurrency: '-1' is not a whole number; write one from 1 to 1000"
      ]),
    FaultyConfiguration(
      "a status out of range",
      destination("permanent: [400, 500]"),
      [
        "5:22: destinations.crm.permanent[1]: '500' is out of range; from 400 to 499"
      ]),
    FaultyConfiguration(
      "a status that is a text",
      destination("permanent: [400, bad]"),
      [
        "5:22: destinations.crm.permanent[1]: 'bad' is not a whole number; write one from 400 to 499"
      ]),
    FaultyConfiguration(
      "statuses that are a mapping",
      destination("permanent: { 400: true }"),
      [
        "5:16: destinations.crm.permanent: expected a status or a list of statuses, found a mapping"
      ]),
    FaultyConfiguration(
      "a retry that is a text",
      destination("retry: none"),
      [
        "5:12: destinations.crm.retry: expected a mapping with initial, factor, max_delay, jitter, "
          + "max_age and max_attempts, found a single value"
      ]),
    FaultyConfiguration(
      "an unknown key of retry",
      destination("retry: { inital: 1s }"),
      [
        "5:14: destinations.crm.retry.inital: unknown key 'inital'; did you mean 'initial'?"
      ]),
    FaultyConfiguration(
      "a factor below 1",
      destination("retry: { factor: 0.5 }"),
      [
        "5:22: destinations.crm.retry.factor: '0.5' is not a number from 1 to 100"
      ]),
    FaultyConfiguration(
      "a factor that is no number",
      destination("retry: { factor: nan }"),
      [
        "5:22: destinations.crm.retry.factor: 'nan' is not a number from 1 to 100"
      ]),
    FaultyConfiguration(
      "a jitter above 1",
      destination("retry: { jitter: 1.1 }"),
      [
        "5:22: destinations.crm.retry.jitter: '1.1' is not a number from 0 to 1"
      ]),
    FaultyConfiguration(
      "an initial of nothing",
      destination("retry: { initial: 0s }"),
      [
        "5:23: destinations.crm.retry.initial: '0s' is too short; at least 1ms"
      ]),
    FaultyConfiguration(
      "a max_delay below initial",
      destination("retry: { initial: 10s, max_delay: 5s }"),
      [
        "5:39: destinations.crm.retry.max_delay: max_delay is shorter than initial; raise "
          + "max_delay, or lower initial"
      ]),
    FaultyConfiguration(
      "an initial above the default max_delay",
      destination("retry: { initial: 10m }"),
      [
        "5:23: destinations.crm.retry.initial: max_delay is shorter than initial; raise max_delay, "
          + "or lower initial"
      ]),
    FaultyConfiguration(
      "no attempts",
      destination("retry: { max_attempts: 0 }"),
      [
        "5:28: destinations.crm.retry.max_attempts: '0' is not a number of attempts; write 1 or "
          + "more, or unlimited"
      ]),
    FaultyConfiguration(
      "attempts that are a text",
      destination("retry: { max_attempts: many }"),
      [
        "5:28: destinations.crm.retry.max_attempts: 'many' is not a number of attempts; write 1 or "
          + "more, or unlimited"
      ]),
    FaultyConfiguration(
      "an authority that is missing",
      destination("tls: { ca: no/such.pem }"),
      [
        "5:16: destinations.crm.tls.ca: 'no/such.pem' is of no use: there is no such file (a "
          + "relative path is relative to the configuration file)"
      ]),
    FaultyConfiguration(
      "an authority that is a directory",
      destination("tls: { ca: / }"),
      [
        "5:16: destinations.crm.tls.ca: '/' is of no use: the file can't be read (Is a directory) "
          + "(a relative path is relative to the configuration file)"
      ]),
    FaultyConfiguration(
      "an authority that is no PEM file",
      destination("tls: { ca: /dev/null }"),
      [
        "5:16: destinations.crm.tls.ca: '/dev/null' is not a PEM file; it has no line that begins "
          + "with -----BEGIN"
      ]),
    FaultyConfiguration(
      "an unknown key of tls",
      destination("tls: { verfy: true }"),
      [
        "5:12: destinations.crm.tls.verfy: unknown key 'verfy'; did you mean 'verify'?"
      ]),
  ]

  @Test(arguments: keys)
  func everyFaultOfADestinationsKeysIsToldWithItsPlace(faulty: FaultyConfiguration) {
    #expect(problems(of: faulty.text) == faulty.problems)
  }
}
