import Foundation
import RelayHarness
import RelayTools
import Testing

/// The samples that charts are drawn of, with the relay's real binary.
@Suite struct SeriesTests {
  private struct Series: Decodable {
    struct Destination: Decodable {
      var name: String
      var delivered: [Int?]
      var pending: [Int?]
    }

    struct Source: Decodable {
      var accepted: [Int?]
    }

    var destinations: [Destination]
    var sources: [Source]

    var delivered: Int { destinations.flatMap(\.delivered).reduce(0) { $0 + ($1 ?? 0) } }
    var accepted: Int { sources.flatMap(\.accepted).reduce(0) { $0 + ($1 ?? 0) } }
  }

  private func series(_ person: Operator, _ query: String = "") throws -> Series {
    try JSONDecoder().decode(Series.self, from: Data(try person.get("/api/v1/series\(query)").utf8))
  }

  private func setting(_ sink: Sink) async throws -> Setting {
    try Setting(
      """
      server: { listen: "127.0.0.1:0", admin: "127.0.0.1:0" }
      sources: { huggy: {} }
      destinations: { crm: { url: "http://\(try await sink.start())/" } }
      routes: [{ name: all, to: crm }]
      """)
  }

  /// Broken by samples in memory alone, and by a file that a kill leaves half written.
  @Test func whatWasSampledOutlivesAKill() async throws {
    let sink = Sink(settings: SinkSettings(listen: anyPort())) { _ in }
    let setting = try await setting(sink)
    let relay = try setting.start()
    let person = try #require(Operator(relay))
    let url = try #require(relay.ingestURL())
    #expect(try post(envelope(("createdChat", #""id":1"#)), to: url + "/huggy").status == 200)
    func kept() -> Data? { FileManager.default.contents(atPath: setting.database + ".series") }
    var before = kept()
    let first = try await eventually {
      let shown = try series(person)
      if shown.delivered == 0 { before = kept() }
      return shown
    } until: {
      $0.delivered == 1 && $0.accepted == 1
    }
    #expect(first.destinations.map(\.name) == ["crm"])
    // It is shown a moment before it is written.
    _ = try await eventually {
      kept()
    } until: {
      $0 != before
    }
    relay.send(signal: SIGKILL)
    _ = relay.waitForExit()

    let second = try setting.start()
    let again = try #require(Operator(second))
    let found = try await eventually {
      try series(again)
    } until: {
      $0.delivered == 1
    }
    #expect(found.accepted == 1)
    // A stop keeps what has been counted in the step that is under way, too.
    #expect(
      try post(envelope(("createdChat", #""id":2"#)), to: try #require(second.ingestURL()) + "/huggy").status
        == 200)
    _ = try await eventually {
      try again.destination("crm")?.delivered
    } until: {
      $0 == 2
    }
    second.send(signal: SIGTERM)
    #expect(second.waitForExit() == 0)

    let third = try setting.start()
    let last = try #require(Operator(third))
    _ = try await eventually {
      try series(last)
    } until: {
      $0.delivered == 2 && $0.accepted == 2
    }
    third.send(signal: SIGTERM)
    #expect(third.waitForExit() == 0)
    await sink.stop()
  }

  @Test func aFileOfSomethingElseIsBegunAnew() async throws {
    let sink = Sink(settings: SinkSettings(listen: anyPort())) { _ in }
    let setting = try await setting(sink)
    let file = setting.database + ".series"
    try FileManager.default.createDirectory(
      atPath: setting.folder.path + "/data", withIntermediateDirectories: true)
    try Data("no samples".utf8).write(to: URL(fileURLWithPath: file))
    let relay = try setting.start()
    _ = try #require(relay.ingestURL())
    relay.send(signal: SIGTERM)
    #expect(relay.waitForExit() == 0)
    let contents = try Data(contentsOf: URL(fileURLWithPath: file))
    #expect(contents.starts(with: Data("HUGGYSER".utf8)))
    await sink.stop()
  }
}
