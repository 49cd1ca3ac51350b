import Foundation
import RelayThreads

/// A running `huggy-relay`, for the demo and the end-to-end tests: started, watched through its log, ended.
package final class RelayProcess: Sendable {
  private struct State: Sendable {
    var lines: [String] = []
    var exitStatus: Int32?
    /// Its log is read to its end.
    var isRead = false
  }

  private let state = Monitor(State())
  package let processID: Int32
  private let reader: WorkerThread

  /// - Parameters:
  ///   - executable: The path of the binary.
  ///   - environment: Added to this process's own.
  ///   - socket: A listening socket of the caller's, which is passed on as systemd does it, and stays the caller's.
  package init(
    executable: String, arguments: [String], environment: [String: String] = [:], passing socket: Int32? = nil
  ) throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: socket == nil ? executable : "/bin/sh")
    process.arguments = arguments
    if let socket {
      // The shell becomes the relay: so it knows the number of its process.
      let script = #"exec 3<&0 </dev/null; LISTEN_PID=$$ LISTEN_FDS=1 exec "$0" "$@""#
      process.arguments = ["-c", script, executable] + arguments
      process.standardInput = FileHandle(fileDescriptor: socket, closeOnDealloc: false)
    }
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { _, new in new }
    let errors = Pipe()
    process.standardError = errors
    process.standardOutput = FileHandle.nullDevice
    let state = state
    process.terminationHandler = { ended in
      let wasSignal = ended.terminationReason == .uncaughtSignal
      state.update { $0.exitStatus = wasSignal ? 128 + ended.terminationStatus : ended.terminationStatus }
    }
    try process.run()
    processID = process.processIdentifier
    let descriptor = errors.fileHandleForReading.fileDescriptor
    reader = WorkerThread(name: "relay log") {
      readLines(of: descriptor) { line in state.update { $0.lines.append(line) } }
      state.update { $0.isRead = true }
      withExtendedLifetime((errors, process)) {}
    }
  }

  /// What it has logged so far.
  package var log: [String] { state.update { $0.lines } }

  /// Waits for a line of the log that holds all these texts.
  package func waitForLine(containing texts: String..., within limit: Duration = .seconds(60)) -> String? {
    state.wait(timeout: limit) { state in
      state.lines.first { line in texts.allSatisfy { line.contains($0) } }
    }
  }

  /// `http://HOST:PORT` of the ingest, once it listens; nil if it does not come up.
  package func ingestURL(within limit: Duration = .seconds(60)) -> String? {
    url(toldBy: "listening", within: limit)
  }

  /// The same of the admin API; `https://…` where it speaks TLS.
  package func adminURL(within limit: Duration = .seconds(60)) -> String? {
    guard let line = line(telling: "admin listens", within: limit) else { return nil }
    guard let start = line.firstRange(of: #""url":""#)?.upperBound else { return nil }
    return String(line[start...].prefix { $0 != "\"" }.dropLast())
  }

  private func url(toldBy message: String, within limit: Duration) -> String? {
    let line = line(telling: message, within: limit)
    guard let line, let start = line.firstRange(of: #""address":""#)?.upperBound else { return nil }
    return "http://" + line[start...].prefix { $0 != "\"" }
  }

  /// The last line of this message; empty: it has ended without one.
  private func line(telling message: String, within limit: Duration) -> String? {
    state.wait(timeout: limit) { state -> String? in
      if state.exitStatus != nil { return "" }
      return state.lines.last { $0.contains(#""message":"\#(message)""#) }
    }
  }

  package func send(signal: Int32) {
    kill(processID, signal)
  }

  /// The exit status; 128 and the signal for one that a signal ended; nil: it still runs.
  package func waitForExit(within limit: Duration = .seconds(60)) -> Int32? {
    guard let status = state.wait(timeout: limit, until: { $0.exitStatus }) else { return nil }
    // What it has logged at last is read by another thread. A child of this process that has just been forked may have the pipe, too.
    _ = state.wait(timeout: .seconds(10)) { $0.isRead ? true : nil }
    return status
  }
}
