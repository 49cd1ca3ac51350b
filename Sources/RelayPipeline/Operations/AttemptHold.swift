import RelayCore

/// Why no attempt starts, whatever the destinations are like.
package struct AttemptHold: Sendable, Equatable {
  package enum Code: String, Sendable, CaseIterable {
    /// What came of attempts can't be recorded.
    case unrecorded = "outcomes_unrecorded"
    /// The same, since no standby confirms what the store's server has written.
    case standbyMissing = "standby_missing"
    /// It is not sure that the others that share the store count this relay as alive.
    case leaseUnconfirmed = "lease_unconfirmed"
    /// The same, since there is no way to the store's server.
    case serverUnreachable = "server_unreachable"
    /// The same, since another relay has this one's place.
    case placeLost = "place_lost"
  }

  package var code: Code
  /// For people: why, and what to do. No sentence.
  package var reason: String
  /// Since when the store has confirmed nothing; nil: that is not known.
  package var since: Timestamp?

  package init(_ code: Code, reason: String, since: Timestamp? = nil) {
    self.code = code
    self.reason = reason
    self.since = since
  }

  /// - Parameters:
  ///   - condition: What the store has told of itself.
  ///   - lack: Why it lets none start now.
  ///   - stall: Why it can't come back from a commit, where it knows.
  /// - Returns: nil: attempts start. `since` is by the steady clock.
  init?(_ condition: StoreCondition, lack: StartLack?, stall: StoreStall?) {
    if condition.holdsSettlements, stall == .standbyMissing {
      self.init(.standbyMissing, reason: StoreStall.standbyMissing.text)
      return
    }
    guard let lack else {
      guard condition.holdsSettlements else { return nil }
      let why = (stall?.text ?? condition.refusal?.message).map { ": \($0)" } ?? ""
      self.init(.unrecorded, reason: "what comes of them can't be recorded\(why)")
      return
    }
    switch lack {
    case .placeLost: self.init(.placeLost, reason: lack.text)
    case .unreachable(let since, _): self.init(.serverUnreachable, reason: lack.text, since: since)
    case .unconfirmed(let since): self.init(.leaseUnconfirmed, reason: lack.text, since: since)
    }
  }
}
