import RelayCore
import RelayPipeline

/// A source: in `GET /api/v1/status`, and what `POST /api/v1/sources/{source}/token` answers.
package struct SourceAnswer: Answer {
  /// A token that somebody has offered in a handshake.
  package struct TokenCandidate: Record {
    @Field("What `confirm` takes.") package var id: String
    @Field("The token's ends and its length, never all of it.") package var token: String
    @Field("The address that offered it first.") package var peer: String?
    @Field("What that request's `X-Forwarded-For` says, where a proxy stands before the relay.")
    package var forwardedFor: String?
    @Field("Its `User-Agent`.") package var agent: String?
    @Field("When it came first.") package var firstAt: Timestamp
    @Field("When it came last.") package var lastAt: Timestamp
    @Field("How often it has come.") package var count: Int
  }

  @Field("Its name.") package var name: String
  @Field("The path that envelopes are posted to.") package var path: String
  @Field(
    "How it stands with its token. `configured`: the configuration says it; `none`: every sender is believed. Where it is to "
      + "be learned: `closed`: nobody is believed; `learning`: a handshake is waited for; `candidates`: a person is to look; "
      + "`learned`: a person has confirmed one.", .words { TokenState.allCases.map(\.rawValue) })
  package var token: String
  @Field("When a handshake was last answered, since the relay started.") package var lastHandshake: Timestamp?
  @Field("When the last envelope was accepted; after a restart, when the last one came that the store has.")
  package var lastEnvelope: Timestamp?
  @Field("It has sent nothing for longer than its `quiet_after` allows.") package var silent: Bool
  @Field("Since when it is silent, until it is heard again.") package var silentSince: Timestamp?
  @Field("Requests that were not taken, since the relay started.") package var refused: Int
  @Field("Why they were not, each reason that there was.") package var refusedBy: [RefusalCountAnswer]
  @Field("Until when handshakes are answered and their tokens become candidates; null: they do not.")
  package var learningUntil: Timestamp?
  @Field("When the token that is believed was confirmed; null: none was.") package var learnedAt: Timestamp?
  @Field("Handshakes with different tokens have come: none of them can be confirmed.") package var ambiguous:
    Bool
  @Field("Who has come.") package var candidates: [TokenCandidate]
}

extension SourceAnswer {
  init(_ status: SourceStatus) {
    self.init()
    name = status.name
    path = status.path
    token = status.token.rawValue
    lastHandshake = status.lastHandshake
    lastEnvelope = status.lastEnvelope
    silent = status.isSilent
    silentSince = status.silence?.since
    refused = status.refused
    refusedBy = status.refusals.map { RefusalCountAnswer($0) }
    learningUntil = status.learning?.until
    learnedAt = status.learning?.learnedAt
    ambiguous = status.learning?.isAmbiguous ?? false
    candidates = (status.learning?.candidates ?? []).map { TokenCandidate($0) }
  }
}

extension SourceAnswer.TokenCandidate {
  init(_ candidate: LearningStatus.Candidate) {
    self.init()
    id = candidate.id
    token = candidate.maskedToken
    peer = candidate.origin.peer
    forwardedFor = candidate.origin.forwardedFor
    agent = candidate.origin.userAgent
    firstAt = candidate.firstAt
    lastAt = candidate.lastAt
    count = candidate.count
  }
}

/// How many requests were refused for one reason.
package struct RefusalCountAnswer: Record {
  @Field(
    "`unauthorized` (401: the token is not the one that it knows), `forbidden` (403: not an address of its `allow`), "
      + "`rate_limited` (429), `invalid` (400), `too_large` (413) or `unavailable` (503).",
    .words { EnvelopeOutcome.refusals.map(\.rawValue) })
  package var reason: String
  @Field("How many.") package var count: Int
}

extension RefusalCountAnswer {
  init(_ refusals: RefusalCount) {
    self.init()
    reason = refusals.reason.rawValue
    count = refusals.count
  }
}

/// `POST /api/v1/sources/{source}/publish`: what a sender is answered.
package struct PublishAnswer: Answer {
  /// An item that was no event.
  package struct RefusedItem: Record {
    @Field("The type it stands under.") package var event: String
    @Field("Its place there, from 0.") package var index: Int
    @Field("What it is.") package var reason: String
  }

  @Field("How many events were stored.") package var accepted: Int
  @Field("How many deliveries came of them.") package var deliveries: Int
  @Field("Events without a delivery because of a route that drops.") package var dropped: Int
  @Field("Events that no route matched.") package var unrouted: Int
  @Field("Its bytes were known: nothing was stored.") package var duplicate: Bool
  @Field("An id for each event, in the document's order.") package var events: [String]
  @Field("Of a duplicate: events that went nowhere before, and now do.", .leftOutIfNil)
  package var rerouted: [String]?
  @Field("Items that are no events.", .leftOutIfNil) package var rejected: [RefusedItem]?
}
