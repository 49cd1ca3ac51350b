import Foundation
import RelayHarness
import RelayTestSupport
import RelayTools
import Testing

/// What the relay does not connect to, and what it reaches through a proxy, while good destinations are served.
@Suite(.timeLimit(.minutes(15))) struct EgressTests {
  private func body(_ id: Int) -> [UInt8] { Array(#"{"messages":{"createdChat":[{"id":\#(id)}]}}"#.utf8) }

  private static let short = "retry: { initial: 1h, max_delay: 1h }"

  @Test func deniedAddressesAndTheRelayItselfGetNothingWhileOthersAreServed() async throws {
    let received = Received()
    let sink = Sink(settings: SinkSettings(listen: anyPort())) { received.note($0) }
    let address = try await sink.start()
    func yaml(egress: String = "", admin: String = "127.0.0.1:0", own: String = "127.0.0.1:9") -> String {
      """
      server: { listen: "127.0.0.1:0", admin: "\(admin)" }
      sources: { huggy: {} }
      \(egress)
      destinations:
        good: { url: "http://\(address)/good" }
        cloud: { url: "http://169.254.169.254/latest/", \(Self.short) }
        mapped: { url: "http://[::ffff:a9fe:a9fe]/", \(Self.short) }
        own: { url: "http://\(own)/api/v1/reload", \(Self.short) }
      routes: [{ name: all, to: [good, cloud, mapped, own] }]
      """
    }
    let setting = try Setting(yaml())
    let checked = try Setting.run(["check", "--config", setting.configuration])
    #expect(checked.status == 0)
    for name in ["cloud", "mapped"] {
      #expect(
        checked.output.contains("destinations.\(name).url: nothing can be delivered: ")
          || checked.errors.contains("destinations.\(name).url: nothing can be delivered: "))
    }
    let relay = try setting.start()
    let person = try #require(Operator(relay))
    // Which port it has is known now.
    try setting.rewrite(yaml(own: String(person.admin.dropFirst("http://".count))))
    relay.send(signal: SIGHUP)
    #expect(relay.waitForLine(containing: "reloaded") != nil)
    let url = try #require(relay.ingestURL())
    for id in 0..<5 { #expect(try post(body(id), to: url + "/huggy").status == 200) }
    #expect(received.wait { $0.count == 5 })
    func failure(_ name: String) async throws -> String {
      try await eventually {
        try person.get("/api/v1/deliveries?destination=\(name)&limit=1")
      } until: {
        $0.contains("egress: ")
      }
    }
    #expect(try await failure("cloud").contains("169.254.169.254 is denied by egress.deny (169.254.0.0/16)"))
    #expect(try await failure("mapped").contains("is denied by egress.deny (169.254.0.0/16)"))
    #expect(try await failure("own").contains("is where this relay itself listens (server.admin)"))
    let doctor = try Setting.run(["doctor", "--config", setting.configuration, "--admin", person.admin])
    #expect(doctor.output.contains("egress: 169.254.169.254 is denied by egress.deny"))
    // What is allowed is tried: there is nothing there, or nothing in time, but it is not refused any more. What is denied stays whole.
    try setting.rewrite(yaml(egress: "egress: { deny: [127.0.0.0/8] }"))
    relay.send(signal: SIGHUP)
    #expect(relay.waitForLine(containing: #""limits":"egress""#) != nil)
    #expect(try post(body(9), to: url + "/huggy").status == 200)
    let good = try await failure("good")
    #expect(good.contains("127.0.0.1 is denied by egress.deny (127.0.0.0/8)"))
    try setting.rewrite(yaml(egress: "egress: { deny: [127.0.0.0/8], allow: [127.0.0.1] }"))
    relay.send(signal: SIGHUP)
    #expect(received.wait { $0.count == 6 })
    relay.send(signal: SIGTERM)
    #expect(relay.waitForExit() == 0)
    await sink.stop()
  }

  @Test func aProxyOfADestinationsOwnOrOfTheEnvironmentIsUsedAndItsPasswordIsNowhere() async throws {
    let received = Received()
    let sink = Sink(settings: SinkSettings(listen: anyPort())) { received.note($0) }
    let address = try await sink.start()
    let (own, environment) = (try TestProxy(), try TestProxy())
    let refusing = try TestProxy(refusal: "407 Proxy Authentication Required")
    defer { for proxy in [own, environment, refusing] { proxy.stop() } }
    let port = "\(address)".split(separator: ":").last!
    let setting = try Setting(
      """
      server: { listen: "127.0.0.1:0", admin: "127.0.0.1:0" }
      sources: { huggy: {} }
      destinations:
        direct: { url: "http://\(address)/direct", proxy: off }
        own: { url: "http://own.test:\(port)/own", proxy: "http://ana:s3cret-of-own@127.0.0.1:\(own.port)" }
        environment: { url: "http://environment.test:\(port)/environment" }
        refused: { url: "https://refused.test/", proxy: "http://127.0.0.1:\(refusing.port)", \(Self.short) }
      routes: [{ name: all, to: [direct, own, environment, refused] }]
      """)
    let variables = [
      "http_proxy": "http://bob:s3cret-of-bob@127.0.0.1:\(environment.port)", "no_proxy": "elsewhere.test",
    ]
    let relay = try RelayProcess(
      executable: Setting.binary,
      arguments: ["serve", "--config", setting.configuration, "--log-format", "json"],
      environment: variables)
    let url = try #require(relay.ingestURL())
    for id in 0..<3 { #expect(try post(body(id), to: url + "/huggy").status == 200) }
    #expect(received.wait { $0.count == 9 })
    #expect(
      own.heads.count == 3 && own.heads.allSatisfy { $0.hasPrefix("POST http://own.test:\(port)/own ") })
    #expect(environment.heads.count == 3)
    #expect(own.heads.allSatisfy { $0.contains("Proxy-Authorization: Basic ") })
    let person = try #require(Operator(relay))
    let told = try await eventually {
      try person.get("/api/v1/deliveries?destination=refused&limit=1")
    } until: {
      $0.contains("407")
    }
    #expect(told.contains("the proxy refuses the tunnel with 407"))
    let shown = try person.get("/api/v1/config")
    let everything = shown + told + relay.log.joined() + (try person.get("/metrics"))
    #expect(shown.contains("http://127.0.0.1:\(own.port)") && !everything.contains("s3cret"))
    relay.send(signal: SIGTERM)
    #expect(relay.waitForExit() == 0)
    await sink.stop()
  }
}
