/// The number of a delivery in its store: rises in order of arrival (commit order, then place in the document).
///
/// Public with its parts, so that other modules inline them (docs/decisions/0016-how-the-release-is-built.md): the store's
/// claims are a table of these.
public struct DeliveryID: RawRepresentable, Hashable, Sendable, Comparable, CustomStringConvertible {
  public let rawValue: Int64

  public init(rawValue: Int64) {
    self.rawValue = rawValue
  }

  public static func < (a: DeliveryID, b: DeliveryID) -> Bool { a.rawValue < b.rawValue }
  public var description: String { String(rawValue) }
}

/// An event on its way to one destination.
package struct Delivery: Sendable {
  package let id: DeliveryID
  package let event: Event
  /// The destination's name.
  package let destination: String
  /// 0: routed on arrival; each replay is the next.
  package let run: Int
  /// Attempts made so far: what `huggy-relay-attempt` counts.
  package var attempts: Int
  /// Those of them that count toward `max_attempts` and lengthen the delay: no probes, none before a person's retry.
  package var countedAttempts: Int
  /// What `max_age` counts from: receipt, or a person's retry, less the destination's suspended time until then
  /// (see `SuspendedTime`).
  package let since: Timestamp
  /// When it last served as a probe of an open circuit, and failed; nil: never.
  package var probedAt: Timestamp?
  /// When its time comes, where its turn has come (`DeliveryStore.settle`) before that: its lane gives it back and comes
  /// for it then; nil: at once.
  package var due: Timestamp?
  /// Those that come right after it in its order key, in order, and are due: handed out with it, so that one batch may hold
  /// them all. None but where the store was asked for a run (`ClaimRequest.runLimit`).
  package var followers: [Delivery] = []

  package init(
    id: DeliveryID, event: Event, destination: String, run: Int = 0, attempts: Int = 0,
    countedAttempts: Int? = nil, since: Timestamp, probedAt: Timestamp? = nil, due: Timestamp? = nil
  ) {
    self.id = id
    self.event = event
    self.destination = destination
    self.run = run
    self.attempts = attempts
    self.countedAttempts = countedAttempts ?? attempts
    self.since = since
    self.probedAt = probedAt
    self.due = due
  }
}

/// A destination has two queues: each has an order of its own, and what stands in the one holds back nothing in the other.
package enum DeliveryQueue: Int, Hashable, Sendable, CaseIterable {
  /// What routing gave it as it arrived.
  case live = 0
  /// What replays send again: it takes what the live ones leave.
  case replay = 1

  package init(run: Int) { self = run == 0 ? .live : .replay }
}

extension Delivery {
  package var queue: DeliveryQueue { DeliveryQueue(run: run) }

  /// What it costs to keep in memory with its followers, in bytes.
  package var footprint: Int {
    followers.reduce(event.footprint) { $0 + $1.event.footprint }
  }

  /// It and its followers, in order.
  package var ids: [DeliveryID] { [id] + followers.map(\.id) }
}

extension [Delivery] {
  /// They and their followers.
  package var allIDs: [DeliveryID] {
    var ids: [DeliveryID] = []
    ids.reserveCapacity(count)
    for delivery in self {
      ids.append(delivery.id)
      for follower in delivery.followers { ids.append(follower.id) }
    }
    return ids
  }
}

/// Where a delivery stands. The raw values are those of the store.
package enum DeliveryState: Int, Hashable, Sendable, CaseIterable {
  /// Never attempted.
  case fresh = 0
  /// Attempted, and due again.
  case retrying = 1
  /// Waits until its order key's earlier deliveries are settled.
  case waiting = 2
  case delivered = 3
  case dead = 4
  case discarded = 5

  /// Not settled: still owed to the destination.
  package var isPending: Bool { self == .fresh || self == .retrying || self == .waiting }
}

/// Why a delivery is among the dead letters.
package enum DeathReason: Int, Hashable, Sendable, CaseIterable, CustomStringConvertible {
  /// The answer was one of the destination's `permanent` statuses.
  case permanent = 1
  /// `max_attempts` was reached.
  case exhausted = 2
  /// `max_age` was reached.
  case expired = 3

  package var description: String {
    switch self {
    case .permanent: "permanent"
    case .exhausted: "exhausted"
    case .expired: "expired"
    }
  }
}

/// Why a delivery was given up. The raw values share the store's column with `DeathReason`.
package enum DiscardReason: Int, Hashable, Sendable, CaseIterable, CustomStringConvertible {
  /// The destination was over its `max_backlog` when the event came.
  case overflow = 4
  /// A person said so.
  case person = 5
  /// It had been dead for longer than `store.dead_retention`.
  case retention = 6
  /// What its event said was erased: nothing is left to be sent.
  case erased = 7

  package var description: String {
    switch self {
    case .overflow: "overflow"
    case .person: "person"
    case .retention: "retention"
    case .erased: "erased"
    }
  }
}

/// Which deliveries to a destination wait until earlier ones are settled: its `order_by`.
package enum Ordering: Int, Hashable, Sendable, CaseIterable {
  case none = 0
  /// Those of one chat wait for one another.
  case chat = 1
  /// All of the destination do.
  case destination = 2

  /// As `order_by` writes it.
  package var word: String {
    switch self {
    case .none: "none"
    case .chat: "chat"
    case .destination: "destination"
    }
  }

  /// What the event's deliveries are ordered by; nil: it waits for no other.
  package func key(source: String, chat: String?) -> String? {
    switch self {
    case .none: nil
    case .chat: chat.map { "\(source)/\(Self.told($0))" }
    case .destination: ""
    }
  }

  /// A chat's id is what a sender says, of any length, and an index has room for some: of a long one the beginning counts. Two that begin alike
  /// wait for each other.
  private static func told(_ chat: String) -> String {
    chat.utf8.count <= longestChat ? chat : String(decoding: chat.utf8.prefix(longestChat), as: UTF8.self)
  }

  /// A key that was made before long chats were told by their beginning, as it would be now.
  package static func shortened(_ key: String) -> String {
    guard let slash = key.firstIndex(of: "/") else { return key }
    return key[...slash] + told(String(key[key.index(after: slash)...]))
  }

  /// In bytes.
  private static let longestChat = 512

  /// The same for deliveries of a run: those of a replay wait for one another only. (No source's name has a space.)
  package func key(source: String, chat: String?, run: Int) -> String? {
    let key = key(source: source, chat: chat)
    return run == 0 ? key : key.map { "\(run) \($0)" }
  }
}
