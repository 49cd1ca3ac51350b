import NIOConcurrencyHelpers
import NIOCore
import RelayPipeline
import RelayThreads

/// Replies on their way from other threads to the connections of one event loop. Those of one commit come together: the loop is
/// woken once for them, not once for each that finds it asleep again.
final class ReplyQueue: Sendable {
  private struct Entry {
    let connection: NIOLoopBound<IngestHandler>
    let reply: IngestReply
  }

  private let eventLoop: any EventLoop
  private let waiting = NIOLockedValueBox(GatheringInbox<Entry>())

  init(eventLoop: any EventLoop) {
    self.eventLoop = eventLoop
  }

  /// From any thread. On the loop itself it is given at once.
  func give(_ reply: IngestReply, to connection: NIOLoopBound<IngestHandler>) {
    if eventLoop.inEventLoop { return connection.value.answered(reply) }
    if waiting.withLockedValue({ $0.add(Entry(connection: connection, reply: reply)) }) { wake() }
  }

  func beginGathering() { waiting.withLockedValue { $0.beginGathering() } }

  func endGathering() { if waiting.withLockedValue({ $0.endGathering() }) { wake() } }

  private func wake() {
    eventLoop.execute { [self] in
      for entry in waiting.withLockedValue({ $0.takeAll() }) { entry.connection.value.answered(entry.reply) }
    }
  }
}
