/// Where events and deliveries are kept, durably. What every store promises is in the conformance suite.
///
/// Calls return at once and never block; completions run on the store's own thread, in the order of the calls'
/// commits, and must be quick. Work that arrives while a commit is being synced shares the next one.
///
/// A delivery is handed to its caller **claimed**: by `append`, by `claim`, or by `settle` for the next one of an order
/// key. It is not handed out again until it is settled as `retry`, released, or the store is opened anew (a crash
/// releases everything).
///
/// **Order.** Of the pending deliveries of one destination and order key only the one that arrived first is ever
/// handed out; the others are `waiting`. When it is settled for good, the next one takes its place in the same
/// transaction.
///
/// **Books.** What each destination has pending, dead and settled is written in the transaction that changes it.
///
/// After `close` nothing more is recorded: appends fail with `closed`, a claim finds nothing (and is not
/// exhausted), settlements are answered unrecorded, and the next start tries those deliveries again.
package protocol DeliveryStore: ReplayStore {
  /// What it is, for people and scripts: the scheme of its `store.url`.
  var kind: String { get }

  // MARK: The path

  /// Whether an attempt may start now. A store that several relays share says no while it is not sure that the others count this one as
  /// alive: they may be sending by then what it has. From any thread; quick. Whoever was told no asks again.
  ///
  /// - Parameter now: Read just before it asks, and it starts what it was about to start just after the answer.
  func mayStart(at now: Timestamp) -> Bool

  /// Why it says no to that; nil: it does not. From any thread; quick.
  func startLack(at now: Timestamp) -> StartLack?

  /// Why it does not come back from a commit, where it knows; nil: it does not know, or comes back. From any thread; quick.
  var stall: StoreStall? { get }

  /// The relays that share it, this one among them; nil: it is this relay's alone. From any thread; quick.
  var nodes: StoreNodes? { get }

  /// Stores an envelope with its events and deliveries, all or nothing. Succeeds only after the sync.
  ///
  /// A store that does not come back (its disk hangs) answers `hanging` within seconds, from another thread: it may be stored
  /// yet. Until it is back, every other envelope is answered so at once.
  ///
  /// - Parameter late: Given the deliveries where the completion had to say that nobody knows (`hanging`, or the file can't be
  ///   seen), and the envelope is on disk after all: claimed, as those of the completion are.
  func append(
    _ envelope: NewEnvelope, late: @escaping @Sendable ([Delivery]) -> Void,
    completion: @escaping @Sendable (Result<AppendOutcome, StoreError>) -> Void)

  /// Records attempts. Deliveries that are no longer pending are left as they are. While the store can't commit,
  /// settlements are kept and tried again; completion runs once they are on disk, with the deliveries whose turn it
  /// has become, claimed. One that is not due yet (it failed before its turn was taken from it) comes too, with its
  /// `Delivery.due`: the lane gives it back, and so knows when to come for it.
  ///
  /// - Parameter isUrgent: False: nobody waits for it, and it may wait a few milliseconds for other commits.
  func settle(
    _ settlements: [Settlement], isUrgent: Bool, completion: @escaping @Sendable ([Delivery]) -> Void)

  /// Hands out pending deliveries of one destination, oldest first; with `ClaimRequest.after` it looks beyond what it would
  /// hand out next, and that stays next. A store that can't read answers an empty
  /// claim that is not exhausted; so does one that holds them.
  func claim(_ request: ClaimRequest, completion: @escaping @Sendable (Claim) -> Void)

  /// Gives claimed deliveries back, unchanged.
  func release(_ deliveries: [DeliveryID])

  // MARK: Configuration

  /// Makes the names known and sets the limits. Before any `append` that uses them. A destination's ordering is not
  /// changed by this: see `reorder`.
  func configure(
    _ configuration: StoreConfiguration, completion: @escaping @Sendable (Result<Void, StoreError>) -> Void)

  /// Every destination that was ever configured, with its books.
  func destinations(completion: @escaping @Sendable (Result<[StoredDestination], StoreError>) -> Void)

  /// How large it is now.
  func usage(completion: @escaping @Sendable (Result<StoreUsage, StoreError>) -> Void)

  // MARK: Gaps

  /// From when the store was last known to be in use, before it was opened, until then: nothing was received in that time. By
  /// the steady clock. nil: it is new. Nothing of it is kept before it is given to `keep`.
  var downTime: Gap? { get }

  /// Keeps when senders were turned away, over restarts, with times of the steady clock. What continues one that was kept before
  /// takes its place. Of each kind the newest `Gap.keptOfEachKind` stay.
  func keep(_ gaps: [Gap], completion: @escaping @Sendable (Result<Void, StoreError>) -> Void)

  // MARK: Operation

  /// From its completion on nothing of these destinations is handed out, by no call, until `resume`. What is claimed
  /// stays claimed. Calls nest.
  func hold(_ destinations: [String], completion: @escaping @Sendable () -> Void)

  func resume(_ destinations: [String])

  /// Gives every pending delivery of the destination its key anew, and lets wait what must. The destination is
  /// held meanwhile, and nothing of it is claimed but what is in flight. Many short transactions; begun again if
  /// it was cut off.
  func reorder(
    _ destination: String, by ordering: Ordering,
    completion: @escaping @Sendable (Result<Void, StoreError>) -> Void)

  /// Carries out what a person wants of deliveries of one destination; those that are claimed are left as they are.
  /// The destination is held meanwhile. Many short transactions, each with its books.
  ///
  /// - Returns: How many were changed, and how many could not be since they are erased; also if it failed on the way: then with
  ///   the error.
  func change(
    _ change: DeliveryChange, _ selection: DeliverySelection, of destination: String,
    completion: @escaping @Sendable (ChangedDeliveries, StoreError?) -> Void)

  /// Removes what these events say: their bodies, and the answers that were kept of their attempts. Their rows stay, with the time
  /// of this; what comes again of them is a duplicate, and goes nowhere. An event with a delivery that is pending or dead is left
  /// as it is: `change` cancels those first. Many short transactions.
  func erase(
    _ events: [EventID], completion: @escaping @Sendable (Result<ErasedEvents, StoreError>) -> Void)

  /// Overwrites what was removed before this, as far as that is the store's to do: from its completion on none of it can be read
  /// from the store's files. Many short transactions.
  func overwriteErased(completion: @escaping @Sendable (Result<ErasedTraces, StoreError>) -> Void)

  /// Keeps a person's pause over restarts.
  ///
  /// - Parameter until: By the wall clock, as the person said it. nil: none. `distantFuture`: until it is lifted.
  func pause(
    _ destination: String, until: Timestamp?,
    completion: @escaping @Sendable (Result<Void, StoreError>) -> Void)

  /// Ends what a destination has asked for with `Retry-After`, wherever its lane is.
  func endRetryAfter(
    of destination: String, completion: @escaping @Sendable (Result<RetryAfterEnd, StoreError>) -> Void)

  /// Keeps what a source's learned token is known by, in place of what was kept before. The source need not be configured.
  ///
  /// - Parameter token: nil: it is forgotten.
  func keepToken(
    _ token: LearnedToken?, of source: String,
    completion: @escaping @Sendable (Result<Void, StoreError>) -> Void)

  /// What is kept of learned tokens, by the sources' names.
  func learnedTokens(completion: @escaping @Sendable (Result<[String: LearnedToken], StoreError>) -> Void)

  /// Says how long a destination has been suspended: kept over restarts, and taken off the age of what arrives.
  func setSuspended(_ suspended: SuspendedTime, of destination: String)

  /// Keeps what somebody is about to do, durably, and lets go of entries that are older than `AuditEntry.retention`, or more
  /// than `AuditEntry.maxKept`.
  func beginAudit(
    _ entry: AuditEntry, completion: @escaping @Sendable (Result<AuditID, StoreError>) -> Void)

  /// Keeps what came of it.
  func endAudit(
    _ id: AuditID, _ outcome: AuditOutcome, completion: @escaping @Sendable (Result<Void, StoreError>) -> Void
  )

  /// Puts other words in the place of what these entries say, for a person's right to be forgotten: who, when and what was done stay,
  /// and what came of it. An entry that is gone is passed over.
  func amendAudit(
    _ amendments: [AuditAmendment], completion: @escaping @Sendable (Result<Void, StoreError>) -> Void)

  /// Makes a copy of everything that was committed before it is done, in small steps: commits and claims go on
  /// between them. One at a time.
  func backup(completion: @escaping @Sendable (Result<any StoreCopy, StoreError>) -> Void)

  /// Answers once its thread has come to it: a sign of life.
  func ping(_ answer: @escaping @Sendable () -> Void)

  /// From now on this relay delivers: a store that several relays share tells it which destinations it serves.
  func serve(_ host: any LaneHost)

  /// From now on it is told of what other relays keep of learned tokens, if the store has others.
  func tell(_ host: any TokenHost)

  /// Finishes what was asked of it, then closes. Blocks until that is done.
  func close()

  /// The same, but waits no longer than that.
  ///
  /// - Returns: Whether it is closed. If not, its thread hangs; the process can end all the same.
  func close(within limit: Duration) -> Bool
}

extension DeliveryStore {
  /// One that is this relay's alone never says no.
  package func mayStart(at now: Timestamp) -> Bool { true }

  package func startLack(at now: Timestamp) -> StartLack? { nil }

  package var stall: StoreStall? { nil }

  package var nodes: StoreNodes? { nil }

  /// One that is this relay's alone serves all of them.
  package func serve(_ host: any LaneHost) {}

  package func tell(_ host: any TokenHost) {}

  /// One that is this relay's alone has none of the lanes elsewhere.
  package func endRetryAfter(
    of destination: String, completion: @escaping @Sendable (Result<RetryAfterEnd, StoreError>) -> Void
  ) {
    completion(.success(.own))
  }

  package func settle(_ settlements: [Settlement], completion: @escaping @Sendable ([Delivery]) -> Void) {
    settle(settlements, isUrgent: true, completion: completion)
  }

  /// The size of live data now, in bytes.
  package func size(completion: @escaping @Sendable (Result<Int, StoreError>) -> Void) {
    usage { completion($0.map(\.liveBytes)) }
  }
}

/// The names that events and deliveries refer to.
package struct StoreNames: Sendable, Equatable {
  package var sources: [String]
  package var destinations: [String]
  package var routes: [String]
  /// The active configuration's hash.
  package var configuration: String

  package init(sources: [String], destinations: [String], routes: [String], configuration: String) {
    self.sources = sources
    self.destinations = destinations
    self.routes = routes
    self.configuration = configuration
  }

  package init(_ configuration: Configuration) {
    self.init(
      sources: configuration.sources.map(\.name), destinations: configuration.destinations.map(\.name),
      routes: configuration.routes.map(\.name), configuration: configuration.hash)
  }
}
