import Foundation
import RelayCore
import RelayCurl
import RelayHarness
import RelaySQLite
import RelayThreads
import RelayTools

/// A folder with a configuration, and the relay's real binary started in it as often as a test likes.
final class Setting: Sendable {
  let folder: TemporaryFolder
  let configuration: String

  init(_ routesYAML: String) throws {
    folder = try TemporaryFolder()
    configuration = try folder.write(routesYAML, to: "routes.yaml")
  }

  /// The binary that the test was built with: it stands beside the test bundle.
  static let binary: String = {
    let bundle = Bundle.allBundles.map(\.bundleURL).first { $0.pathExtension == "xctest" }
    let folder = bundle?.deletingLastPathComponent() ?? Bundle.main.bundleURL
    return folder.appendingPathComponent("huggy-relay").path
  }()

  var database: String { folder.path + "/data/relay.db" }

  /// Another text for the same file.
  func rewrite(_ routesYAML: String) throws {
    _ = try folder.write(routesYAML, to: "routes.yaml")
  }

  func start(_ arguments: String...) throws -> RelayProcess {
    try RelayProcess(
      executable: Self.binary,
      arguments: ["serve", "--config", configuration, "--log-format", "json"] + arguments)
  }

  /// Started as systemd does it where a .socket unit listens.
  func start(passing socket: Int32) throws -> RelayProcess {
    try RelayProcess(
      executable: Self.binary, arguments: ["serve", "--config", configuration, "--log-format", "json"],
      passing: socket)
  }

  /// Runs another of its commands to its end.
  ///
  /// - Parameter environment: Added to this process's own.
  static func run(
    _ arguments: [String], input: [UInt8] = [], environment: [String: String] = [:]
  ) throws -> (status: Int32, output: String, errors: String) {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: binary)
    process.arguments = arguments
    if !environment.isEmpty {
      process.environment = ProcessInfo.processInfo.environment.merging(environment) { _, new in new }
    }
    let (standardInput, output, errors) = (Pipe(), Pipe(), Pipe())
    process.standardInput = standardInput
    process.standardOutput = output
    process.standardError = errors
    try process.run()
    // A command that has ended meanwhile reads nothing.
    try? standardInput.fileHandleForWriting.write(contentsOf: Data(input))
    try standardInput.fileHandleForWriting.close()
    let errorText = Locked("")
    let reader = WorkerThread(name: "errors") {
      let data = errors.fileHandleForReading.readDataToEndOfFile()
      errorText.withLock { $0 = String(decoding: data, as: UTF8.self) }
    }
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    reader.join()
    return (process.terminationStatus, text, errorText.withLock { $0 })
  }
}

/// What a sink got, in the order in which it came.
final class Received: Sendable {
  private let requests = Monitor<[SinkRequest]>([])

  var all: [SinkRequest] { requests.update { $0 } }

  /// Those that the sink accepted.
  var accepted: [SinkRequest] { all.filter { (200..<300).contains($0.answeredStatus) } }

  func note(_ request: SinkRequest) {
    requests.update { $0.append(request) }
  }

  /// Waits until the requests satisfy a condition; false: it took too long.
  func wait(within limit: Duration = .seconds(60), until isEnough: ([SinkRequest]) -> Bool) -> Bool {
    requests.wait(timeout: limit) { isEnough($0) ? true : nil } ?? false
  }
}

/// The example envelopes of the platform's own page.
enum Fixtures {
  static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("Fixtures")

  static let names: [String] = {
    let files = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    return files.filter { $0.hasSuffix(".json") }.sorted()
  }()

  static func envelope(_ name: String) -> [UInt8] {
    Array(FileManager.default.contents(atPath: folder.appendingPathComponent(name).path) ?? Data())
  }

  static func path(_ name: String) -> String { folder.appendingPathComponent(name).path }
}

func post(_ body: [UInt8], to url: String) throws -> BlockingResponse {
  try BlockingClient().send(method: "POST", url: url, headers: [], body: body, timeout: .seconds(30))
}

func anyPort() -> ListenAddress { ListenAddress(host: "127.0.0.1", port: 0) }

private let ownHosts = Locked(0)

/// Any port of a loopback address that no other test uses: whoever gives a port of 127.0.0.1 back and counts on its
/// staying free, or on getting it again, may find another test there.
func anyPortOfOwnHost() -> ListenAddress {
  let number = ownHosts.withLock { count in
    count += 1
    return count
  }
  return ListenAddress(host: "127.83.0.\(number)", port: 0)
}

/// What was waited for did not come in time.
struct NotInTime: Error, CustomStringConvertible {
  let description: String
}

/// Asks again and again until the answer is the one that is waited for: for what the relay tells nobody by itself.
///
/// - Throws: `NotInTime` with the last answer, if that takes longer than `limit`.
func eventually<Value>(
  within limit: Duration = .seconds(60), _ ask: () throws -> Value, until isEnough: (Value) -> Bool
) async throws -> Value {
  let end = ContinuousClock.now.advanced(by: limit)
  while true {
    let value = try ask()
    if isEnough(value) { return value }
    guard ContinuousClock.now < end else {
      throw NotInTime(description: "after \(limit) the answer is still: \(value)")
    }
    try await Task.sleep(for: .milliseconds(10))
  }
}
