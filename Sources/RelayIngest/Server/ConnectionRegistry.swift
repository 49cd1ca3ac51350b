import NIOCore
import RelayCore

/// The connections of one event loop, so that a shutdown finds them, and the one that has been idle longest is found.
final class ConnectionRegistry: @unchecked Sendable {  // Confined to its event loop.
  let eventLoop: any EventLoop
  /// What comes for its connections from other threads.
  let replies: ReplyQueue
  private let limit: ConnectionLimit
  private var connections: [ObjectIdentifier: IngestHandler] = [:]
  private var emptied: EventLoopPromise<Void>?
  private var forcedEnd: Scheduled<Void>?
  /// Among the connections of their peers, where those are counted.
  private var places: [ObjectIdentifier: PeerPlace] = [:]
  private var idle = IdleSearch(peer: nil)
  /// Of the peer that was asked about last.
  private var idleOfPeer = IdleSearch(peer: nil)

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
    places[ObjectIdentifier(connection)] = nil
    if let admission { limit.leave(admission) }
    finishIfEmpty()
  }

  /// Since when the connection that is idle longest has been so; nil: none is idle.
  ///
  /// - Parameter peer: nil: of all; else of those that are counted for this peer.
  func longestIdleSince(now: NIODeadline, of peer: PeerAddress.Address? = nil) -> NIODeadline? {
    eventLoop.preconditionInEventLoop()
    guard let peer else { return idle.longestSince(among: connections.values, now: now) }
    if idleOfPeer.peer != peer { idleOfPeer = IdleSearch(peer: peer, after: idleOfPeer) }
    let counted = places.lazy.filter { $0.value.peer == peer }.compactMap { [connections] in
      connections[$0.key]
    }
    return idleOfPeer.longestSince(among: counted, now: now)
  }

  /// Closes the connection that has been idle since then; its place is the caller's.
  ///
  /// - Parameter peer: As it was looked for: then its place among those of this peer is free.
  /// - Returns: Whether it was still there, and idle.
  func closeIdle(since: NIODeadline, of peer: PeerAddress.Address? = nil) -> Bool {
    eventLoop.preconditionInEventLoop()
    guard peer != nil else {
      guard let connection = idle.take(since: since) else { return false }
      connection.giveUpPlace()
      return true
    }
    guard idleOfPeer.peer == peer, let connection = idleOfPeer.take(since: since) else { return false }
    places[ObjectIdentifier(connection)] = nil
    connection.close()
    return true
  }

  /// Keeps a connection's place among those of its peer until it leaves.
  func keep(_ place: PeerPlace, of connection: IngestHandler) {
    eventLoop.preconditionInEventLoop()
    guard connections[ObjectIdentifier(connection)] != nil else { return }
    places[ObjectIdentifier(connection)] = place
  }

  /// Lets requests that have begun come to their end, for at most `drain`; ends when no connection is left.
  func quiesce(drain: TimeAmount) -> EventLoopFuture<Void> {
    eventLoop.preconditionInEventLoop()
    let emptied = self.emptied ?? eventLoop.makePromise()
    self.emptied = emptied
    idle = IdleSearch(peer: nil)
    idleOfPeer = IdleSearch(peer: nil)
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
