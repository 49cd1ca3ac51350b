import RelayCore
import RelayThreads

/// Keeps searches that follow each other without end from standing on the store's log: SQLite moves it into the file with a
/// commit, and writes it over from its beginning only while nobody reads it. So once it is full, searches stand aside until
/// that has been done: a commit or two later, under load.
final class LogGate: Sendable {
  private enum State {
    case open
    /// The log is full.
    case closed
    /// No commit has come for as long as a search waits: it is moved later.
    case givenUp
  }

  private let state = Monitor(State.open)
  private let patience: Duration

  /// - Parameter patience: How long a search waits: three of its steps, by the end of which whoever reads has come to wait, too.
  init(patience: Duration = .milliseconds(30)) {
    self.patience = patience
  }

  var isFull: Bool { state.update { $0 != .open } }

  /// Before a search's step.
  func pass() {
    let isOpen: Void? = state.wait(timeout: patience) { state in state == .closed ? nil : () }
    guard isOpen == nil else { return }
    state.update { state in if state == .closed { state = .givenUp } }
  }

  /// - Parameter isFull: Else it has been begun anew.
  func log(isFull: Bool) {
    state.update { $0 = isFull ? .closed : .open }
  }
}

/// Tells the gate how the log is: what the store's thread does for it after each commit. Confined to that thread.
struct LogWatch {
  private let gate: LogGate
  private let fullBytes: Int64
  private var isFull = false

  /// - Parameter fullBytes: SQLite moves it from then on.
  init(_ gate: LogGate, fullBytes: Int) {
    self.gate = gate
    self.fullBytes = Int64(fullBytes)
  }

  mutating func committed(logEnd: Int64) {
    let isFull = logEnd >= fullBytes
    guard isFull != self.isFull else { return }
    self.isFull = isFull
    gate.log(isFull: isFull)
  }
}
