import Foundation
import Glibc
import RelayPostgresSupport
import RelayThreads
import Testing

@testable import RelayPostgres

/// A process of its own that is a node as far as the server sees: psql, with the statement that takes a slot.
final class NodeChild {
  enum Signal: Int32 {
    case kill = 9
    case stop = 19
    case `continue` = 18
  }

  private struct State: Sendable {
    var lines: [String] = []
    var isOver = false
  }

  private let process = Process()
  private let input = Pipe()
  private let state = Monitor(State())
  private(set) var slot = -1
  private var questions = 0

  init(_ bench: NodeBench, key: StoreKey) throws {
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["psql", "-X", "-q", "-A", "-t", bench.database.url]
    process.standardInput = input
    let output = Pipe()
    process.standardOutput = output
    process.standardError = output
    try process.run()
    try output.fileHandleForWriting.close()
    let (state, reading) = (state, output.fileHandleForReading)
    _ = WorkerThread.start(name: "psql") {
      var pending = ""
      while case let data = reading.availableData, !data.isEmpty {
        pending += String(decoding: data, as: UTF8.self)
        while let end = pending.firstIndex(of: "\n") {
          let line = String(pending[..<end])
          state.update { $0.lines.append(line) }
          pending.removeSubrange(...end)
        }
      }
      state.update { $0.isOver = true }
    }
    say("\\set VERBOSITY verbose")
    say("SET search_path = \(Schema.name);")
    say("PREPARE take (int4, text, text, text) AS \(SlotStatements.take.sql);")
    let row = try #require(ask("EXECUTE take (\(key.value), 'child', '1.2.3', 'cafe')"))
    slot = Int(row.prefix { $0 != "|" }) ?? -1
  }

  deinit {
    // One that was stopped ends, too.
    if process.isRunning { send(signal: .kill) }
    process.waitUntilExit()
  }

  func send(signal: Signal) { kill(process.processIdentifier, signal.rawValue) }

  /// - Returns: What it has answered, each line, also of errors; nil: it took too long.
  func ask(_ sql: String) -> String? {
    questions += 1
    let mark = "answered-\(questions)"
    let before = state.update { $0.lines.count }
    say("\(sql);\n\\echo \(mark)")
    return state.wait(timeout: NodeBench.limit) { state -> String? in
      let lines = state.lines[before...]
      guard let end = lines.firstIndex(of: mark) ?? (state.isOver ? lines.endIndex : nil) else { return nil }
      return lines[..<end].joined(separator: "\n")
    }
  }

  private func say(_ text: String) {
    // Who has been killed does not listen: the write's error says nothing new.
    try? input.fileHandleForWriting.write(contentsOf: Data("\(text)\n".utf8))
  }
}
