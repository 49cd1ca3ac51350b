import Foundation
import RelayThreads

/// Runs a command to its end.
enum ProcessOutput {
  /// - Parameter command: The program, which is looked for on the PATH, and its arguments.
  /// - Returns: What it wrote to both outputs.
  /// - Throws: What it wrote, if it failed.
  static func of(_ command: [String]) throws -> String {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = command
    process.standardInput = FileHandle.nullDevice
    let output = Pipe()
    process.standardOutput = output
    process.standardError = output
    let ended = Monitor<Int32?>(nil)
    process.terminationHandler = { process in ended.update { $0 = process.terminationStatus } }
    try process.run()
    try output.fileHandleForWriting.close()
    let text = String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
    let status = ended.wait { $0.map { .done($0) } ?? .sleep(nil) }
    guard status == 0 else { throw PostgresProblem("\(command.joined(separator: " ")) failed:\n\(text)") }
    return text
  }
}

/// A server does not do what a test wants of it.
package struct PostgresProblem: Error, CustomStringConvertible {
  package let description: String

  init(_ description: String) {
    self.description = description
  }
}
