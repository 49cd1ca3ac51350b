import RelayCore

/// Puts all that is waiting into one transaction: the group commit. Confined to the store's thread.
struct BatchWriter {
  let session: StoreSession
  let clock: any WallClock

  var registrations: [(names: StoreNames, completion: (Result<Void, StoreError>) -> Void)] = []
  var appends: [(envelope: NewEnvelope, completion: (Result<AppendOutcome, StoreError>) -> Void)] = []
  /// Outcomes of attempts are never dropped: those that can't be committed stay here.
  var settlements: [(settlements: [Settlement], completion: () -> Void)] = []

  init(session: StoreSession, clock: any WallClock) {
    self.session = session
    self.clock = clock
  }

  var hasHeldSettlements: Bool { !settlements.isEmpty }

  /// Commits, then answers. If everything together can't be committed, new envelopes are refused and the
  /// settlements are tried alone.
  mutating func write() {
    guard !(registrations.isEmpty && appends.isEmpty && settlements.isEmpty) else { return }
    do throws(StoreError) {
      let outcomes = try commitAll()
      for registration in registrations { registration.completion(.success(())) }
      for (append, outcome) in zip(appends, outcomes) { append.completion(outcome) }
      answerSettlements()
    } catch {
      for registration in registrations { registration.completion(.failure(error)) }
      for append in appends { append.completion(.failure(error)) }
      if !(registrations.isEmpty && appends.isEmpty), commitSettlements() { answerSettlements() }
    }
    registrations.removeAll()
    appends.removeAll(keepingCapacity: true)
  }

  private func commitAll() throws(StoreError) -> [Result<AppendOutcome, StoreError>] {
    try transaction { () throws(StoreError) in
      for registration in registrations { try session.register(registration.names) }
      var outcomes: [Result<AppendOutcome, StoreError>] = []
      outcomes.reserveCapacity(appends.count)
      for append in appends {
        if let refusal = session.refusal(of: append.envelope) {
          outcomes.append(.failure(refusal))
        } else {
          outcomes.append(.success(try session.append(append.envelope)))
        }
      }
      try settleAll()
      return outcomes
    }
  }

  private func commitSettlements() -> Bool {
    do throws(StoreError) {
      try transaction { () throws(StoreError) in try settleAll() }
      return true
    } catch {
      return false
    }
  }

  private func settleAll() throws(StoreError) {
    let now = clock.now()
    for settlements in settlements {
      for settlement in settlements.settlements { try session.settle(settlement, settledAt: now) }
    }
  }

  /// Answers what is held for ever now: the store closes. Those deliveries stay pending on disk.
  mutating func abandon() {
    answerSettlements()
  }

  private mutating func answerSettlements() {
    for settled in settlements {
      for settlement in settled.settlements { session.claimed.remove(settlement.delivery.rawValue) }
      settled.completion()
    }
    settlements.removeAll(keepingCapacity: true)
  }

  private func transaction<Value>(_ body: () throws(StoreError) -> Value) throws(StoreError) -> Value {
    do throws(StoreError) {
      try session.begin()
      let value = try body()
      try session.commit()
      return value
    } catch {
      session.rollback()
      throw error
    }
  }
}

@available(*, unavailable)
extension BatchWriter: Sendable {}
