import NIOCore

/// The connections of one event loop, so that a shutdown finds them, and the one that has been idle longest is found.
final class ConnectionRegistry: @unchecked Sendable {  // Confined to its event loop.
  private struct Idle {
    let connection: IngestHandler
    let since: NIODeadline
  }

  /// How many are remembered from one look at all connections.
  private static let rememberedIdle = 64
  /// For this long nobody looks again where none was idle.
  private static let searchPause = TimeAmount.milliseconds(10)

  let eventLoop: any EventLoop
  /// What comes for its connections from other threads.
  let replies: ReplyQueue
  private let limit: ConnectionLimit
  private var connections: [ObjectIdentifier: IngestHandler] = [:]
  private var emptied: EventLoopPromise<Void>?
  private var forcedEnd: Scheduled<Void>?
  /// The longest idle ones as they were when somebody last looked, the longest last. What has become idle since is so
  /// for a shorter time than all of them.
  private var idle: [Idle] = []
  private var nextSearch = NIODeadline.uptimeNanoseconds(0)

  init(eventLoop: any EventLoop, limit: ConnectionLimit) {
    self.eventLoop = eventLoop
    replies = ReplyQueue(eventLoop: eventLoop)
    self.limit = limit
  }

  var isQuiescing: Bool { emptied != nil }

  func insert(_ connection: IngestHandler) {
    eventLoop.preconditionInEventLoop()
    connections[ObjectIdentifier(connection)] = connection
  }

  /// - Parameter admission: The place that becomes free; nil: another connection has it.
  func remove(_ connection: IngestHandler, leaving admission: ConnectionAdmission?) {
    guard connections.removeValue(forKey: ObjectIdentifier(connection)) != nil else { return }
    if let admission { limit.leave(admission) }
    finishIfEmpty()
  }

  /// Since when the connection that is idle longest has been so; nil: none is idle.
  func longestIdleSince(now: NIODeadline) -> NIODeadline? {
    eventLoop.preconditionInEventLoop()
    forgetBusy()
    if idle.isEmpty, now >= nextSearch {
      let found = connections.values.compactMap { connection in
        connection.idleSince.map { Idle(connection: connection, since: $0) }
      }
      idle = found.sorted { $0.since < $1.since }.prefix(Self.rememberedIdle).reversed()
      if idle.isEmpty { nextSearch = now + Self.searchPause }
    }
    return idle.last?.since
  }

  /// Closes the connection that has been idle since then; its place is the caller's.
  ///
  /// - Returns: Whether it was still there, and idle.
  func closeIdle(since: NIODeadline) -> Bool {
    eventLoop.preconditionInEventLoop()
    forgetBusy()
    guard let longest = idle.last, longest.since == since else { return false }
    idle.removeLast()
    longest.connection.giveUpPlace()
    return true
  }

  private func forgetBusy() {
    while let last = idle.last, last.connection.idleSince != last.since { idle.removeLast() }
  }

  /// Lets requests that have begun come to their end, for at most `drain`; ends when no connection is left.
  func quiesce(drain: TimeAmount) -> EventLoopFuture<Void> {
    eventLoop.preconditionInEventLoop()
    let emptied = self.emptied ?? eventLoop.makePromise()
    self.emptied = emptied
    idle = []
    for connection in Array(connections.values) { connection.quiesce() }
    finishIfEmpty()
    guard !connections.isEmpty else { return emptied.futureResult }
    forcedEnd?.cancel()
    forcedEnd = eventLoop.assumeIsolated().scheduleTask(in: drain) { [self] in
      for connection in Array(connections.values) { connection.close() }
    }
    return emptied.futureResult
  }

  private func finishIfEmpty() {
    guard let emptied, connections.isEmpty else { return }
    forcedEnd?.cancel()
    forcedEnd = nil
    emptied.succeed()
  }
}
