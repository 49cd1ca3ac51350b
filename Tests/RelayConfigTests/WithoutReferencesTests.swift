import RelayConfig
import RelayCore
import Testing

/// `check --no-env`.
@Suite struct WithoutReferencesTests {
  private func problems(_ text: String) -> [String] {
    RelayConfigTests.problems(of: text, environment: [:], resolvesReferences: false)
  }

  @Test func aReferenceCountsAsAValidValueWhereverItStands() {
    let text = """
      server:
        listen: ${A}
        admin: ${A}
        admin_token: ${A}
        max_body: ${A}
        max_inflight: ${A}
        max_connections: ${A}
        request_timeout: ${A}
        drain: ${A}
      store: { url: "${A}", keep: "${A}", retention: "${A}", max_size: "${A}", dead_retention: "${A}", unrouted_retention: "${A}" }
      sources:
        one: { path: "${A}", token: "${A}", company: "${A}", dedupe: "${A}", quiet_after: "${A}" }
        three: { token: "${A}", quiet_after: { for: "${A}", weekdays: ["${A}"], times: ["${A}", "08:00-09:00"], except: "${A}", location: "${A}" } }
        four: { token: "${A}", quiet_after: { for: 30m, times: "08:00-18:00", location: Nowhere/At_All } }
        two: { path: "/${A}", token: ["${A}", "${A}", { value: "${B}", company: "${A}" }] }
      defaults: { timeout: "${A}", retry: { max_delay: "${A}", initial: "${A}" } }
      destinations:
        crm:
          url: ${A}
          format: ${A}
          forward_token: ${A}
          headers: { X-A: "${A}" }
          auth: { bearer: "${A}" }
          signing_secret: ["${A}", "${file:B}"]
          http2: ${A}
          connect_timeout: 1h
          concurrency: ${A}
          rate: ${A}
          order_by: ${A}
          batch: { max_events: "${A}", max_bytes: "${A}", max_wait: "${A}" }
          retry: { initial: 1h, factor: "${A}", jitter: "${A}", max_age: "${A}", max_attempts: "${A}" }
          permanent: ["${A}"]
          circuit: { failures: "${A}", probe_every: "${A}" }
          max_backlog: ${A}
          late_after: ${A}
          paused: ${A}
          tls: { ca: "${A}", verify: "${A}" }
        basic:
          url: "${SCHEME}://${HOST}"
          batch: ${A}
          auth: { basic: { username: "${A}", password: "${A}" } }
      notify:
        ops: { url: "${A}", format: "${A}", for: "${A}", repeat: "${A}", on: ["${A}"] }
        dead-man: { url: "${A}", format: heartbeat, every: "${A}" }
      routes:
        - name: ${A}
          match:
            source: ${A}
            event: ${A}
            company: ${A}
            channel: ${A}
            where: { body: "${A}", id: { gt: "${A}", contains: "${A}", exists: "${A}", not: "${A}" } }
          to: ["${A}", "${B}"]
        - name: ${B}
          drop: ${A}
      """
    #expect(problems(text) == [])
  }

  @Test func whatIsWrittenOutIsStillChecked() {
    let text = """
      server: { max_body: 5, max_inflight: "${A}" }
      sources: { huggy: { token: "${A" } }
      destinations: { crm: { url: "${A}", concurrency: 0, retry: { initial: 2s, max_delay: 1s } } }
      routes: [{ name: a, to: ["${A}", crn] }]
      """
    #expect(
      problems(text).map { String($0.prefix { $0 != "'" }) } == [
        "1:21: server.max_body: ", "2:28: sources.huggy.token: a ", "3:50: destinations.crm.concurrency: ",
        "3:86: destinations.crm.retry.max_delay: max_delay is shorter than initial; raise max_delay, or lower initial",
        "4:34: routes.a.to[1]: ",
      ])
  }

  @Test func noFileIsRead() {
    let text = oneSource + "destinations: { crm: { url: \"http://a\", tls: { ca: no/such.pem } } }\n"
    #expect(problems(text + "routes: [{ name: a, to: crm }]") == [])
  }
}
