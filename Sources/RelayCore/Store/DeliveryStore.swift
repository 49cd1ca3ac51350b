/// Where events and deliveries are kept, durably. SQLite today; what it promises is in the conformance suite.
///
/// Calls return at once and never block; completions run on the store's own thread, in the order of the calls'
/// commits, and must be quick. Work that arrives while a commit is being synced shares the next one.
///
/// A delivery is handed to its caller **claimed**: by `append` or by `claim`. It is not handed out again until it
/// is settled as `retry`, released, or the store is opened anew (a crash releases everything).
///
/// After `close` nothing more is recorded: appends fail with `closed`, a claim finds nothing (and is not
/// exhausted), settlements are answered unrecorded, and the next start tries those deliveries again.
public protocol DeliveryStore: AnyObject, Sendable {
  /// Makes the names known. Before any `append` that uses them.
  func register(
    _ names: StoreNames, completion: @escaping @Sendable (Result<Void, StoreError>) -> Void)

  /// Stores an envelope with its events and deliveries, all or nothing. Succeeds only after the sync.
  func append(
    _ envelope: NewEnvelope, completion: @escaping @Sendable (Result<AppendOutcome, StoreError>) -> Void)

  /// Records attempts. Deliveries that are no longer pending are left as they are. While the store can't commit,
  /// settlements are kept and tried again; completion runs once they are on disk.
  func settle(_ settlements: [Settlement], completion: @escaping @Sendable () -> Void)

  /// Hands out pending deliveries of one destination, oldest first. A store that can't read answers an empty
  /// claim that is not exhausted.
  func claim(_ request: ClaimRequest, completion: @escaping @Sendable (Claim) -> Void)

  /// Gives claimed deliveries back, unchanged.
  func release(_ deliveries: [DeliveryID])

  /// Destinations that have pending or dead deliveries, known to the configuration or not, with their counts.
  func pendingCounts(completion: @escaping @Sendable (Result<[String: DeliveryCounts], StoreError>) -> Void)

  /// Finishes what was asked of it, then closes. Blocks until that is done.
  func close()
}

/// The names that events and deliveries refer to.
public struct StoreNames: Sendable, Equatable {
  public var sources: [String]
  public var destinations: [String]
  public var routes: [String]
  /// The active configuration's hash.
  public var configuration: String

  public init(sources: [String], destinations: [String], routes: [String], configuration: String) {
    self.sources = sources
    self.destinations = destinations
    self.routes = routes
    self.configuration = configuration
  }

  public init(_ configuration: Configuration) {
    self.init(
      sources: configuration.sources.map(\.name), destinations: configuration.destinations.map(\.name),
      routes: configuration.routes.map(\.name), configuration: configuration.hash)
  }
}

public struct DeliveryCounts: Sendable, Equatable {
  public var pending: Int
  public var dead: Int

  public init(pending: Int = 0, dead: Int = 0) {
    self.pending = pending
    self.dead = dead
  }
}

/// Why the store could not do it.
public struct StoreError: Error, Sendable, Equatable, CustomStringConvertible {
  public enum Code: String, Sendable {
    /// No room: on the disk, or within the limit.
    case full
    /// Reading or writing failed.
    case failing
    /// It is closing or closed.
    case closed
    /// Another process holds it.
    case inUse
    /// Its schema is newer than this binary.
    case newerSchema
    /// It can't be opened: a missing folder, a permission, not a database.
    case cannotOpen
  }

  public var code: Code
  /// For people: what is wrong, and what to do.
  public var message: String

  public init(code: Code, message: String) {
    self.code = code
    self.message = message
  }

  public var description: String { message }
}
