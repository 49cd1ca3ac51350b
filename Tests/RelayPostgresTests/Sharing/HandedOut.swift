import RelayCore
import RelayThreads
import Testing

/// Who has which delivery, over all nodes of a test: none is handed out to two at once, and of an order key none before those that were stored
/// before it have come to their end.
final class HandedOut: Sendable {
  private struct State {
    var holders: [DeliveryID: String] = [:]
    var deliveries: [DeliveryID: Delivery] = [:]
    /// By destination and chat, in the order in which they were stored.
    var keys: [String: [EventID]] = [:]
    var ended: Set<EventKey> = []
    var everGiven: Set<DeliveryID> = []
  }

  private struct EventKey: Hashable {
    var event: EventID
    var destination: String
  }

  private let state = Locked(State())

  /// An envelope was answered whose events are kept in order.
  func stored(_ envelope: NewEnvelope) {
    state.withLock { state in
      for event in envelope.events {
        guard let chat = event.event.chat else { continue }
        for delivery in event.deliveries {
          state.keys["\(delivery.destination) \(chat)", default: []].append(event.event.id)
        }
      }
    }
  }

  /// A store has handed these out, in answer to something.
  func gave(_ deliveries: [Delivery], to node: String) {
    let problems = state.withLock { state -> [String] in
      var problems: [String] = []
      for delivery in deliveries {
        if let other = state.holders[delivery.id] {
          problems.append("\(delivery.id) to \(delivery.destination) was handed out by \(other) and \(node)")
        }
        state.holders[delivery.id] = node
        state.deliveries[delivery.id] = delivery
        state.everGiven.insert(delivery.id)
        guard let chat = delivery.event.chat, let key = state.keys["\(delivery.destination) \(chat)"],
          let place = key.firstIndex(of: delivery.event.id)
        else { continue }
        for event in key[..<place]
        where !state.ended.contains(EventKey(event: event, destination: delivery.destination)) {
          problems.append(
            "\(delivery.id) was handed out by \(node) before one of its order key that came before it")
        }
      }
      return problems
    }
    for problem in problems { Issue.record("\(problem)") }
  }

  /// Takes those of a node that fit, which are then nobody's: they are about to be settled or given back.
  func take(from node: String, atMost limit: Int = .max, where fits: (Delivery) -> Bool = { _ in true })
    -> [Delivery]
  {
    state.withLock { state in
      let ids = state.holders.filter { $0.value == node && fits(state.deliveries[$0.key]!) }.keys
        .sorted().prefix(limit)
      for id in ids { state.holders[id] = nil }
      return ids.map { state.deliveries[$0]! }
    }
  }

  /// They have come to their end, or are about to.
  func ended(_ deliveries: [Delivery]) {
    state.withLock { state in
      for delivery in deliveries {
        state.ended.insert(EventKey(event: delivery.event.id, destination: delivery.destination))
      }
    }
  }

  func count(of node: String) -> Int { state.withLock { $0.holders.values.count { $0 == node } } }
}
