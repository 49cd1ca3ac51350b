import Foundation
import RelayCore
import RelayThreads
import RelayTools
import Testing

/// Nobody has to read the log.
@Suite struct LogTests {
  @Test func aLogThatNobodyReadsHoldsUpNeitherStartNorPathNorReloadNorStop() async throws {
    let port = try await freePort()
    let admin = try await freePort()
    let setting = try Setting(
      """
      server: { listen: "\(port)", admin: "\(admin)" }
      sources: { huggy: {} }
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
    // Hundreds of lines: none is like another.
    for number in 0..<300 {
      #expect(
        try post(
          Array(#"{"messages":[\#(String(repeating: "1", count: number))x]}"#.utf8),
          to: "http://\(port)/huggy"
        )
        .status == 400)
    }
    #expect(try post(envelope(("a", #""id":2"#)), to: "http://\(port)/huggy").status == 200)
    #expect(try Setting.run(["reload", "--admin", "http://\(admin)"]).status == 0)
    relay.terminate()
    #expect(exitStatus.wait(timeout: .seconds(30)) { $0 } == 0)
  }

  private func freePort() async throws -> ListenAddress {
    let sink = Sink(settings: SinkSettings(listen: anyPort())) { _ in }
    let address = try await sink.start()
    await sink.stop()
    return address
  }
}
