import RelayCore
import RelayThreads
import Synchronization

/// Counts the connections of each peer (`server.max_connections_per_peer`), over all event loops.
final class PeerLimit: Sendable {
  /// 0: there is no limit.
  private let maxOpen: Atomic<Int>
  private let open = Locked<[PeerAddress.Address: Int]>([:])

  /// - Parameter maxOpen: nil: there is no limit.
  init(maxOpen: Int?) {
    self.maxOpen = Atomic(maxOpen ?? 0)
  }

  var isSet: Bool { maxOpen.load(ordering: .relaxed) > 0 }

  /// Those that are open stay. Those that were made while there was no limit are not counted.
  func setMaxOpen(_ maxOpen: Int?) { self.maxOpen.store(maxOpen ?? 0, ordering: .relaxed) }

  /// - Returns: nil: the peer has as many as it may.
  func enter(_ peer: PeerAddress.Address) -> PeerPlace? {
    let maxOpen = maxOpen.load(ordering: .relaxed)
    let isIn = open.withLock { open in
      guard maxOpen == 0 || open[peer, default: 0] < maxOpen else { return false }
      open[peer, default: 0] += 1
      return true
    }
    return isIn ? PeerPlace(of: peer, in: self) : nil
  }

  fileprivate func leave(_ peer: PeerAddress.Address) {
    open.withLock { open in
      guard let count = open[peer] else { return }
      open[peer] = count > 1 ? count - 1 : nil
    }
  }
}

/// A connection's place among those of its peer: given back when nobody has it any more, however the connection ended.
final class PeerPlace: Sendable {
  let peer: PeerAddress.Address
  private let limit: PeerLimit

  fileprivate init(of peer: PeerAddress.Address, in limit: PeerLimit) {
    self.peer = peer
    self.limit = limit
  }

  deinit { limit.leave(peer) }
}
