import RelayCore

/// What people do to sources: the token that one learns, and envelopes that are put in by hand.
package protocol SourceOperations: AnyObject, Sendable {
  /// Opens a time in which handshakes are answered, and their tokens become candidates.
  ///
  /// - Throws: `notFound` for a source that there is not, `conflict` for one whose token is not to be learned.
  func learnToken(of source: String, for duration: Duration) async throws(OperationError) -> SourceStatus

  /// Believes a candidate's token from now on, over restarts too, in place of the one before.
  ///
  /// - Throws: `conflict` where different ones have come: nobody can tell them apart.
  func confirmToken(of source: String, candidate: String) async throws(OperationError) -> SourceStatus

  /// Forgets what was learned, and ends the time in which something could be. Nobody is believed then, until a person
  /// begins anew.
  func forgetToken(of source: String) async throws(OperationError) -> SourceStatus

  /// Takes an envelope as its source would have sent it; what token it holds is no matter.
  ///
  /// - Parameter again: Also where its bytes are known already: it is stored once more.
  /// - Returns: What a sender would have been answered.
  func publish(_ envelope: [UInt8], to source: String, again: Bool) async throws(OperationError)
    -> IngestReply
}

/// How a source is.
package struct SourceStatus: Sendable, Equatable {
  package var name: String
  /// Where it is posted to, without host and port.
  package var path: String
  package var token: TokenState
  /// Since the start; nil: none.
  package var lastHandshake: Timestamp?
  /// Also of an earlier run, as far as the store says; nil: none that is known.
  package var lastEnvelope: Timestamp?
  /// Requests since the start that were not taken.
  package var refused: Int
  /// The same by why, without those of which there were none.
  package var refusals: [RefusalCount]
  /// nil: its token is not to be learned.
  package var learning: LearningStatus?
  /// nil: the configuration does not say when it is silent.
  package var silence: SourceSilence?

  /// It has sent nothing for longer than `quiet_after` allows.
  package var isSilent: Bool { silence?.since != nil }

  package init(
    name: String, path: String, token: TokenState, lastHandshake: Timestamp? = nil,
    lastEnvelope: Timestamp? = nil, refused: Int = 0, refusals: [RefusalCount] = [],
    learning: LearningStatus? = nil, silence: SourceSilence? = nil
  ) {
    self.name = name
    self.path = path
    self.token = token
    self.lastHandshake = lastHandshake
    self.lastEnvelope = lastEnvelope
    self.refused = refused
    self.refusals = refusals
    self.learning = learning
    self.silence = silence
  }
}

/// Whether a source that is listened for is silent.
package struct SourceSilence: Sendable, Equatable {
  /// When it fell silent, as the wall clock showed it; nil: it is not.
  package var since: Timestamp?

  package init(since: Timestamp?) {
    self.since = since
  }
}
