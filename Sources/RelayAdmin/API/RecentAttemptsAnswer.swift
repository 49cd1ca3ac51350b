import RelayCore
import RelayPipeline

/// What came of a destination's attempts in a time that ends now.
package struct AttemptWindowAnswer: Record {
  @Field("How long that time is: five minutes, an hour, a day.") package var seconds: Double
  @Field("The part of it in which attempts were counted: since the relay's start, if that was later.")
  package var countedSeconds: Double
  @Field("How many there were.") package var attempts: Int
  @Field("How many of them failed.") package var failed: Int
  @Field("The share of those that failed, 0 to 1; null: there were none.") package var failureRate: Double?
  @Field("How long they took, on the average.") package var meanMs: Double?
  @Field("How many came to each class of outcomes.") package var outcomes: [OutcomeCountAnswer]
  @Field("Why attempts failed: what most failed for first, at most ten.") package var causes: [CauseAnswer]
  @Field("The types of events of which some failed: that with the most failures first, at most ten.")
  package var types: [TypeFailuresAnswer]
}

extension AttemptWindowAnswer {
  init(_ window: AttemptWindow) {
    self.init()
    seconds = window.length.apiSeconds
    countedSeconds = window.counted.apiSeconds
    attempts = window.attempts
    failed = window.failed
    failureRate = window.failureRate.map { ($0 * 10_000).rounded() / 10_000 }
    meanMs = window.meanDuration?.apiMilliseconds
    outcomes = AttemptOutcome.allCases.compactMap { outcome in
      window.classes[outcome].map { OutcomeCountAnswer(outcome, count: $0) }
    }
    causes = window.causes.map { CauseAnswer($0) }
    types = window.types.map { TypeFailuresAnswer($0) }
  }
}

package struct OutcomeCountAnswer: Record {
  @Field("What came of them.", .words { AttemptOutcome.allCases.map(\.rawValue) }) package var outcome: String
  @Field("How many.") package var count: Int
}

extension OutcomeCountAnswer {
  init(_ outcome: AttemptOutcome, count: Int) {
    self.init()
    self.outcome = outcome.rawValue
    self.count = count
  }
}

package struct CauseAnswer: Record {
  @Field("The status that was answered, what went wrong instead, or `various`.") package var cause: String
  @Field("How many.") package var count: Int
}

extension CauseAnswer {
  init(_ cause: AttemptWindow.Cause) {
    self.init()
    self.cause = cause.words
    count = cause.count
  }
}

package struct TypeFailuresAnswer: Record {
  @Field("The events' type; `other types`: those beyond the first 32.") package var type: String
  @Field("How many attempts there were.") package var attempts: Int
  @Field("How many of them failed.") package var failed: Int
  @Field("Why most of them failed.") package var cause: String
  @Field("How many failed for that.") package var causeCount: Int
}

extension TypeFailuresAnswer {
  init(_ failures: AttemptWindow.TypeFailures) {
    self.init()
    type = failures.type
    attempts = failures.attempts
    failed = failures.failed
    cause = failures.cause.words
    causeCount = failures.cause.count
  }
}

/// What a destination can take.
package struct CapacityAnswer: Record {
  @Field("Requests at once: `concurrency`, or 1 where all its deliveries are in one order.") package
    var slots: Int
  @Field("How long an attempt takes, on the average of the last five minutes.") package var meanMs: Double
  @Field("Attempts in a second that this makes, at most.") package var perSecond: Double
  @Field("New deliveries in a second, over the last minutes; null: unknown.") package var arrivingPerSecond:
    Double?
  @Field("All were busy nearly all the time, and more waits: nothing else holds it back.") package var bound:
    Bool
  @Field(
    "The `concurrency` that what arrives would need, with a fifth to spare; null: unknown, or none would do.")
  package var neededConcurrency: Int?
}

extension CapacityAnswer {
  init(_ capacity: DestinationCapacity) {
    self.init()
    slots = capacity.slots
    meanMs = capacity.meanDuration.apiMilliseconds
    perSecond = (capacity.perSecond * 100).rounded() / 100
    arrivingPerSecond = capacity.arriving.map { ($0 * 100).rounded() / 100 }
    bound = capacity.isBound
    neededConcurrency = capacity.neededConcurrency
  }
}
