import RelayCore
import RelayText

/// How many events one request to a destination may hold.
package struct BatchAnswer: Record {
  @Field("Events, at most.") package var maxEvents: Int
  @Field("Bytes of the whole body, at most; an event that is larger goes alone.") package var maxBytes: Int
  @Field("How long a fresh event waits for others, at most, in milliseconds; 0: a request takes what is due.")
  package var maxWaitMs: Int
}

extension BatchAnswer {
  init(_ batch: BatchPolicy) {
    self.init()
    maxEvents = batch.maxEvents
    maxBytes = batch.maxBytes
    maxWaitMs = Int(batch.maxWait.microseconds / 1_000)
  }

  /// `up to 50 events or 96KiB in a request`.
  var words: String {
    let wait =
      maxWaitMs > 0 ? ", for which a fresh one waits up to \(Duration.milliseconds(maxWaitMs).text)" : ""
    return
      "up to \(maxEvents.counted("event", "events")) or \(SizeText.text(bytes: maxBytes)) in a request\(wait)"
  }
}

/// A destination that takes several events in one request.
package struct BatchedDestinationAnswer: Record {
  @Field("The destination.") package var destination: String
  @Field("How many events a request to it may hold.") package var batch: BatchAnswer
}

extension BatchedDestinationAnswer {
  init(_ destination: String, _ batch: BatchPolicy) {
    self.init()
    self.destination = destination
    self.batch = BatchAnswer(batch)
  }
}

/// How a destination's `concurrency` holds it back.
package struct ConcurrencyLimitAnswer: Record {
  @Field("The part of the last minute in which every slot was taken while more was due, 0 to 1.") package
    var share: Double
  @Field("The most attempts in a second that these slots allow: `concurrency` through the mean duration.")
  package var attemptsPerSecond: Double
  @Field("How long an attempt took, on the average of the last minute.") package var meanAttemptMs: Double
  @Field("The slots that there are.") package var concurrency: Int
  @Field(
    "The `concurrency` that would carry what arrives, with a fifth to spare; null: unknown, or these do and only what has gathered waits, or there can't be as many. `batch` is the other way."
  )
  package var suggested: Int?
}

extension ConcurrencyLimitAnswer {
  init(_ limit: ConcurrencyLimit.Reading, suggested: Int?) {
    self.init()
    share = (limit.share * 1_000).rounded() / 1_000
    attemptsPerSecond = (limit.attemptsPerSecond * 100).rounded() / 100
    meanAttemptMs = limit.meanDuration.apiMilliseconds
    concurrency = limit.concurrency
    self.suggested = suggested
  }
}
