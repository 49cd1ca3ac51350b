import Foundation
import RelayCore
import RelayCurl
import RelayThreads
import RelayTools
import Testing

/// Nobody has to read the log.
@Suite struct LogTests {
  @Test func aLogThatNobodyReadsHoldsUpNeitherStartNorPathNorReloadNorStop() async throws {
    let port = try await freePort()
    let admin = try await freePort()
    // A refusal at each source's path is a line of its own, which tells the path and whom it was for: more than 1 MiB.
    let paths = (0..<850).map { "/\($0)-" + String(repeating: "x", count: 1_000) }
    let sources = paths.enumerated().map { "  s\($0): { path: \"\($1)\" }\n" }.joined()
    let setting = try Setting(
      """
      server: { listen: "\(port)", admin: "\(admin)" }
      sources:
        huggy: {}
      \(sources)
      destinations: { crm: { url: "http://127.0.0.1:9/" } }
      routes: [{ name: all, to: crm }]
      """)
    let log = Pipe()
    let end = log.fileHandleForWriting.fileDescriptor
    _ = fcntl(end, 1_031 /* F_SETPIPE_SZ */, 4_096)
    // Full from the start.
    try log.fileHandleForWriting.write(contentsOf: Data(repeating: UInt8(ascii: "\n"), count: 4_096))
    let relay = Process()
    relay.executableURL = URL(fileURLWithPath: Setting.binary)
    relay.arguments = ["serve", "--config", setting.configuration, "--log-format", "json"]
    relay.standardError = log
    let exitStatus = Monitor<Int32?>(nil)
    relay.terminationHandler = { ended in exitStatus.update { $0 = ended.terminationStatus } }
    try relay.run()
    defer { kill(relay.processIdentifier, SIGKILL) }

    let body = envelope(("a", #""id":1"#))
    let accepted = try await eventually {
      try? post(body, to: "http://\(port)/huggy").status
    } until: {
      $0 == 200
    }
    try #require(accepted == 200)
    let client = BlockingClient()
    for path in paths {
      let answer = try client.send(
        method: "POST", url: "http://\(port)" + path,
        headers: ["x-forwarded-for: " + String(repeating: "y", count: 256)], body: Array("no".utf8),
        timeout: .seconds(30))
      #expect(answer.status == 400)
    }
    let metrics = try BlockingClient().send(
      method: "GET", url: "http://\(admin)/metrics", headers: [], body: nil, timeout: .seconds(30))
    let left = String(decoding: metrics.body, as: UTF8.self).firstMatch(
      of: /\nhuggy_relay_log_lines_dropped_total (\d+)/)
    #expect(try #require(left.flatMap { Int($0.1) }) > 0, "the queue was full")
    #expect(try post(envelope(("a", #""id":2"#)), to: "http://\(port)/huggy").status == 200)
    #expect(try Setting.run(["reload", "--admin", "http://\(admin)"]).status == 0)
    relay.terminate()
    #expect(exitStatus.wait(timeout: .seconds(30)) { $0 } == 0)
  }

  private func freePort() async throws -> ListenAddress {
    let sink = Sink(settings: SinkSettings(listen: anyPortOfOwnHost())) { _ in }
    let address = try await sink.start()
    await sink.stop()
    return address
  }
}
