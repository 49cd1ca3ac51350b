import RelayCore

/// `GET /api/v1/gaps`.
package struct GapsAnswer: Answer {
  @Field("When senders were turned away or found nobody, the newest first.") package var gaps: [GapAnswer]

  var resultCount: Int? { gaps.count }
}

extension GapsAnswer {
  init(_ gaps: [Gap]) {
    self.init()
    self.gaps = gaps.map { GapAnswer($0) }
  }
}

/// A time in which senders were turned away, or found nobody.
package struct GapAnswer: Record {
  @Field(
    "What it was: `down`, the relay did not run; `unavailable`, it answered 503; `unauthorized`, it answered 401.",
    .words { Gap.Kind.allCases.map(\.name) }) package var kind: String
  @Field("Whose envelopes were refused; null: all, or nobody's that is known.") package var source: String?
  @Field(
    "When it began; after a kill the relay's last sign of life, some seconds before its end, on an idle relay up to a minute."
  )
  package var beganAt: Timestamp
  @Field("When it ended, or with the last refusal.") package var endedAt: Timestamp
  @Field("How many requests were refused; 0 while the relay was down: nobody knows.") package var count: Int
  @Field("Why: the code of the last refusal; of a time when it was down `stopped` or `killed`.")
  package var reason: String
}

extension GapAnswer {
  init(_ gap: Gap) {
    self.init()
    kind = gap.kind.name
    source = gap.source
    beganAt = gap.began
    endedAt = gap.ended
    count = gap.count
    reason = gap.reason
  }
}

/// `GET /api/v1/gaps`.
package struct GapsInput: Input {
  @Field("Those that ended at or after this time, or so long ago: `24h`.", .form(.time)) package var since:
    String?
  @Field("Those that began before this time.", .form(.time)) package var until: String?

  package init() {}
}
