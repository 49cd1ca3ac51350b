import Glibc
import RelayThreads

/// Writes the log's lines to a descriptor, on a thread of its own: whoever logs never waits for who reads.
///
/// A pipe that nobody reads, a terminal that stands still, a disk that hangs: lines wait in memory, and what does not
/// fit is left out, counted and told. A pipe whose reader has gone, a full disk: the lines are lost, counted, and told
/// with the first line that can be written again.
package final class LogWriter: Sendable {
  private struct State: Sendable {
    var queue: LogQueue
    var isWriting = false
    var isClosed = false
  }

  private let state: Monitor<State>
  /// Lines that were left out or could not be written, since the start.
  package let dropped = Counter()

  /// - Parameters:
  ///   - descriptor: Stays open as long as the process lives.
  ///   - limit: How many bytes may wait.
  ///   - gap: The line, with its end, that tells how many are missing where it stands.
  package init(
    descriptor: Int32, limit: Int = 1 << 20, gap: @escaping @Sendable (_ missing: Int) -> [UInt8]
  ) {
    let state = Monitor(State(queue: LogQueue(limit: limit)))
    self.state = state
    let dropped = dropped
    // The thread does not hold the writer, which ends it when it goes.
    _ = WorkerThread(name: "log") {
      blockBrokenPipeSignal()
      var output = LogOutput(descriptor: descriptor)
      while let entry = Self.next(state) {
        let isWritten: Bool
        switch entry {
        case .line(let line): isWritten = output.write(line)
        case .leftOut(let count): isWritten = output.write(gap(count))
        }
        if !isWritten { dropped.add(state.update { $0.queue.fail(entry) }) }
      }
    }
  }

  deinit {
    state.update { $0.isClosed = true }
  }

  /// Takes a line, with its end. Never waits for its being written.
  package func write(_ line: [UInt8]) {
    let isTaken = state.change { state in
      // A thread that is busy looks by itself.
      (state.queue.append(line), wakes: !state.isWriting)
    }
    if !isTaken { dropped.add() }
  }

  /// Waits until all lines are written, at most so long.
  ///
  /// - Returns: false: some are not.
  @discardableResult
  package func flush(within limit: Duration) -> Bool {
    state.wait(timeout: limit) { !$0.isWriting && $0.queue.isIdle ? true : nil } ?? false
  }

  /// The next entry, when there is one; nil: the writer has gone, and all is written.
  private static func next(_ state: Monitor<State>) -> LogQueue.Entry? {
    state.update { $0.isWriting = false }
    return state.wait { state -> MonitorStep<LogQueue.Entry?> in
      if let entry = state.queue.next() {
        state.isWriting = true
        return .done(entry)
      }
      return state.isClosed ? .done(nil) : .sleep(nil)
    }
  }
}

/// A pipe whose reader has gone is an error of the write, not the process's end.
private func blockBrokenPipeSignal() {
  var signals = sigset_t()
  sigemptyset(&signals)
  sigaddset(&signals, SIGPIPE)
  pthread_sigmask(SIG_BLOCK, &signals, nil)
}

/// A descriptor that takes whole lines, or none.
struct LogOutput {
  let descriptor: Int32
  /// A line broke off: what comes next begins on a line of its own.
  private var isTorn = false

  init(descriptor: Int32) {
    self.descriptor = descriptor
  }

  /// Waits as long as the descriptor takes nothing.
  ///
  /// - Returns: false: it can't be written there.
  mutating func write(_ line: [UInt8]) -> Bool {
    // One write a line where the system lets us: lines of other processes on the same pipe don't mix with it.
    let bytes = isTorn ? [UInt8(ascii: "\n")] + line : line
    var written = 0
    var refusals = 0
    while written < bytes.count {
      let count = bytes.withUnsafeBytes {
        Glibc.write(descriptor, $0.baseAddress! + written, $0.count - written)
      }
      if count > 0 {
        written += count
        refusals = 0
      } else if count < 0 && errno == EAGAIN {
        // Somebody who shares the descriptor set O_NONBLOCK on it.
        waitForRoom(again: refusals > 0)
        refusals += 1
      } else if count == 0 || errno != EINTR {
        // The line end that a torn line gets first may be all that was written.
        isTorn = isTorn ? written != 1 : written > 0
        return false
      }
    }
    isTorn = false
    return true
  }

  private func waitForRoom(again: Bool) {
    var entry = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
    poll(&entry, 1, -1)
    // It said that there is room, and took nothing: not over and over at once.
    if again { poll(nil, 0, 10) }
  }
}
