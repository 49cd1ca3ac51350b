import RelayCore
import RelayPipeline
import RelayText

/// Which deliveries, by what they are: it stands in addresses and in bodies.
package struct DeliveryFilterInput: Input {
  @Field("Those for this destination.", .form(.filled)) package var destination: String?
  @Field("Those of events of this type; `\"\"` is the empty one.", .form(.filled)) package var type: String?
  @Field("Those of events received at or after this time, or so long ago: `24h`.", .form(.time))
  package var since: String?
  @Field("Those of events received before this time.", .form(.time)) package var until: String?

  package init() {}
}

extension DeliveryFilterInput {
  var isEmpty: Bool { self == DeliveryFilterInput() }

  func filter(now: Timestamp) throws(APIError) -> DeliveryFilter {
    for (name, text) in [("destination", destination), ("type", type), ("since", since), ("until", until)]
    where text == "" {
      throw .invalidRequest("'\(name)' \(TextList.emptyProblem)")
    }
    var filter = DeliveryFilter(destination: destination, type: type.map(TextList.unquoted))
    filter.since = try TimeInput.read("since", since, now: now)
    filter.until = try TimeInput.read("until", until, now: now)
    if let since = filter.since, let until = filter.until, since >= until {
      throw .invalidRequest("'since' (\(since)) is not before 'until' (\(until)): nothing lies between")
    }
    return filter
  }
}

extension TimeInput {
  /// - Parameter name: Of the field that says it.
  static func read(_ name: String, _ text: String?, now: Timestamp) throws(APIError) -> Timestamp? {
    guard let text else { return nil }
    guard let time = time(text, now: now) else {
      throw .invalidRequest("'\(name)' is '\(text.prefix(100))', which is no time; write \(forms)")
    }
    return time
  }
}

/// `GET /api/v1/deliveries`.
package struct DeliveriesInput: Input {
  @Field("Those in this state.") package var state: DeliveryFilter.State?
  @Fields package var filter = DeliveryFilterInput()
  @Field(
    "Those that are dead or discarded for this reason: `permanent`, `exhausted`, `expired`, `overflow`, `person`, "
      + "`retention` or `erased`.", .form(.words(DeliverySearch.knownReasons)))
  package var reason: TextList
  @Field(
    "Those whose last attempt was answered so: `422`, `5xx`; `none`: it was not answered; `unattempted`: there was none.",
    .form(.status))
  package var status: TextList
  @Field("Those that this route sent; as in routes, `*` and `?` are wildcards.") package var route: TextList
  @Field(
    "`false`: without what the destinations answered (`answer`, `answer_headers` are null). Then no contents are looked at, and "
      + "the audit has nothing to remember.")
  package var answers: Bool?
  @Fields package var page = PageInput()

  package init() {}
}

extension DeliveriesInput {
  var wantsContents: Bool { answers ?? true }
  /// `reason` is a condition.
  static var reasonKey: String { "why" }

  /// What is wrong with it that a command finds out by itself; nil: nothing.
  package var problem: String? {
    do throws(APIError) {
      _ = try search(DeliveryFilter())
      return nil
    } catch {
      return error.message
    }
  }

  /// - Parameter filter: What the store is asked for.
  func search(_ filter: DeliveryFilter) throws(APIError) -> DeliverySearch {
    var search = DeliverySearch(filter, routes: route.texts.map { WildcardPattern($0) })
    for text in reason.texts {
      guard DeliverySearch.knownReasons.contains(text) else {
        throw .invalidRequest(
          "there is no reason '\(text.prefix(100))'\(NearestName.hint(for: text, among: DeliverySearch.knownReasons))"
        )
      }
      search.reasons.append(text)
    }
    search.statuses = try StatusTest.read(status)
    return search
  }
}

extension StatusTest {
  fileprivate static func read(_ list: TextList) throws(APIError) -> [StatusTest] {
    var tests: [StatusTest] = []
    for text in list.texts {
      guard let test = StatusTest(text) else {
        throw .invalidRequest(
          "'status' is '\(text.prefix(100))'; write a status such as 422, a class such as 5xx, none or unattempted"
        )
      }
      tests.append(test)
    }
    return tests
  }
}

/// `GET /api/v1/deliveries/groups`.
package struct DeliveryGroupsInput: Input {
  @Field("Those in this state.") package var state: DeliveryFilter.State?
  @Fields package var filter = DeliveryFilterInput()
  @Field("The `next` of the page before.", .form(.number)) package var after: String?

  package init() {}
}

/// `POST /api/v1/deliveries/retry` and `…/discard`: ids, a filter, or all; never all by leaving something out.
package struct SelectionInput: Input {
  @Field("Deliveries by their numbers; an event's id (`evt_…`) stands for its dead deliveries.")
  package var ids: [SelectedID]?
  @Fields package var filter = DeliveryFilterInput()
  @Field("Those in this state, or in one of these; without it: dead ones.")
  package var state: OneOrMany<DeliveryFilter.State>?
  @Field(
    "Dead ones that were given up for this reason: `permanent`, `exhausted` or `expired`. (`reason` says why you change them.)",
    .form(.words(DeathReason.allCases.map(\.description))))
  package var deathReason: TextList
  @Field(
    "Those whose last attempt was answered so: `422`, `5xx`; `none`: it was not answered; `unattempted`: there was none.",
    .form(.status))
  package var status: TextList
  @Field("All of every destination.") package var all: Bool?
  @Field("Count them, and change nothing.") package var dryRun: Bool?
  @Field(
    "How many they were when somebody looked: where they are more or fewer by now, nothing is changed (409).",
    .range(0...Int.max))
  package var expected: Int?

  package init() {}
}

extension SelectionInput {
  var isDryRun: Bool { dryRun ?? false }

  /// It says more than a state.
  package var isFiltered: Bool {
    !filter.isEmpty || !deathReason.texts.isEmpty || !status.texts.isEmpty
  }

  /// Without a state.
  func conditions(now: Timestamp) throws(APIError) -> DeliveryFilter {
    var filter = try self.filter.filter(now: now)
    for text in deathReason.texts {
      guard let reason = DeathReason.allCases.first(where: { $0.description == text }) else {
        let known = DeathReason.allCases.map(\.description)
        throw .invalidRequest(
          "there is no death_reason '\(text.prefix(100))'\(NearestName.hint(for: text, among: known))")
      }
      filter.deathReasons.append(reason)
    }
    filter.statuses = try StatusTest.read(status)
    return filter
  }
}

/// A delivery, or an event.
package enum SelectedID: Sendable, Equatable {
  case delivery(DeliveryID)
  case event(EventID)

  /// - Returns: nil: it is neither's.
  package init?(_ text: String) {
    if let event = EventID(text) {
      self = .event(event)
    } else if let number = Int64(givenNumber: text), number > 0 {
      self = .delivery(DeliveryID(rawValue: number))
    } else {
      return nil
    }
  }
}

extension SelectedID: APIValue, JSONReadable, JSONWritable {
  static var schema: Schema { .either([.integer(1...Int.max), .text(.numberOrEventID)]) }
  static let form = "the id of a delivery (a whole number from 1) or of an event (evt_…)"

  /// A number may be written as a string, too.
  static func read(_ input: JSONInput) -> SelectedID? {
    if let text = String.read(input) { return SelectedID(text) }
    return Int64.read(input).flatMap { SelectedID(String($0)) }
  }

  func write(to output: inout JSONOutput) {
    switch self {
    case .delivery(let id): id.rawValue.write(to: &output)
    case .event(let id): output.string(id.description)
    }
  }

  package init(from decoder: any Decoder) throws {
    guard let id = SelectedID(try decoder.singleValueContainer().decode(String.self)) else {
      throw APIError.invalidRequest("this is not \(Self.form)")
    }
    self = id
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .delivery(let id): try container.encode(id.rawValue)
    case .event(let id): try container.encode(id.description)
    }
  }
}

extension DeliveryFilter.State: Word {}

/// `POST /api/v1/destinations/{destination}/pause`.
package struct PauseInput: Input {
  @Field("When it ends by itself; null, or none: when somebody resumes it.", .takesNull)
  package var until: Timestamp?

  package init() {}
}
