/// Whose deliveries wait for one another.
package enum Ordering: Int, Hashable, Sendable, CaseIterable {
  case none = 0
  /// Those of one chat.
  case chat = 1
  /// All of the destination.
  case destination = 2

  /// What the event's deliveries are ordered by; nil: it waits for no other.
  package func key(source: String, chat: String?) -> String? {
    switch self {
    case .none: nil
    case .chat: chat.map { "\(source)/\($0)" }
    case .destination: ""
    }
  }
}
