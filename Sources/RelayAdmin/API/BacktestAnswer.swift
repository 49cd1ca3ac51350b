import RelayCore
import RelayPipeline

/// `POST /api/v1/backtest`.
package struct BacktestAnswer: Answer {
  package struct Destination: Record {
    @Field("Its name.") package var name: String
    @Field("Events that were routed there when they came.") package var sent: Int
    @Field("Events that go there by the running rules.") package var running: Int
    @Field("Events that would go there by the new ones.") package var new: Int
    @Field("Of those, events that don't go there now.") package var gained: Int
    @Field("Events that go there now, and would not.") package var lost: Int
  }

  package struct Example: Record {
    @Field("What would change for the destination.", .words { RoutingChange.Kind.allCases.map(\.rawValue) })
    package var change: String
    @Field("The destination.") package var destination: String
    @Field("The event's id.") package var event: String
    @Field("Its type.") package var type: String
    @Field("When it was received.") package var receivedAt: Timestamp
    @Field("The company that it speaks of.") package var company: String?
    @Field("The route that would send it there, or does now.") package var route: String
    @Field("What decided: a condition that failed and what it saw, or what has become of the route.")
    package var because: String
  }

  @Field("The new configuration.") package var hash: String
  @Field("The running one.") package var runningHash: String
  @Field("Events that were looked at.") package var events: Int
  @Field("Those that go to the same destinations as now.") package var unchanged: Int
  @Field("Those that go somewhere now, and would be dropped.") package var newlyDropped: Int
  @Field("Those that go somewhere now, and would be met by no route.") package var newlyUnrouted: Int
  @Field("Those that go nowhere now, and would go somewhere.") package var newlyRouted: Int
  @Field(
    "Those that the running rules, too, would route otherwise than they were: the rules have changed since.")
  package var otherwiseRouted: Int
  @Field("Those whose bodies are gone, so that nothing can be said.") package var withoutBody: Int
  @Field("Those of both configurations.") package var destinations: [Destination]
  @Field("Some events for each destination and each direction.") package var examples: [Example]
  @Field("What is likely a slip in the new configuration.") package var warnings: [String]
  @Field("For `after` of the next request; null: all events that fit have been looked at.") package var next:
    String?
  @Field("All that were received after this have been looked at.") package var reached: Timestamp?

  package init() {}

  var resultCount: Int? { events }
}

extension BacktestAnswer {
  init(_ report: BacktestReport) {
    self.init()
    hash = report.hash
    runningHash = report.runningHash
    events = report.counts.events
    unchanged = report.counts.unchanged
    newlyDropped = report.counts.newlyDropped
    newlyUnrouted = report.counts.newlyUnrouted
    newlyRouted = report.counts.newlyRouted
    otherwiseRouted = report.counts.otherwiseRouted
    withoutBody = report.counts.withoutBody
    destinations = report.destinations.map { Destination($0) }
    examples = report.examples.map { Example($0) }
    warnings = report.warnings
    next = report.next?.description
    reached = report.reached
  }

  /// An event would no longer reach a destination.
  package var hasLoss: Bool { destinations.contains { $0.lost > 0 } }

  /// Adds what the next part of the events came to.
  ///
  /// - Parameter examples: At most so many of each destination and direction.
  package mutating func add(_ part: BacktestAnswer, examples most: Int) {
    events += part.events
    unchanged += part.unchanged
    newlyDropped += part.newlyDropped
    newlyUnrouted += part.newlyUnrouted
    newlyRouted += part.newlyRouted
    otherwiseRouted += part.otherwiseRouted
    withoutBody += part.withoutBody
    for destination in part.destinations {
      guard let place = destinations.firstIndex(where: { $0.name == destination.name }) else {
        destinations.append(destination)
        continue
      }
      destinations[place].sent += destination.sent
      destinations[place].running += destination.running
      destinations[place].new += destination.new
      destinations[place].gained += destination.gained
      destinations[place].lost += destination.lost
    }
    var counts = Dictionary(grouping: examples) { "\($0.change) \($0.destination)" }.mapValues(\.count)
    for example in part.examples {
      let key = "\(example.change) \(example.destination)"
      guard counts[key, default: 0] < most else { continue }
      counts[key, default: 0] += 1
      examples.append(example)
    }
    next = part.next
    reached = part.reached ?? reached
  }

  /// As the API would answer it.
  package func json() throws -> [UInt8] { try RecordEncoder.answer(self) }
}

extension BacktestAnswer.Destination {
  init(_ changes: DestinationChanges) {
    self.init()
    name = changes.name
    sent = changes.sent
    running = changes.running
    new = changes.new
    gained = changes.gained
    lost = changes.lost
  }
}

extension BacktestAnswer.Example {
  init(_ example: RoutingChange) {
    self.init()
    change = example.kind.rawValue
    destination = example.destination
    event = example.event.description
    type = example.type
    receivedAt = example.receivedAt
    company = example.company
    route = example.route
    because = example.because
  }
}
