import RelayCore

/// A store that does all that it is asked on one thread of its own: each call is an operation on its way there.
package protocol ThreadedStore: DeliveryStore {
  var thread: StoreThread { get }
}

extension ThreadedStore {
  // MARK: The path

  package func append(
    _ envelope: NewEnvelope, late: @escaping @Sendable ([Delivery]) -> Void,
    completion: @escaping @Sendable (Result<AppendOutcome, StoreError>) -> Void
  ) {
    thread.post(.write(.append(AppendCall(envelope, late: late, completion: completion))))
  }

  package func settle(
    _ settlements: [Settlement], isUrgent: Bool, completion: @escaping @Sendable ([Delivery]) -> Void
  ) {
    thread.post(.write(.settle(settlements, isUrgent: isUrgent, completion)))
  }

  package func claim(_ request: ClaimRequest, completion: @escaping @Sendable (Claim) -> Void) {
    thread.post(.read(.claim(request, completion)))
  }

  package func release(_ deliveries: [DeliveryID]) {
    thread.post(.memory(.giveBack(deliveries)))
  }

  // MARK: Configuration

  package func configure(
    _ configuration: StoreConfiguration, completion: @escaping @Sendable (Result<Void, StoreError>) -> Void
  ) {
    thread.post(.write(.configure(configuration, completion)))
  }

  package func destinations(
    completion: @escaping @Sendable (Result<[StoredDestination], StoreError>) -> Void
  ) {
    thread.post(.read(.destinations(completion)))
  }

  package func usage(completion: @escaping @Sendable (Result<StoreUsage, StoreError>) -> Void) {
    thread.post(.read(.usage(completion)))
  }

  package func keep(_ gaps: [Gap], completion: @escaping @Sendable (Result<Void, StoreError>) -> Void) {
    thread.post(.write(.keep(gaps, completion)))
  }

  // MARK: Operation

  package func hold(_ destinations: [String], completion: @escaping @Sendable () -> Void) {
    thread.post(.memory(.hold(destinations, completion)))
  }

  package func resume(_ destinations: [String]) {
    thread.post(.memory(.resume(destinations)))
  }

  /// After a failure, and after `close` has cut it off, nothing of the destination is handed out until it is begun
  /// again and succeeds.
  package func reorder(
    _ destination: String, by ordering: Ordering,
    completion: @escaping @Sendable (Result<Void, StoreError>) -> Void
  ) {
    thread.post(.job(.reorder(destination, by: ordering, completion)))
  }

  package func change(
    _ change: DeliveryChange, _ selection: DeliverySelection, of destination: String,
    completion: @escaping @Sendable (ChangedDeliveries, StoreError?) -> Void
  ) {
    thread.post(.job(.change(change, selection, of: destination, completion)))
  }

  package func erase(
    _ events: [EventID], completion: @escaping @Sendable (Result<ErasedEvents, StoreError>) -> Void
  ) {
    thread.post(.job(.erase(events, completion)))
  }

  package func overwriteErased(
    completion: @escaping @Sendable (Result<ErasedTraces, StoreError>) -> Void
  ) {
    thread.post(.job(.overwriteErased(completion)))
  }

  package func pause(
    _ destination: String, until: Timestamp?,
    completion: @escaping @Sendable (Result<Void, StoreError>) -> Void
  ) {
    thread.post(.write(.pause(destination, until: until, completion)))
  }

  package func keepToken(
    _ token: LearnedToken?, of source: String,
    completion: @escaping @Sendable (Result<Void, StoreError>) -> Void
  ) {
    thread.post(.write(.keepToken(token, of: source, completion)))
  }

  package func learnedTokens(
    completion: @escaping @Sendable (Result<[String: LearnedToken], StoreError>) -> Void
  ) {
    thread.post(.read(.learnedTokens(completion)))
  }

  package func setSuspended(_ suspended: SuspendedTime, of destination: String) {
    thread.post(.write(.setSuspended(suspended, of: destination)))
  }

  package func beginAudit(
    _ entry: AuditEntry, completion: @escaping @Sendable (Result<AuditID, StoreError>) -> Void
  ) {
    thread.post(.write(.beginAudit(AuditCall(entry, completion: completion))))
  }

  package func endAudit(
    _ id: AuditID, _ outcome: AuditOutcome, completion: @escaping @Sendable (Result<Void, StoreError>) -> Void
  ) {
    thread.post(.write(.endAudit(id, outcome, completion)))
  }

  package func amendAudit(
    _ amendments: [AuditAmendment], completion: @escaping @Sendable (Result<Void, StoreError>) -> Void
  ) {
    thread.post(.write(.amendAudit(amendments, completion)))
  }

  package func begin(
    _ replay: NewReplay, completion: @escaping @Sendable (Result<Replay, StoreError>) -> Void
  ) {
    thread.post(.write(.replay(.begin(replay, completion))))
  }

  package func queue(
    _ step: ReplayStep, progress: @escaping @Sendable (Replay) -> Void,
    completion: @escaping @Sendable (Result<Replay, StoreError>) -> Void
  ) {
    thread.post(.write(.replay(.queue(step, progress: progress, completion))))
  }

  package func end(
    _ replay: Int, as end: ReplayEnd, completion: @escaping @Sendable (Result<Replay?, StoreError>) -> Void
  ) {
    thread.post(.write(.replay(.end(replay, as: end, completion))))
  }

  package func amend(
    _ replay: Int, plan: String, reason: String?,
    completion: @escaping @Sendable (Result<Void, StoreError>) -> Void
  ) {
    thread.post(.write(.replay(.amend(replay, plan: plan, reason: reason, completion))))
  }

  package func backup(completion: @escaping @Sendable (Result<any StoreCopy, StoreError>) -> Void) {
    thread.post(.job(.backup(completion)))
  }

  /// Answers from the store's thread, once it has come to it: a sign of life.
  package func ping(_ answer: @escaping @Sendable () -> Void) {
    thread.post(.read(.ping(answer)))
  }
}
