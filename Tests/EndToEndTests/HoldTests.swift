import Foundation
import RelayHarness
import RelayThreads
import Testing

/// A destination that asks to be left alone for an hour, and a person who knows better.
@Suite struct HoldTests {
  private func yaml(_ receiver: HoldingReceiver, isPaused: Bool = false) -> String {
    """
    server: { listen: "127.0.0.1:0", admin: "127.0.0.1:0" }
    sources: { huggy: {} }
    destinations: { crm: { url: "http://127.0.0.1:\(receiver.port)/", paused: \(isPaused) } }
    routes: [{ name: all, to: crm }]
    """
  }

  private func heldRelay(_ setting: Setting, _ receiver: HoldingReceiver) async throws -> RelayProcess {
    let relay = try setting.start()
    let url = try #require(relay.ingestURL())
    let person = try #require(Operator(relay))
    #expect(try post(envelope(("a", #""id":1"#)), to: url + "/huggy").status == 200)
    let status = try await eventually {
      try person.run("status").output
    } until: {
      $0.contains("held by Retry-After until") || $0.contains("failing")
    }
    #expect(!status.split(whereSeparator: { !$0.isLetter }).contains("ok"), "\(status)")
    _ = try await eventually {
      try person.get("/api/v1/status")
    } until: {
      !$0.contains(#""held_until":null"#)
    }
    #expect(receiver.count == 1)
    return relay
  }

  @Test func resumeLiftsAHoldAndSaysSo() async throws {
    let receiver = try HoldingReceiver()
    let setting = try Setting(yaml(receiver))
    let relay = try await heldRelay(setting, receiver)
    let person = try #require(Operator(relay))
    let resumed = try person.run("resume", "crm")
    #expect(resumed.status == 0)
    #expect(resumed.output.contains("lifted what it asked for with Retry-After"), "\(resumed.output)")
    let delivered = try await eventually {
      try person.destination("crm")?.delivered
    } until: {
      $0 == 1
    }
    #expect(delivered == 1)
    #expect(try person.run("resume", "crm").output.contains("neither paused nor held"))
    relay.send(signal: SIGTERM)
    #expect(relay.waitForExit() == 0)
    receiver.stop()
  }

  @Test func resumeOfOneThatTheFilePausesIsAConflictAndLiftsTheHoldAllTheSame() async throws {
    let receiver = try HoldingReceiver()
    let setting = try Setting(yaml(receiver))
    let relay = try await heldRelay(setting, receiver)
    let person = try #require(Operator(relay))
    try setting.rewrite(yaml(receiver, isPaused: true))
    #expect(try person.run("reload").status == 0)
    let refused = try person.run("resume", "crm")
    #expect(refused.status == 1)
    #expect(
      refused.errors.contains("routes.yaml:3") && refused.errors.contains("hold until"), "\(refused.errors)")
    try setting.rewrite(yaml(receiver))
    #expect(try person.run("reload").status == 0)
    let delivered = try await eventually {
      try person.destination("crm")?.delivered
    } until: {
      $0 == 1
    }
    #expect(delivered == 1)
    relay.send(signal: SIGTERM)
    #expect(relay.waitForExit() == 0)
    receiver.stop()
  }
}

/// Answers the first request with 503 and an hour of `Retry-After`, others with 200. A connection a request.
private final class HoldingReceiver: Sendable {
  private let requests: Locked<Int>
  private let listener: RequestListener

  var port: Int { listener.port }
  var count: Int { requests.withLock { $0 } }

  init() throws {
    let requests = Locked(0)
    self.requests = requests
    listener = try RequestListener { connection in
      let number = requests.withLock { count in
        count += 1
        return count
      }
      RequestListener.answer(connection, number == 1 ? "503 Later\r\nRetry-After: 3600" : "200 OK")
    }
  }

  func stop() { listener.stop() }
}
