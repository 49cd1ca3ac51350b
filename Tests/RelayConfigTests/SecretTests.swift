import RelayConfig
import Testing

@Suite struct SecretTests {
  /// Every text holds `hunter2` where a secret may be written or brought in, and is wrong.
  @Test(arguments: [
    "sources: { huggy: { token: [hunter2, hunter2] } }",
    "sources: { huggy: { token: \"hunter2\\t\" } }",
    "sources: { huggy: { token: { hunter2: } } }",
    "sources: { huggy: { token: [{ value: a, hunter2: b }] } }",
    "sources: { huggy: { token: [[hunter2]] } }",
    "sources: { huggy: { token: *hunter2 } }",
    "sources: { huggy: { token: &hunter2 } }",
    "sources: { huggy: { token: !hunter2 } }",
    "sources: { huggy: { token: @hunter2 } }",
    "sources: { huggy: { token: \"hunter2 } }",
    "sources: { huggy: { token: ${NOPE:-hunter2 } }",
    "sources: { huggy: { token: '${NOPE:-hunter2' } }",
    "sources: { huggy: { token: '${NOPE:?hunter2}' } }",
    "sources: { huggy: { path: '${SECRET}', token: t } }",
    "sources: { huggy: { company: ['${SECRET}'], token: t, dedupe: '${SECRET}' } }",
    "server: { listen: '${SECRET}', max_body: '${SECRET}', drain: '${SECRET}', max_connections: '${SECRET}' }",
    "server: { admin_token: \"hunter2\\n\" }",
    "server: { admin_token: [hunter2] }",
    "server: { admin_token: { hunter2: a } }",
    "server: { admin: '${SECRET}' }",
    "server: { admin: '${SECRET}:8081' }",
    "store: { retention: '${SECRET}', max_size: '${SECRET}' }",
    "store: { url: 'hunter2', keep: '${SECRET}' }",
    "store: { url: 'postgres:u:hunter2@h/d' }",
    destination("auth: { bearer: \"hunter2\\n\" }"),
    destination("auth: { bearer: a, hunter2 }"),
    destination("auth: { bearer: a, hunter2: }"),
    destination("auth: { basic: { username: \"hunter2\\n\", password: \"hunter2\\n\" } }"),
    destination("auth: { basic: { username: a, password: b, hunter2 } }"),
    destination("auth: hunter2"),
    destination("signing_secret: hunter2"),
    destination("signing_secret: [whsec_hunter2, whsec_hunter2=, [hunter2], { hunter2: hunter2 }]"),
    destination("headers: { X-A: \"hunter2\\n\" }"),
    destination("headers: { X-A: a, hunter2 }"),
    destination("headers: { Host: hunter2 }"),
    destination("headers: { X-A: [hunter2], X-B: { a: hunter2 } }"),
    destination(
      "format: ${SECRET}\nhttp2: ${SECRET}\npermanent: ${SECRET}\norder_by: ${SECRET}\ntls: { ca: '${SECRET}' }"
    ),
    destination(
      "rate: ${SECRET}\ncircuit: { failures: '${SECRET}' }\nmax_backlog: ${SECRET}\npaused: ${SECRET}"),
    destination(
      "retry: { initial: '${SECRET}', factor: '${SECRET}', jitter: '${SECRET}', max_attempts: '${SECRET}' }"),
    "destinations: { a: { url: 'hunter2' }, b: { url: 'ftp://hunter2' }, c: { url: 'http://u:hunter2@h:x' } }",
    "destinations: { a: { url: 'http://u:hunter2@' }, b: { url: 'http://u:hunter2' }, c: { url: 'http://u@h:hunter2' } }",
    "destinations: { a: { url: 'http://u:hunter2@h', auth: { bearer: hunter2 } } }",
    route("match: { source: '${SECRET}', where: { a: { exists: '${SECRET}' } } }\nstop: ${SECRET}"),
    routes("routes: [{ name: 'a ${SECRET}', to: '${SECRET}' }, { name: b, drop: '${SECRET}' }]"),
    routes("routes: [{ name: '${SECRET}', to: crm }, { name: '${SECRET}', to: ['${SECRET}', '${SECRET}'] }]"),
  ])
  func noErrorShowsASecret(text: String) {
    let problems = problems(of: text.contains("sources:") ? text : oneSource + text)
    #expect(problems.contains { !$0.contains("warning: ") })
    for problem in problems { #expect(!problem.contains("hunter2")) }
  }

  @Test func noWarningShowsASecret() {
    let text = """
      sources: { huggy: {} }
      destinations: { crm: { url: "http://u:${SECRET}@h", http2: true, tls: { verify: false } } }
      routes:
        - name: ${SECRET}
          match: { event: "${SECRET}*", where: { nope: "${SECRET}" } }
          drop: true
        - name: all
          stop: true
          match: { event: "created*", where: { nope: "${SECRET}" } }
          to: crm
        - { name: "a${SECRET}", drop: true }
        - { name: last, drop: true }
      """
    let problems = problems(of: text)
    #expect(problems.count == 5)
    for problem in problems { #expect(!problem.contains("hunter2")) }
  }

  @Test func aDumpOfTheConfigurationShowsNoSecret() throws {
    let text = """
      server: { admin_token: hunter2 }
      sources: { huggy: { token: hunter2 } }
      destinations:
        crm:
          url: http://u:hunter2@h
          headers: { X-A: hunter2 }
          signing_secret: whsec_aHVudGVyMmh1bnRlcjJodW50ZXIyaHVudGVyMg==
        analytics: { url: "http://h", auth: { basic: { username: u, password: hunter2 } } }
      """
    var dumped = ""
    let configuration = try configuration(of: text)
    dump(configuration, to: &dumped)
    #expect(!(dumped + "\(configuration)" + String(reflecting: configuration)).contains("hunter2"))
  }
}
