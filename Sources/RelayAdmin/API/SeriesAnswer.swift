import RelayCore
import RelayPipeline

/// `GET /api/v1/series`.
package struct SeriesAnswer: Answer {
  package struct DestinationSeries: Record {
    @Field("Its name.") package var name: String
    @Field("Attempts in each step.") package var attempts: NumberList
    @Field("Those of them that failed.") package var failed: NumberList
    @Field("Deliveries that reached it in each step.") package var delivered: NumberList
    @Field("How many deliveries were pending at each step's end; null also: the store did not answer.")
    package var pending: NumberList
    @Field("How many were dead then.") package var dead: NumberList
    @Field("How many attempts were under way then.") package var inFlight: NumberList
    @Field("How old the oldest pending one was then; null also: none was pending.")
    package var oldestPendingSeconds: NumberList
    @Field(
      "From receipt to delivery: what half of the deliveries of the step did not exceed, as near as the buckets of "
        + "`huggy_relay_delivery_latency_seconds` tell; null also: there were none.")
    package var latencyP50Ms: NumberList
    @Field("What 99 of 100 of them did not exceed.") package var latencyP99Ms: NumberList
  }

  package struct SourceSeries: Record {
    @Field("Its name.") package var name: String
    @Field("Envelopes that were accepted in each step.") package var accepted: NumberList
    @Field("Their events.") package var events: NumberList
    @Field("Requests that were not taken.") package var refused: NumberList
  }

  package struct StoreSeries: Record {
    @Field("How much of it was in use at each step's end.") package var bytes: NumberList
  }

  @Field("How long a step is.") package var stepSeconds: Int
  @Field("When the first step begins, as the wall clock shows it.") package var since: Timestamp
  @Field("When the last one ends.") package var until: Timestamp
  @Field(
    "Those of the configuration, in its order, then those that are gone and have samples. All lists have one length: what stands at the "
      + "place i is of the time from `since` + i steps to `since` + (i + 1) steps; null: there is no sample.")
  package var destinations: [DestinationSeries]
  @Field("Every source.") package var sources: [SourceSeries]
  @Field("The store.") package var store: StoreSeries
}

extension SeriesAnswer {
  init(_ report: SeriesReport) {
    self.init()
    stepSeconds = Int(report.step.duration.components.seconds)
    since = report.since
    until = report.until
    destinations = report.destinations.map { DestinationSeries($0) }
    sources = report.sources.map { SourceSeries($0) }
    store = StoreSeries()
    store.bytes = NumberList(report.storeBytes)
  }
}

extension SeriesAnswer.DestinationSeries {
  init(_ destination: SeriesReport.Destination) {
    self.init()
    name = destination.name
    attempts = NumberList(destination.attempts)
    failed = NumberList(destination.failed)
    delivered = NumberList(destination.delivered)
    pending = NumberList(destination.pending)
    dead = NumberList(destination.dead)
    inFlight = NumberList(destination.inFlight)
    oldestPendingSeconds = NumberList(destination.oldestPendingSeconds)
    latencyP50Ms = NumberList(destination.latencyMedianMilliseconds)
    latencyP99Ms = NumberList(destination.latencyTailMilliseconds)
  }
}

extension SeriesAnswer.SourceSeries {
  init(_ source: SeriesReport.Source) {
    self.init()
    name = source.name
    accepted = NumberList(source.accepted)
    events = NumberList(source.events)
    refused = NumberList(source.refused)
  }
}

/// Numbers, or null: as many as a chart has points. There may be a million in one answer, so that they are written without being taken
/// apart.
package struct NumberList: APIValue, JSONWritable {
  private let numbers: SeriesReport.Numbers

  static var schema: Schema { .array(.nullable(.number)) }

  init(_ numbers: SeriesReport.Numbers) {
    self.numbers = numbers
  }

  package init(from decoder: any Decoder) throws {
    let values = try [Double?](from: decoder)
    numbers = SeriesReport.Numbers(
      values.map { $0.map { Int(($0 * 10).rounded()) } ?? SeriesReport.Numbers.none }, areTenths: true)
  }

  package func encode(to encoder: any Encoder) throws {
    let scale = numbers.areTenths ? 10.0 : 1
    try numbers.values.map { $0 == SeriesReport.Numbers.none ? nil : Double($0) / scale }.encode(to: encoder)
  }

  func write(to output: inout JSONOutput) {
    var text: [UInt8] = []
    text.reserveCapacity(2 + numbers.values.count * 3)
    text.append(UInt8(ascii: "["))
    for (place, value) in numbers.values.enumerated() {
      if place > 0 { text.append(UInt8(ascii: ",")) }
      if value == SeriesReport.Numbers.none {
        text.append(contentsOf: StaticString("null"))
      } else if numbers.areTenths {
        Self.append(value / 10, to: &text)
        if value % 10 != 0 {
          text.append(UInt8(ascii: "."))
          Self.append(value % 10, to: &text)
        }
      } else {
        Self.append(value, to: &text)
      }
    }
    text.append(UInt8(ascii: "]"))
    output.raw(text)
  }

  /// None of them is below nothing.
  private static func append(_ number: Int, to text: inout [UInt8]) {
    guard number >= 10 else { return text.append(UInt8(ascii: "0") + UInt8(max(0, number))) }
    let start = text.count
    var rest = number
    while rest > 0 {
      text.append(UInt8(ascii: "0") + UInt8(rest % 10))
      rest /= 10
    }
    text[start...].reverse()
  }
}

extension [UInt8] {
  fileprivate mutating func append(contentsOf text: StaticString) {
    append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
  }
}
