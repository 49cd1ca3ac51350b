import Foundation
import Glibc
import RelayThreads

/// A pseudo-terminal, at which a command is run as a person would.
enum Terminal {
  /// - Parameter typed: What the person types, before they are asked.
  /// - Returns: The exit status, and all that the terminal showed.
  static func run(_ arguments: [String], typed: String) throws -> (status: Int32, shown: String) {
    var (ours, theirs): (Int32, Int32) = (-1, -1)
    guard openpty(&ours, &theirs, nil, nil, nil) == 0 else { throw POSIXError(.EIO) }
    defer { close(ours) }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: Setting.binary)
    process.arguments = arguments
    let terminal = FileHandle(fileDescriptor: theirs, closeOnDealloc: false)
    process.standardInput = terminal
    process.standardOutput = terminal
    process.standardError = terminal
    try process.run()
    close(theirs)
    let bytes = Array(typed.utf8)
    _ = write(ours, bytes, bytes.count)
    // At its end a terminal gives EIO.
    let shown = Locked("")
    let terminalEnd = ours
    let reader = WorkerThread(name: "terminal") {
      var buffer = [UInt8](repeating: 0, count: 4_096)
      while true {
        let count = read(terminalEnd, &buffer, buffer.count)
        if count < 0 && errno == EINTR { continue }
        guard count > 0 else { return }
        shown.withLock { $0 += String(decoding: buffer[..<count], as: UTF8.self) }
      }
    }
    process.waitUntilExit()
    reader.join()
    return (process.terminationStatus, shown.withLock { $0 })
  }
}
