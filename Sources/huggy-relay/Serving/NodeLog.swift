import Logging
import RelayCore
import RelayPostgres
import RelayThreads

/// Tells people what becomes of this relay among those that share its store, with what to do about it.
final class NodeLog: NodeObserver {
  private let logger: Logger
  private let state = Locked(State())

  private struct State: Sendable {
    var hasLostLease = false
    /// Each heartbeat finds it, until the relay has it again.
    var lost: SlotHolding?
    /// Those that were known to live, this one among them, by their slots.
    var known: [Int: NodeRow]?
    /// The relays that live have different configurations, and that was told.
    var configurationsDiffer = false
  }

  init(logger: Logger) {
    self.logger = logger
  }

  func nodeChanged(_ event: NodeEvent) {
    switch event {
    case .leaseHeld:
      let wasLost = state.withLock { state in
        defer { (state.hasLostLease, state.lost) = (false, nil) }
        return state.hasLostLease
      }
      guard wasLost else { return }
      logger.notice("the database server counts this relay as alive again")
    case .leaseLost:
      state.withLock { $0.hasLostLease = true }
      logger.error(
        "the database server has not confirmed for too long that this relay lives: look at its load, and at the way to it"
      )
    case .slotLost(let holding):
      let isKnown = state.withLock { state in
        defer { state.lost = holding }
        return state.lost == holding
      }
      guard !isKnown else { return }
      logger.error(
        "another relay has taken this one's place in the store: find out why this one was cut off from the database server",
        metadata: ["slot": .number(holding.slot)])
    case .sessionsEnded(let holding, let count):
      logger.warning(
        "a relay that no longer showed that it lives was cut off from the store: look at its machine",
        metadata: ["slot": .number(holding.slot), "sessions": .number(count)])
    case .notEnded(let holding, let reason):
      logger.error(
        "a relay no longer shows that it lives, and can't be cut off from the store: what it has is not taken over until it is",
        metadata: ["slot": .number(holding.slot), "reason": "\(reason)"])
    case .clockOff(let offset):
      logger.warning(
        "this machine's clock is not that of the database server: let both be kept right (chrony, systemd-timesyncd)",
        metadata: ["ahead": "\(offset)"])
    case .clockRight: logger.notice("this machine's clock is that of the database server again")
    case .unreachable(let reason):
      logger.error(
        "there is no way to the database server; it is tried again: look at the server, and at the way to it",
        metadata: ["reason": "\(reason)"])
    case .reachable: logger.notice("the database server is there again")
    case .nodesChanged(let live):
      tellComings(live)
      compare(live.nodes.map(\.identity))
    // `StoreWatch` tells whether attempts start; the others are for machines.
    case .mayStart, .heard, .timeToLook: break
    }
  }

  /// Who has come, who has ended, and who was lost: what that one served others go on with.
  private func tellComings(_ live: LiveNodes) {
    let now = Dictionary(uniqueKeysWithValues: live.nodes.map { ($0.holding.slot, $0) })
    guard
      let known = state.withLock({ state in
        defer { state.known = now }
        return state.known
      })
    else { return }
    for (slot, node) in known.sorted(by: { $0.key < $1.key }) where now[slot]?.holding != node.holding {
      let metadata: Logger.Metadata = ["relay": "\(node.identity.name)", "slot": .number(slot)]
      if live.over.contains(where: { $0.holding == node.holding }) {
        logger.warning(
          "a relay is lost: the others go on with what it served; look why it has gone", metadata: metadata)
      } else {
        logger.notice("a relay has ended: the others go on with what it served", metadata: metadata)
      }
    }
    for (slot, node) in now.sorted(by: { $0.key < $1.key }) where known[slot]?.holding != node.holding {
      logger.notice(
        "a relay has come to the store", metadata: ["relay": "\(node.identity.name)", "slot": .number(slot)])
    }
  }

  /// Once for each time that they come to differ, whoever joins them meanwhile.
  private func compare(_ relays: [NodeIdentity]) {
    let differ = Set(relays.map(\.configurationHash)).count > 1
    let hadDiffered = state.withLock { state in
      defer { state.configurationsDiffer = differ }
      return state.configurationsDiffer
    }
    guard differ != hadDiffered else { return }
    guard differ else {
      logger.notice("the relays that share the store have the same configuration again")
      return
    }
    logger.warning(
      "the relays that share the store have different configurations: reload each with the same file",
      metadata: ["relays": "\(relays.map { "\($0.name) \($0.configurationHash)" }.joined(separator: ", "))"])
  }
}
