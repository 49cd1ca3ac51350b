import RelayCore

/// What is asked of the store, on its way to the store's thread. Each kind has its own place there.
package enum StoreOperation: Sendable {
  /// Written together, in one transaction: `BatchWriter`.
  case write(Write)
  /// Kept in memory, at once.
  case memory(Memory)
  /// Answered after what was written before it.
  case read(Read)
  /// Done in many steps, between which everything else goes on.
  case job(Job)

  package enum Write: Sendable {
    case configure(StoreConfiguration, @Sendable (Result<Void, StoreError>) -> Void)
    case append(AppendCall)
    case settle([Settlement], isUrgent: Bool, @Sendable ([Delivery]) -> Void)
    /// - Parameter until: nil: no longer.
    case pause(String, until: Timestamp?, @Sendable (Result<Void, StoreError>) -> Void)
    case setSuspended(SuspendedTime, of: String)
    case beginAudit(AuditCall)
    case endAudit(AuditID, AuditOutcome, @Sendable (Result<Void, StoreError>) -> Void)
    case amendAudit([AuditAmendment], @Sendable (Result<Void, StoreError>) -> Void)
    /// - Parameter token: nil: it is forgotten.
    case keepToken(LearnedToken?, of: String, @Sendable (Result<Void, StoreError>) -> Void)
    case replay(ReplayCall)
    case keep([Gap], @Sendable (Result<Void, StoreError>) -> Void)
  }

  package enum Memory: Sendable {
    case giveBack([DeliveryID])
    /// Its completion runs when the claims that were asked before it have been answered.
    case hold([String], @Sendable () -> Void)
    case resume([String])
  }

  package enum Read: Sendable {
    case claim(ClaimRequest, @Sendable (Claim) -> Void)
    case destinations(@Sendable (Result<[StoredDestination], StoreError>) -> Void)
    case usage(@Sendable (Result<StoreUsage, StoreError>) -> Void)
    case learnedTokens(@Sendable (Result<[String: LearnedToken], StoreError>) -> Void)
    case ping(@Sendable () -> Void)
  }

  package enum Job: Sendable {
    case backup(@Sendable (Result<any StoreCopy, StoreError>) -> Void)
    case reorder(String, by: Ordering, @Sendable (Result<Void, StoreError>) -> Void)
    case change(
      DeliveryChange, DeliverySelection, of: String, @Sendable (ChangedDeliveries, StoreError?) -> Void)
    case erase([EventID], @Sendable (Result<ErasedEvents, StoreError>) -> Void)
    case overwriteErased(@Sendable (Result<ErasedTraces, StoreError>) -> Void)
    /// What only this kind of store knows.
    case own(any OwnWork)
  }
}

/// What only one kind of store does, in steps like a job, on its way to that store's thread. Who makes jobs there knows what it is.
package protocol OwnWork: Sendable {
  /// It can't be done.
  func refuse(_ error: StoreError)
}

// MARK: When it is to be done

extension StoreOperation {
  package enum Urgency {
    case urgent
    /// Waits for others of its kind.
    case gathered
    /// Nobody waits for it: it goes with the next commit. How many outcomes of attempts it is.
    case deferrable(outcomes: Int)
    /// The same, and it gives way to envelopes: outcomes of what replays have queued, deliveries to be queued.
    case ofReplays(items: Int, isUrgent: Bool)
  }

  package var urgency: Urgency {
    switch self {
    case .write(let write): write.urgency
    case .memory(let memory): memory.urgency
    // There is enough at hand meanwhile.
    case .read(.claim(let request, _)) where request.queue == .replay: .ofReplays(items: 0, isUrgent: false)
    case .read, .job: .urgent
    }
  }
}

extension StoreOperation.Write {
  fileprivate var urgency: StoreOperation.Urgency {
    switch self {
    case .append: .gathered
    case .settle(let settlements, let isUrgent, _) where settlements.first?.queue == .replay:
      .ofReplays(items: settlements.count, isUrgent: isUrgent)
    case .settle(let settlements, let isUrgent, _):
      isUrgent ? .urgent : .deferrable(outcomes: settlements.count)
    case .setSuspended: .deferrable(outcomes: 0)
    case .replay(let call): call.urgency
    case .configure, .pause, .keep, .beginAudit, .endAudit, .amendAudit, .keepToken: .urgent
    }
  }
}

extension StoreOperation.Memory {
  fileprivate var urgency: StoreOperation.Urgency {
    switch self {
    case .giveBack: .deferrable(outcomes: 0)
    case .hold, .resume: .urgent
    }
  }
}

// MARK: When it can't be done

extension StoreOperation {
  /// The answer of a store that is closed, mostly: calls fail; a claim finds nothing (and is not exhausted); a
  /// settlement is answered unrecorded, and its delivery tried again by the next start.
  package func refuse(_ error: StoreError) {
    switch self {
    case .write(let write): write.refuse(error)
    case .memory(let memory): memory.refuse()
    case .read(let read): read.refuse(error)
    case .job(let job): job.refuse(error)
    }
  }
}

extension StoreOperation.Write {
  fileprivate func refuse(_ error: StoreError) {
    switch self {
    case .configure(_, let completion), .pause(_, _, let completion), .endAudit(_, _, let completion),
      .keepToken(_, _, let completion), .keep(_, let completion), .amendAudit(_, let completion):
      completion(.failure(error))
    case .beginAudit(let call): call.answer(.failure(error))
    case .append(let call): call.answer(.failure(error))
    case .settle(_, _, let completion): completion([])
    case .setSuspended: break
    case .replay(let call): call.refuse(error)
    }
  }
}

extension StoreOperation.Memory {
  fileprivate func refuse() {
    switch self {
    case .hold(_, let completion): completion()
    case .giveBack, .resume: break
    }
  }
}

extension StoreOperation.Read {
  fileprivate func refuse(_ error: StoreError) {
    switch self {
    case .claim(let request, let completion): completion(.nothing(for: request))
    case .destinations(let completion): completion(.failure(error))
    case .usage(let completion): completion(.failure(error))
    case .learnedTokens(let completion): completion(.failure(error))
    case .ping(let answer): answer()
    }
  }
}

extension StoreOperation.Job {
  fileprivate func refuse(_ error: StoreError) {
    switch self {
    case .backup(let completion): completion(.failure(error))
    case .reorder(_, _, let completion): completion(.failure(error))
    case .change(_, _, _, let completion): completion(ChangedDeliveries(), error)
    case .erase(_, let completion): completion(.failure(error))
    case .overwriteErased(let completion): completion(.failure(error))
    case .own(let work): work.refuse(error)
    }
  }
}

extension StoreError {
  package static let closed = StoreError(code: .closed, message: "the store is closed")

  package static func unknown(destination: String) -> StoreError { unknown("destination", destination) }

  /// A name that was never configured.
  package static func unknown(_ kind: String, _ name: String) -> StoreError {
    StoreError(
      code: .failing, message: "the store knows no \(kind) \"\(name)\"; configure it before it is used")
  }
}
