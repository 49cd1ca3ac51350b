import Foundation
import RelayHarness
import RelayThreads
import Testing

/// Files that events point to, with the real binary and an origin that speaks TLS.
@Suite(.timeLimit(.minutes(15))) struct AttachmentTests {
  private struct Event: Decodable {
    struct File: Decodable {
      var place: Int
      var state: String
      var bytes: Int?
      var sha256: String?
      var reason: String?
    }

    var attachments: [File]
  }

  private func files(of event: String, _ person: Operator) throws -> [Event.File] {
    let answer = try person.get("/api/v1/events/\(event)")
    return try JSONDecoder().decode(Event.self, from: Data(answer.utf8)).attachments
  }

  private func start(_ setting: Setting, believing origin: Origin) throws -> RelayProcess {
    try RelayProcess(
      executable: Setting.binary,
      arguments: ["serve", "--config", setting.configuration, "--log-format", "json"],
      environment: ["CURL_CA_BUNDLE": origin.certificate])
  }

  private func configuration(_ attachments: String) -> String {
    """
    server: { listen: "127.0.0.1:0", admin: "127.0.0.1:0" }
    sources: { huggy: { attachments: \(attachments) } }
    destinations: { crm: { url: "http://127.0.0.1:9/", paused: true } }
    routes: [{ name: all, to: crm }]
    """
  }

  @Test func aFileIsThereAfterItsOriginHasGoneAndAfterACrash() async throws {
    let origin = try Origin()
    let picture = Array((0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ $0 >> 8) })
    try origin.publish("picture.png", picture)
    let setting = try Setting(
      configuration("{ hosts: localhost, allow: [127.0.0.1, \"::1\"] }"))
    let relay = try start(setting, believing: origin)
    let (url, person) = (try #require(relay.ingestURL()), try #require(Operator(relay)))
    let receipt = try answer(
      to: envelope(("receivedMessage", "\"file\":\"\(origin.url)/picture.png\",\"number\":1")), at: url)
    let event = receipt.events[0]
    let fetched = try await eventually {
      try files(of: event, person)
    } until: {
      $0.first?.state == "fetched"
    }
    #expect(fetched.first?.bytes == picture.count)
    origin.stop()
    relay.send(signal: SIGKILL)
    #expect(relay.waitForExit() == 128 + SIGKILL)

    let second = try start(setting, believing: origin)
    _ = try #require(second.ingestURL())
    let again = try #require(Operator(second))
    #expect(try files(of: event, again).first?.sha256 == fetched.first?.sha256)
    let hash = try #require(fetched.first?.sha256)
    let path =
      "\(setting.database).attachments/files/\(hash.prefix(2))/\(hash.dropFirst(2).prefix(2))/\(hash)"
    #expect(FileManager.default.contents(atPath: path).map { Array($0) } == picture)
    #expect(try again.run("event", event).output.contains("file 0: fetched"))
    #expect(try again.run("status").output.contains("attachments 29"))

    let erased = try again.run("erase", "--event", event, "--reason", "ticket 1", "--yes")
    #expect(erased.output.contains("1 attachment removed"), "\(erased)")
    #expect(!FileManager.default.fileExists(atPath: path))
    #expect(try files(of: event, again).first?.state == "ended")
    second.send(signal: SIGTERM)
    #expect(second.waitForExit() == 0)
  }

  @Test func anOriginOnLoopbackIsNotAskedUnlessItIsAllowed() async throws {
    let origin = try Origin()
    try origin.publish("secret.txt", Array("secret".utf8))
    let setting = try Setting(configuration("{ hosts: localhost }"))
    let relay = try start(setting, believing: origin)
    let (url, person) = (try #require(relay.ingestURL()), try #require(Operator(relay)))
    let receipt = try answer(
      to: envelope(("receivedMessage", "\"fileUrl\":\"\(origin.url)/secret.txt\"")), at: url)
    let failed = try await eventually {
      try files(of: receipt.events[0], person)
    } until: {
      $0.first?.state == "failed"
    }
    #expect(failed.first?.reason?.contains("loopback") == true)
    #expect(try person.metric("huggy_relay_attachments_total{outcome=\"refused\"}") == 1)
    #expect(!relay.log.contains { $0.contains("secret.txt") })
    relay.send(signal: SIGTERM)
    #expect(relay.waitForExit() == 0)
    origin.stop()
  }
}

/// A server of files over TLS for `localhost`: OpenSSL's own.
final class Origin: Sendable {
  let folder: TemporaryFolder
  let certificate: String
  let url: String
  private let process: Locked<Process>

  init() throws {
    let folder = try TemporaryFolder()
    self.folder = folder
    certificate = "\(folder.path)/certificate.pem"
    let key = "\(folder.path)/key.pem"
    let request = try Self.openssl(
      [
        "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
        "-subj",
        "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", key, "-out", certificate,
      ], in: folder.path, output: FileHandle.nullDevice)
    request.waitUntilExit()
    let output = Pipe()
    let server = try Self.openssl(
      ["s_server", "-WWW", "-accept", "127.0.0.1:0", "-cert", certificate, "-key", key], in: folder.path,
      output: output)
    process = Locked(server)
    var text = ""
    while !text.contains("ACCEPT 127.0.0.1:") || text.last != "\n" {
      let piece = output.fileHandleForReading.availableData
      guard !piece.isEmpty else { throw NotInTime(description: "the origin does not start: \(text)") }
      text += String(decoding: piece, as: UTF8.self)
    }
    let port = text.split(separator: "ACCEPT 127.0.0.1:").last?.prefix { $0.isNumber } ?? ""
    url = "https://localhost:\(port)"
  }

  func publish(_ name: String, _ bytes: [UInt8]) throws {
    try Data(bytes).write(to: URL(filePath: "\(folder.path)/\(name)"))
  }

  func stop() {
    process.withLock {
      // It would not heed SIGTERM: the thread that started it blocks that, and so does it.
      if $0.isRunning { kill($0.processIdentifier, SIGKILL) }
    }
  }

  deinit { stop() }

  private static func openssl(_ arguments: [String], in folder: String, output: Any) throws -> Process {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["openssl"] + arguments
    process.currentDirectoryURL = URL(filePath: folder)
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    try process.run()
    return process
  }
}
