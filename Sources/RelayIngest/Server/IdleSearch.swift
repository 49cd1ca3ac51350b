import NIOCore
import RelayCore

/// Finds the connections of an event loop that have been idle longest. To look at all of them takes time, so some are remembered.
struct IdleSearch {
  private struct Idle {
    let connection: IngestHandler
    let since: NIODeadline
  }

  /// How many are remembered from one look at all connections.
  private static let rememberedIdle = 64
  /// For this long nobody looks again where none was idle, and where one peer's were looked for: it may ask as often as it likes.
  private static let searchPause = TimeAmount.milliseconds(10)

  /// Whose connections are looked at; nil: everybody's.
  let peer: PeerAddress.Address?
  /// The longest idle ones as they were when somebody last looked, the longest last. What has become idle since is so
  /// for a shorter time than all of them.
  private var idle: [Idle] = []
  private var nextSearch = NIODeadline.uptimeNanoseconds(0)

  /// - Parameter other: Of another peer: it does not look sooner than that one would.
  init(peer: PeerAddress.Address?, after other: IdleSearch? = nil) {
    self.peer = peer
    if let other { nextSearch = other.nextSearch }
  }

  /// Since when the one that has been idle longest is so; nil: none is known.
  ///
  /// - Parameter connections: Those of the peer.
  mutating func longestSince(among connections: some Sequence<IngestHandler>, now: NIODeadline)
    -> NIODeadline?
  {
    forgetBusy()
    if idle.isEmpty, now >= nextSearch {
      let found = connections.compactMap { connection in
        connection.idleSince.map { Idle(connection: connection, since: $0) }
      }
      idle = found.sorted { $0.since < $1.since }.prefix(Self.rememberedIdle).reversed()
      if idle.isEmpty || peer != nil { nextSearch = now + Self.searchPause }
    }
    return idle.last?.since
  }

  /// Takes out the one that has been idle since then; nil: it is not any more.
  mutating func take(since: NIODeadline) -> IngestHandler? {
    forgetBusy()
    guard let longest = idle.last, longest.since == since else { return nil }
    idle.removeLast()
    return longest.connection
  }

  private mutating func forgetBusy() {
    while let last = idle.last, last.connection.idleSince != last.since { idle.removeLast() }
  }
}

@available(*, unavailable)
extension IdleSearch: Sendable {}  // Confined to its event loop.
