import Foundation
import NIOCore
import RelayCore
import RelayHarness
import RelayTestSupport
import RelayTools
import Testing

/// What destinations ask of the relay before they believe it, and files that change while it runs.
@Suite(.timeLimit(.minutes(15))) struct DestinationSecurityTests {
  private func replace(_ file: String, by other: String) throws {
    let new = file + ".new"
    try FileManager.default.copyItem(atPath: other, toPath: new)
    guard rename(new, file) == 0 else { throw POSIXError(.EIO) }
  }

  private func post(_ id: Int, to url: String) throws {
    let body = #"{"messages":{"createdChat":[{"id":\#(id)}]}}"#
    #expect(try EndToEndTests.post(Array(body.utf8), to: url + "/huggy").status == 200)
  }

  /// The destination is another relay, which asks its clients for certificates.
  @Test func aDestinationThatAsksForACertificateIsShownTheOneThatIsThereNow() async throws {
    let received = Received()
    let sink = Sink(settings: SinkSettings(listen: anyPort())) { received.note($0) }
    let address = try await sink.start()
    let (authority, stranger) = (try TestAuthority(), try TestAuthority("Stranger"))
    let (server, good) = (try authority.issue("server"), try authority.issue("good"))
    let client = try stranger.issue("client")
    let asking = try Setting(
      """
      server:
        listen: 127.0.0.1:0
        admin: off
        tls: { certificate: \(server.certificate), key: \(server.key), client_ca: \(authority.own.certificate) }
      sources: { huggy: {} }
      destinations: { crm: { url: "http://\(address)/" } }
      routes: [{ name: all, to: crm }]
      """)
    let receiving = try asking.start()
    let target = try #require(receiving.ingestURL()).replacing("http://", with: "https://")
    let setting = try Setting(
      """
      server: { listen: "127.0.0.1:0", admin: "127.0.0.1:0" }
      sources: { huggy: {} }
      defaults: { circuit: { probe_every: 100ms }, retry: { initial: 10ms, max_delay: 100ms } }
      destinations:
        next:
          url: \(target)/huggy
          tls: { ca: \(authority.own.certificate), certificate: \(client.certificate), key: \(client.key) }
        open: { url: "http://\(address)/open" }
      routes: [{ name: all, to: [next, open] }]
      """)
    let relay = try setting.start()
    let url = try #require(relay.ingestURL())
    let person = try #require(Operator(relay))
    try post(1, to: url)
    // The other destination feels nothing of it.
    #expect(received.wait { $0.contains { $0.path == "/open" } })
    let told = try await eventually {
      try person.run("status").output
    } until: {
      $0.contains("unknown ca")
    }
    #expect(told.contains("it does not know the authority that has issued the client certificate"))

    // Half of a renewal is of no use, and is told.
    try replace(client.certificate, by: good.certificate)
    let line = relay.waitForLine(containing: "reload failed", "is not the key of the first certificate in")
    #expect(line?.contains(client.certificate) == true)
    try replace(client.key, by: good.key)
    #expect(received.wait { $0.contains { $0.path != "/open" } })
    #expect(relay.waitForLine(containing: #""message":"reloaded""#, client.key, "~next") != nil)

    let shown = try Setting.run(["config", "show", "--config", setting.configuration])
    #expect(shown.output.contains(client.key) && !shown.output.contains("PRIVATE KEY"))
    for running in [relay, receiving] {
      running.send(signal: SIGTERM)
      #expect(running.waitForExit() == 0)
      #expect(!running.log.contains { $0.contains("PRIVATE KEY") })
    }
    await sink.stop()
  }

  @Test func checkSaysWhatIsWrongWithAClientCertificate() throws {
    let authority = try TestAuthority()
    let (one, other) = (try authority.issue("one"), try authority.issue("other"))
    let locked = try authority.encrypted(one)
    for (key, words) in [
      (other.key, "is not the key of the first certificate"), (locked.key, "a passphrase"),
    ] {
      let setting = try Setting(
        """
        sources: { huggy: {} }
        destinations: { crm: { url: "https://crm/", tls: { certificate: \(one.certificate), key: \(key) } } }
        """)
      let checked = try Setting.run(["check", "--config", setting.configuration])
      #expect(checked.status == 78)
      #expect(checked.errors.contains("routes.yaml:2:") && checked.errors.contains("crm.tls.key: "))
      #expect(checked.errors.contains(words))
    }
  }

  @Test func aHeaderThatComesFromAFileIsTheOneThatStandsThereNow() async throws {
    let received = Received()
    let sink = Sink(settings: SinkSettings(listen: anyPort())) { received.note($0) }
    let address = try await sink.start()
    func yaml(_ path: String) -> String {
      """
      server: { listen: "127.0.0.1:0", admin: "127.0.0.1:0" }
      sources: { huggy: {} }
      destinations: { crm: { url: "http://\(address)/\(path)", auth: { bearer: "${file:token}" } } }
      routes: [{ name: all, to: crm }]
      """
    }
    let setting = try Setting(yaml("first"))
    _ = try setting.folder.write("one\n", to: "token")
    let relay = try setting.start()
    let url = try #require(relay.ingestURL())
    let person = try #require(Operator(relay))
    let hash = try person.status().config.hash
    func bearer(of id: Int) throws -> String? {
      try post(id, to: url)
      guard received.wait(until: { $0.count == id }) else { return nil }
      return received.all[id - 1].allHeaders.first { $0.name.lowercased() == "authorization" }?.value
    }
    #expect(try bearer(of: 1) == "Bearer one")
    // Somebody is at work on the configuration: that is for a reload by hand.
    try setting.rewrite(yaml("second"))
    _ = try setting.folder.write("two\n", to: "token")
    #expect(relay.waitForLine(containing: #""message":"reloaded""#, "/token", "secrets") != nil)
    #expect(try bearer(of: 2) == "Bearer two")
    #expect(received.all[1].path == "/first")
    #expect(try person.status().config.hash == hash)

    try FileManager.default.removeItem(atPath: setting.folder.path + "/token")
    #expect(relay.waitForLine(containing: "reload failed", "there is no such file") != nil)
    #expect(try bearer(of: 3) == "Bearer two")
    _ = try setting.folder.write("three\n", to: "token")
    _ = try await eventually {
      relay.log.filter { $0.contains(#""message":"reloaded""#) }.count
    } until: {
      $0 == 2
    }
    #expect(try bearer(of: 4) == "Bearer three")
    #expect(relay.log.filter { $0.contains("reload failed") }.count == 1)
    #expect(!relay.log.contains { $0.contains("Bearer") || $0.contains("three") })
    #expect(try person.run("reload").status == 0)
    _ = try bearer(of: 5)
    #expect(received.all[4].path == "/second")
    relay.send(signal: SIGTERM)
    #expect(relay.waitForExit() == 0)
    await sink.stop()
  }
}
