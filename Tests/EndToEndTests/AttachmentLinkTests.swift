import Foundation
import RelayCore
import RelayCurl
import RelayHarness
import RelayPipeline
import RelayTools
import Testing

/// Links of the relay's own to the files that events point to, with the real binary.
@Suite(.timeLimit(.minutes(15))) struct AttachmentLinkTests {
  private static let picture = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ $0 >> 8) }

  private func configuration(crm: String, bi: String, attachments: String = "127.0.0.1:0") -> String {
    """
    server: { listen: "127.0.0.1:0", admin: "127.0.0.1:0", attachments: "\(attachments)", attachments_url: "http://relay.test/" }
    sources: { huggy: { attachments: { hosts: localhost, allow: [127.0.0.1, "::1"] } } }
    defaults: { retry: { initial: 10ms, max_delay: 50ms }, circuit: { probe_every: 100ms } }
    destinations:
      crm: { url: "http://\(crm)/", attachments: rewrite, signing_secret: "\(Self.secret)" }
      bi: { url: "http://\(bi)/" }
    routes: [{ name: all, to: [crm, bi] }]
    """
  }

  private static let secret = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="

  private func start(_ setting: Setting, believing origin: Origin) throws -> RelayProcess {
    try RelayProcess(
      executable: Setting.binary,
      arguments: ["serve", "--config", setting.configuration, "--log-format", "json"],
      environment: ["CURL_CA_BUNDLE": origin.certificate])
  }

  /// Where the listener of files is, by the line in the log.
  private func files(of relay: RelayProcess, host: String = "127.0.0.1") throws -> String {
    let line = try #require(relay.waitForLine(containing: "attachments listen", "\"address\":\"\(host):"))
    let match = try #require(line.firstMatch(of: #/"address":"[^"]*:(\d+)"/#))
    return "http://127.0.0.1:\(match.1)"
  }

  private func get(_ url: String, _ headers: [String] = []) throws -> BlockingResponse {
    try BlockingClient().send(method: "GET", url: url, headers: headers, body: nil, timeout: .seconds(30))
  }

  /// The target of the relay's link in a body.
  private func target(in body: [UInt8]) throws -> String {
    let text = String(decoding: body, as: UTF8.self)
    return String(try #require(text.firstMatch(of: #/"http:\/\/relay\.test(\/files\/[^"]+)"/#)).1)
  }

  /// The receiver is down for longer than the origin's link lives.
  @Test func aReceiverThatWasDownGetsTheFileThoughItsLinkHasExpired() async throws {
    let origin = try Origin()
    try origin.publish("picture.png", Self.picture)
    let (crm, bi) = (Received(), Received())
    let crmSink = Sink(
      settings: SinkSettings(listen: anyPortOfOwnHost(), verifier: WebhookVerifier(encoded: Self.secret))
    ) { crm.note($0) }
    let biSink = Sink(settings: SinkSettings(listen: anyPort())) { bi.note($0) }
    let (crmAddress, biAddress) = ("\(try await crmSink.start())", "\(try await biSink.start())")
    await crmSink.stop()
    let setting = try Setting(configuration(crm: crmAddress, bi: biAddress))
    var relay = try start(setting, believing: origin)
    let (url, person) = (try #require(relay.ingestURL()), try #require(Operator(relay)))
    let link = "\(origin.url)/picture.png"
    let event = try answer(
      to: envelope(("receivedMessage", "\"id\" : 1.50,\"file\":\"\(link)\"")), at: url
    ).events[0]
    _ = try await eventually {
      try person.get("/api/v1/events/\(event)")
    } until: {
      $0.contains("\"state\":\"fetched\"")
    }
    #expect(relay.waitForLine(containing: "attempt failed", "crm") != nil)
    origin.stop()
    try await crmSink.start()
    #expect(crm.wait { $0.count == 1 })
    let request = try #require(crm.all.first)
    #expect(request.signature == .ok, "the signature is over what is sent")
    let target = try target(in: request.body)
    #expect(
      String(decoding: request.body, as: UTF8.self)
        == "{\"messages\":{\"receivedMessage\":[{\"id\" : 1.50,\"file\":\"http://relay.test\(target)\"}]}}")
    #expect(bi.wait { $0.count == 1 })
    #expect(String(decoding: bi.all[0].body, as: UTF8.self).contains(link))

    var listener = try files(of: relay)
    #expect(try get(listener + target).body == Self.picture)
    let part = try get(listener + target, ["range: bytes=1000-1999"])
    #expect(part.status == 206 && part.body == Array(Self.picture[1_000..<2_000]))
    #expect(try get(listener + target.replacing("/0?", with: "/1?")).status == 403)
    #expect(try get(listener + "/").status == 404)
    // Never on the other ports.
    #expect(try get(url + target).status != 200)
    #expect(try get(person.admin + target).status != 200)

    // The key outlives the process, so links do.
    relay.send(signal: SIGTERM)
    #expect(relay.waitForExit() == 0)
    relay = try start(setting, believing: origin)
    listener = try files(of: relay)
    #expect(try get(listener + target).body == Self.picture)
    try setting.rewrite(configuration(crm: crmAddress, bi: biAddress, attachments: "localhost:0"))
    relay.send(signal: SIGHUP)
    let moved = try files(of: relay, host: "localhost")
    #expect(moved != listener)
    #expect(try get(moved + target).body == Self.picture)
    relay.send(signal: SIGTERM)
    #expect(relay.waitForExit() == 0)
    await crmSink.stop()
    await biSink.stop()
  }

  /// Whoever has a link has the file: so nobody is shown one.
  @Test func noSignatureOfALinkIsShownAnywhere() async throws {
    let origin = try Origin()
    try origin.publish("picture.png", Self.picture)
    let crm = Received()
    let echo = Sink(settings: SinkSettings(listen: anyPort(), status: 500)) {
      crm.note($0)
    } answerBody: {
      $0.body
    }
    let address = "\(try await echo.start())"
    let setting = try Setting(configuration(crm: address, bi: address))
    let relay = try start(setting, believing: origin)
    let (url, person) = (try #require(relay.ingestURL()), try #require(Operator(relay)))
    let body = envelope(("receivedMessage", "\"id\":1,\"file\":\"\(origin.url)/picture.png\""))
    let event = try answer(to: body, at: url).events[0]
    #expect(relay.waitForLine(containing: "attempt failed", "crm") != nil)
    #expect(crm.wait { $0.contains { $0.body.contains(Array("signature=".utf8)) } })
    let file = try setting.folder.write(String(decoding: body, as: UTF8.self), to: "envelope.json")
    let sent = try #require(crm.all.first { $0.body.contains(Array("signature=".utf8)) })
    let target = try target(in: sent.body)
    _ = try post(sent.body, to: url + target)
    _ = try post(Array("x\(target)".utf8), to: url + "/huggy")
    var shown: [String: String] = [:]
    for path in [
      "/api/v1/events/\(event)", "/api/v1/deliveries?destination=crm", "/api/v1/events", "/metrics",
      "/api/v1/status", "/api/v1/rejections", "/api/v1/config", "/api/v1/audit",
    ] { shown[path] = try person.get(path) }
    for arguments in [
      ["event", event], ["event", event, "--format", "markdown"], ["deliveries"], ["test", "crm", file],
      ["status"], ["rejections"], ["config", "show", "--config", setting.configuration],
    ] {
      let ran =
        arguments[0] == "config" ? try Setting.run(arguments) : try person.run(arguments)
      shown[arguments.joined(separator: " ")] = ran.output + ran.errors
    }
    relay.send(signal: SIGTERM)
    #expect(relay.waitForExit() == 0)
    shown["log"] = relay.log.joined(separator: "\n")
    for (what, text) in shown {
      let isShown = text.contains(#/signature[=%\\&]\W{0,7}(?:3D|u003d)?[A-Za-z0-9_-]{43}/#)
      #expect(!isShown, "\(what)")
      #expect(!text.contains(target.split(separator: "signature=")[1]), "\(what)")
    }
    // What repeats it is shown all the same.
    for what in ["/api/v1/events/\(event)", "test crm \(file)", "/api/v1/rejections"] {
      #expect(shown[what]?.contains("signature=[secret]") == true, "\(what)")
    }
    await echo.stop()
  }
}
