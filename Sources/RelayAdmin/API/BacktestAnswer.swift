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

  /// As the API would answer it.
  package func json() throws -> [UInt8] { try RecordEncoder.answer(self) }
}

/// What parts of the events come to, one after another.
package struct BacktestSum {
  private struct Kind: Hashable {
    var change: String
    var destination: String
  }

  /// Of all parts together.
  package private(set) var answer = BacktestAnswer()
  private let maxExamples: Int
  private var exampleCounts: [Kind: Int] = [:]
  private var isEmpty = true

  /// - Parameter examples: At most so many of each destination and direction.
  package init(examples: Int) {
    maxExamples = examples
  }

  /// - Returns: Whether it is of the same two configurations as the parts before; if not, it is left out.
  package mutating func add(_ part: BacktestAnswer) -> Bool {
    guard isEmpty || (answer.hash, answer.runningHash) == (part.hash, part.runningHash) else { return false }
    addCounts(of: part)
    addExamples(of: part)
    answer.next = part.next
    answer.reached = part.reached ?? answer.reached
    return true
  }

  private mutating func addCounts(of part: BacktestAnswer) {
    if isEmpty {
      (answer, isEmpty) = (part, false)
      return answer.examples = []
    }
    answer.events += part.events
    answer.unchanged += part.unchanged
    answer.newlyDropped += part.newlyDropped
    answer.newlyUnrouted += part.newlyUnrouted
    answer.newlyRouted += part.newlyRouted
    answer.otherwiseRouted += part.otherwiseRouted
    answer.withoutBody += part.withoutBody
    for destination in part.destinations {
      guard let place = answer.destinations.firstIndex(where: { $0.name == destination.name }) else {
        answer.destinations.append(destination)
        continue
      }
      answer.destinations[place].sent += destination.sent
      answer.destinations[place].running += destination.running
      answer.destinations[place].new += destination.new
      answer.destinations[place].gained += destination.gained
      answer.destinations[place].lost += destination.lost
    }
  }

  private mutating func addExamples(of part: BacktestAnswer) {
    for example in part.examples {
      let kind = Kind(change: example.change, destination: example.destination)
      guard exampleCounts[kind, default: 0] < maxExamples else { continue }
      exampleCounts[kind, default: 0] += 1
      answer.examples.append(example)
    }
  }
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
