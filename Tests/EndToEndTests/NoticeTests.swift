import Foundation
import RelayCore
import RelayHarness
import RelayTools
import Testing

/// Whom `notify` names is told once when something begins, and once when it ends, whatever happens to the relay meanwhile.
@Suite(.timeLimit(.minutes(15))) struct NoticeTests {
  /// What a receiver got, in order, each notice once.
  private struct Notice: Decodable, Equatable {
    var id: String
    var kind: String
    var phase: String
    var subject: [String: String]
    var message: String

    var text: String { "\(kind) \(phase)" }
  }

  private static func notices(_ received: [SinkRequest]) -> [Notice] {
    var known: Set<String> = []
    return everySending(received).filter { known.insert($0.id).inserted }
  }

  /// With what was sent again, since a kill came before it was kept that it had been sent.
  private static func everySending(_ received: [SinkRequest]) -> [Notice] {
    received.compactMap { try? JSONDecoder().decode(Notice.self, from: Data($0.body)) }
  }

  /// - Parameters:
  ///   - kinds: What is to be told.
  ///   - late: Its `late_after`.
  private func setting(
    crm: String = "http://127.0.0.1:9/", notices: String, kinds: String, source: String = "{}",
    late: String = "15m", store: String = ""
  ) throws -> Setting {
    try Setting(
      """
      server: { listen: "127.0.0.1:0", admin: "127.0.0.1:0" }
      \(store)
      sources: { huggy: \(source) }
      destinations:
        crm:
          url: "\(crm)"
          late_after: \(late)
          retry: { initial: 10ms, max_delay: 50ms }
          circuit: { failures: 2, probe_every: 200ms }
      notify:
        ops: { url: "\(notices)/hooks/s3cret", for: 1s, on: [\(kinds)] }
      routes: [{ name: all, to: crm }]
      """)
  }

  private func started(_ setting: Setting) throws -> (relay: RelayProcess, url: String) {
    let relay = try setting.start()
    return (relay, try #require(relay.ingestURL()) + "/huggy")
  }

  /// It has been up for so long, by its own clock: it has looked a few times, once a second.
  private func waitUntilUp(_ relay: RelayProcess, for seconds: Double) async throws {
    let person = try #require(Operator(relay))
    _ = try await eventually {
      try person.uptime()
    } until: {
      $0 >= seconds
    }
  }

  private func kill(_ relay: RelayProcess) {
    relay.send(signal: SIGKILL)
    _ = relay.waitForExit()
  }

  @Test func aDestinationThatGoesDownAndComesBackIsToldTwiceAlsoOverKills() async throws {
    let told = Received()
    let receiver = Sink(settings: SinkSettings(listen: anyPort())) { told.note($0) }
    let crm = Sink(settings: SinkSettings(listen: anyPortOfOwnHost())) { _ in }
    let address = try await crm.start()
    await crm.stop()
    let setting = try setting(
      crm: "http://\(address)/", notices: "http://\(try await receiver.start())", kinds: "down")

    var (relay, url) = try started(setting)
    for number in 0..<3 { #expect(try post(envelope(("a", #""id":\#(number)"#)), to: url).status == 200) }
    #expect(told.wait { Self.notices($0).count == 1 })
    #expect(relay.waitForLine(containing: "notice sent", "down began") != nil)
    kill(relay)

    // It goes on: nothing is begun anew.
    (relay, url) = try started(setting)
    #expect(relay.waitForLine(containing: "attempt failed") != nil)
    try await waitUntilUp(relay, for: 4)
    #expect(Self.notices(told.all).count == 1)
    kill(relay)

    // It ends while the relay is down.
    try await crm.start()
    (relay, url) = try started(setting)
    #expect(told.wait { Self.notices($0).count == 2 })
    #expect(relay.waitForLine(containing: "notice sent", "down ended") != nil)
    kill(relay)
    (relay, url) = try started(setting)
    try await waitUntilUp(relay, for: 4)
    relay.send(signal: SIGTERM)
    #expect(relay.waitForExit() == 0)
    let notices = Self.notices(told.all)
    #expect(notices.map(\.text) == ["down began", "down ended"])
    #expect(notices.allSatisfy { $0.subject == ["destination": "crm"] })
    #expect(!relay.log.contains { $0.contains("s3cret") })
    await receiver.stop()
    await crm.stop()
  }

  /// The receiver is not there: who looks is told, and from when on it is there again no longer.
  @Test func aReceiverThatTakesNothingIsShown() async throws {
    let receiver = Sink(settings: SinkSettings(listen: anyPortOfOwnHost())) { _ in }
    let address = try await receiver.start()
    await receiver.stop()
    let setting = try setting(notices: "http://\(address)", kinds: "down")
    let (relay, url) = try started(setting)
    let person = try #require(Operator(relay))
    _ = try post(envelope(("a", #""id":1"#)), to: url)
    _ = try await eventually {
      try person.metric("huggy_relay_notices_failing_seconds{name=\"ops\"}") ?? 0
    } until: {
      $0 > 0
    }
    #expect(try person.metric("huggy_relay_notices_waiting{name=\"ops\"}") == 1)
    #expect(try person.run("status").output.contains("notify: ops has taken nothing"))
    let status = try person.get("/api/v1/status")
    #expect(status.contains(#""notify":[{"name":"ops","format":"json","waiting":1,"failing_since":"2"#))
    #expect(!status.contains("s3cret") && status.contains("refused"))
    try await receiver.start()
    _ = try await eventually {
      try person.metric("huggy_relay_notices_waiting{name=\"ops\"}") ?? 1
    } until: {
      $0 == 0
    }
    #expect(try person.metric("huggy_relay_notices_failing_seconds{name=\"ops\"}") == 0)
    relay.send(signal: SIGTERM)
    #expect(relay.waitForExit() == 0)
    await receiver.stop()
  }

  @Test func aKillBetweenSendingAndRecordingRepeatsTheSameID() async throws {
    let told = Received()
    // It has the notice, and has not answered.
    let receiver = Sink(settings: SinkSettings(listen: anyPortOfOwnHost(), delay: .seconds(120))) {
      told.note($0)
    }
    let address = try await receiver.start()
    let setting = try setting(notices: "http://\(address)", kinds: "reload")
    var (relay, _) = try started(setting)
    let right = try String(contentsOfFile: setting.configuration, encoding: .utf8)
    try setting.rewrite(right + "nonsense: 1\n")
    relay.send(signal: SIGHUP)
    #expect(told.wait { Self.notices($0).count == 1 })
    kill(relay)
    try setting.rewrite(right)
    (relay, _) = try started(setting)
    #expect(told.wait { Self.everySending($0).count == 2 })
    kill(relay)
    let notices = Self.everySending(told.all)
    #expect(notices.map(\.text) == ["reload began", "reload began"] && notices[0].id == notices[1].id)
    await receiver.stop()
  }

  @Test func whatIsNotTakenIsSentAgain() async throws {
    let told = Received()
    let receiver = Sink(settings: SinkSettings(listen: anyPort(), failRate: 0.5, seed: 4)) { told.note($0) }
    let setting = try setting(
      notices: "http://\(try await receiver.start())", kinds: "reload")
    let (relay, _) = try started(setting)
    let right = try String(contentsOfFile: setting.configuration, encoding: .utf8)
    for text in [right + "nonsense: 1\n", right] {
      try setting.rewrite(text)
      let before = told.accepted.count
      relay.send(signal: SIGHUP)
      #expect(told.wait { $0.filter { $0.answeredStatus == 200 }.count > before })
    }
    relay.send(signal: SIGTERM)
    #expect(relay.waitForExit() == 0)
    #expect(Self.notices(told.accepted).map(\.text) == ["reload began", "reload ended"])
    #expect(Set(Self.notices(told.all).map(\.id)).count == 2)
    await receiver.stop()
  }

  /// Room for what is to be told was taken when there was some.
  @Test(.enabled(if: geteuid() == 0, "mounting a file system needs root"))
  func aDiskThatFillsIsToldTwiceAlsoOverAKill() async throws {
    let disk = try TemporaryFolder()
    guard mount("tmpfs", disk.path, "tmpfs", 0, "size=64m,mode=700") == 0 else { return }
    defer { umount2(disk.path, Int32(MNT_DETACH)) }
    let told = Received()
    let receiver = Sink(settings: SinkSettings(listen: anyPort())) { told.note($0) }
    let setting = try setting(
      notices: "http://\(try await receiver.start())", kinds: "store",
      store: "store: { url: \"sqlite:\(disk.path)/relay.db\" }")
    var (relay, url) = try started(setting)
    let ballast = disk.path + "/ballast"
    let file = open(ballast, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
    let block = [UInt8](repeating: 0, count: 4_096)
    while write(file, block, block.count) > 0 {}
    // What a start needs to get anywhere.
    ftruncate(file, lseek(file, 0, SEEK_END) - (512 << 10))
    close(file)
    // Whoever looks before an envelope finds the disk full.
    _ = try await eventually {
      try post(envelope(("a", #""id":1"#)), to: url).status
    } until: {
      $0 == 503
    }
    #expect(told.wait { Self.notices($0).count == 1 })
    #expect(relay.waitForLine(containing: "notice sent", "store began") != nil)
    kill(relay)

    (relay, url) = try started(setting)
    _ = try post(envelope(("a", #""id":2"#)), to: url)
    try await waitUntilUp(relay, for: 4)
    #expect(Self.notices(told.all).count == 1, "\(Self.notices(told.all))")
    #expect(unlink(ballast) == 0)
    #expect(told.wait { Self.notices($0).count == 2 })
    relay.send(signal: SIGTERM)
    #expect(relay.waitForExit() == 0)
    let notices = Self.notices(told.all)
    #expect(notices.map(\.text) == ["store began", "store ended"])
    #expect(notices.allSatisfy { $0.subject == ["store": "refuses"] })
    await receiver.stop()
  }

  @Test func newDeadLettersAreToldAtOnceAndOldOnesNever() async throws {
    let told = Received()
    let receiver = Sink(settings: SinkSettings(listen: anyPort())) { told.note($0) }
    let crm = Sink(settings: SinkSettings(listen: anyPort(), status: 422)) { _ in }
    let setting = try setting(
      crm: "http://\(try await crm.start())/", notices: "http://\(try await receiver.start())", kinds: "dead")
    var (relay, url) = try started(setting)
    _ = try post(envelope(("a", #""id":1"#)), to: url)
    #expect(told.wait { Self.notices($0).count == 1 })
    #expect(relay.waitForLine(containing: "notice sent", "dead began") != nil)
    _ = try post(envelope(("a", #""id":2"#)), to: url)
    kill(relay)
    (relay, url) = try started(setting)
    try await waitUntilUp(relay, for: 4)
    relay.send(signal: SIGTERM)
    #expect(relay.waitForExit() == 0)
    #expect(Self.notices(told.all).map(\.text) == ["dead began"])
    await receiver.stop()
    await crm.stop()
  }

  @Test func aSourceWhoseTokenHasChangedIsTold() async throws {
    let told = Received()
    let receiver = Sink(settings: SinkSettings(listen: anyPort())) { told.note($0) }
    let setting = try setting(
      notices: "http://\(try await receiver.start())", kinds: "refused", source: "{ token: the-old-token }")
    let (relay, url) = try started(setting)
    let envelope = Array(#"{"messages":{"a":[{"id":1}]},"token":"the-new-token"}"#.utf8)
    _ = try await eventually {
      let status = try post(envelope, to: url).status
      #expect(status == 401)
      return Self.notices(told.all).count
    } until: {
      $0 == 1
    }
    let notice = try #require(Self.notices(told.all).first)
    #expect(notice.text == "refused began" && notice.subject == ["source": "huggy"])
    #expect(notice.message.contains("answered 401") && !notice.message.contains("token"))
    relay.send(signal: SIGTERM)
    #expect(relay.waitForExit() == 0)
    await receiver.stop()
  }

  @Test func aSourceThatFallsSilentAndIsHeardAgainIsToldTwiceAlsoOverAKill() async throws {
    let told = Received()
    let receiver = Sink(settings: SinkSettings(listen: anyPort())) { told.note($0) }
    let crm = Sink(settings: SinkSettings(listen: anyPort())) { _ in }
    let setting = try setting(
      crm: "http://\(try await crm.start())/", notices: "http://\(try await receiver.start())",
      kinds: "quiet",
      source: "{ quiet_after: 2s }")
    var (relay, url) = try started(setting)
    _ = try post(envelope(("a", #""id":1"#)), to: url)
    #expect(told.wait { Self.notices($0).count == 1 })
    #expect(relay.waitForLine(containing: "notice sent", "quiet began") != nil)
    kill(relay)
    (relay, url) = try started(setting)
    try await waitUntilUp(relay, for: 4)
    #expect(Self.notices(told.all).count == 1)
    // It is heard for as long as an end has to last before it is told.
    var number = 1
    _ = try await eventually {
      number += 1
      _ = try post(envelope(("a", #""id":\#(number)"#)), to: url)
      return Self.notices(told.all).count
    } until: {
      $0 >= 2
    }
    relay.send(signal: SIGTERM)
    #expect(relay.waitForExit() == 0)
    let notices = Self.notices(told.all).prefix(2)
    #expect(notices.map(\.text) == ["quiet began", "quiet ended"])
    #expect(notices.allSatisfy { $0.subject == ["source": "huggy"] })
    await receiver.stop()
    await crm.stop()
  }

  @Test func whatIsDueForTooLongIsToldAndAPauseEndsIt() async throws {
    let told = Received()
    let receiver = Sink(settings: SinkSettings(listen: anyPort())) { told.note($0) }
    let setting = try setting(
      notices: "http://\(try await receiver.start())", kinds: "late", late: "1s")
    let relay = try setting.start()
    let person = try #require(Operator(relay))
    let url = try #require(relay.ingestURL()) + "/huggy"
    // More than the probes of its open circuit come to: each puts off the next attempt of one.
    for number in 0..<50 { _ = try post(envelope(("a", #""id":\#(number)"#)), to: url) }
    #expect(told.wait { Self.notices($0).count == 1 })
    #expect(try person.run("pause", "crm").status == 0)
    #expect(told.wait { Self.notices($0).count == 2 })
    relay.send(signal: SIGTERM)
    #expect(relay.waitForExit() == 0)
    #expect(Self.notices(told.all).map(\.text) == ["late began", "late ended"])
    await receiver.stop()
  }

  @Test func aTestShowsTheAnswerAndSaysWhetherItWasTaken() async throws {
    let told = Received()
    let receiver = Sink(settings: SinkSettings(listen: anyPort())) { told.note($0) }
    let setting = try setting(
      notices: "http://\(try await receiver.start())", kinds: "down")
    let text = try String(contentsOfFile: setting.configuration, encoding: .utf8)
    try setting.rewrite(
      text.replacing(
        "notify:", with: "notify:\n  nobody: { url: \"http://127.0.0.1:9/hooks/s3cret\", format: slack }"))
    let relay = try setting.start()
    let person = try #require(Operator(relay))
    let good = try person.run("notify", "test", "ops")
    #expect(good.status == 0 && good.output.contains("status 200: it was taken"))
    #expect(told.wait { $0.count == 1 })
    #expect(Self.notices(told.all).first?.kind == "test")
    let bad = try person.run("notify", "test", "nobody")
    #expect(bad.status == 1 && bad.output.contains("no answer: "))
    #expect(!(bad.output + bad.errors).contains("s3cret"))
    let unknown = try person.run("notify", "test", "op")
    #expect(unknown.status == 1 && unknown.errors.contains("did you mean 'ops'?"))
    #expect(try person.get("/api/v1/audit").contains(#""what":"notify/test""#))
    relay.send(signal: SIGTERM)
    #expect(relay.waitForExit() == 0)
    await receiver.stop()
  }

  @Test func aHeartbeatIsSentWhileItIsReady() async throws {
    let receiver = Sink(settings: SinkSettings(listen: anyPort())) { _ in }
    let setting = try setting(
      notices: "http://\(try await receiver.start())", kinds: "down")
    let text = try String(contentsOfFile: setting.configuration, encoding: .utf8)
    try setting.rewrite(
      text.replacing("for: 1s, on: [down]", with: "format: heartbeat, every: 1s"))
    let relay = try setting.start()
    let person = try #require(Operator(relay))
    _ = try await eventually {
      try person.metric("huggy_relay_notices_total{name=\"ops\",outcome=\"sent\"}") ?? 0
    } until: {
      $0 >= 3
    }
    relay.send(signal: SIGTERM)
    #expect(relay.waitForExit() == 0)
    await receiver.stop()
  }
}
