import NIOConcurrencyHelpers
import NIOCore
import RelayPipeline

/// Replies on their way from other threads to the connections of one event loop. Those of one commit come together: the loop is
/// woken once for them, not once for each that finds it asleep again.
final class ReplyQueue: Sendable {
  private struct Entry {
    let connection: NIOLoopBound<IngestHandler>
    let reply: IngestReply
  }

  private struct Waiting {
    var entries: [Entry] = []
    /// More come in a moment, and then the loop is woken.
    var isGathering = false
  }

  private let eventLoop: any EventLoop
  private let waiting = NIOLockedValueBox(Waiting())

  init(eventLoop: any EventLoop) {
    self.eventLoop = eventLoop
  }

  /// From any thread. On the loop itself it is given at once.
  func give(_ reply: IngestReply, to connection: NIOLoopBound<IngestHandler>) {
    if eventLoop.inEventLoop { return connection.value.answered(reply) }
    let wakes = waiting.withLockedValue { waiting in
      waiting.entries.append(Entry(connection: connection, reply: reply))
      return waiting.entries.count == 1 && !waiting.isGathering
    }
    if wakes { wake() }
  }

  func beginGathering() {
    waiting.withLockedValue { $0.isGathering = true }
  }

  func endGathering() {
    let hasEntries = waiting.withLockedValue { waiting in
      waiting.isGathering = false
      return !waiting.entries.isEmpty
    }
    if hasEntries { wake() }
  }

  private func wake() {
    eventLoop.execute { [self] in
      let entries = waiting.withLockedValue { waiting in
        defer { waiting.entries = [] }
        return waiting.entries
      }
      for entry in entries { entry.connection.value.answered(entry.reply) }
    }
  }
}
