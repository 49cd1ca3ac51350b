import RelayCore
import Testing

@testable import RelayPipeline

/// The relay's own header lines are as long as `HeaderBudget` says, at most.
@Suite struct HeaderBudgetTests {
  private static let long = String(repeating: "x", count: 1_000)

  private static func destination(_ change: (inout Destination) -> Void = { _ in }) -> Destination {
    var destination = Destination(name: "crm", url: Secret("https://crm.example:8443/hooks?a=1"))
    change(&destination)
    return destination
  }

  /// Broken by a line that the builder adds and the budget does not know, or by a value that may be longer.
  @Test func noLineOfTheRelaysIsLongerThanTheBudgetSays() throws {
    let trace = try #require(
      TraceParent(header: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".utf8))
    let envelope = EnvelopeContext(
      source: String(repeating: "s", count: 64), receivedAt: .second(1), time: nil, token: nil, trace: trace)
    let event = Event(
      id: EventID(high: .max, low: .max), envelope: envelope, type: Self.long, rawType: [],
      company: Self.long,
      channel: Self.long, chat: nil, body: [123, 125])
    let delivery = Delivery(
      id: DeliveryID(rawValue: 1), event: event, destination: "crm", run: 1, attempts: 999_999_998,
      since: .epoch)
    let secrets = [SigningSecret(key: Array(1...24)), SigningSecret(key: Array(1...64))]
    let destination = Self.destination { $0.signingSecrets = secrets }
    let request = RequestBuilder.request(
      for: delivery, to: destination, at: ClockReading(steady: .second(2), wall: .second(1_800_000_000)))
    let longest = Dictionary(uniqueKeysWithValues: HeaderBudget.longestValues.map { ($0.name, $0.bytes) })
    var bytes = 0
    for line in request.headers.lines {
      bytes += line.utf8.count + 2
      let name = String(line.prefix { $0 != ":" })
      guard name != "webhook-signature" else { continue }
      let most = try #require(longest[name], "\(name) is not in HeaderBudget.longestValues")
      #expect(line.utf8.count - name.utf8.count - 2 <= most, "\(line)")
    }
    let budget = HeaderBudget.mostLines(to: destination)
    #expect(bytes <= budget.bytes && request.headers.lines.count <= budget.fields)
    // The signature's length is known to the byte.
    let without = HeaderBudget.mostLines(to: Self.destination())
    let signature = try #require(request.headers.lines.first { $0.hasPrefix("webhook-signature") })
    #expect(budget.bytes - without.bytes == signature.utf8.count + 2)
  }

  @Test func aHundredIDsTakeWhatWasMeasured() {
    #expect(HeaderBudget.eventIDsBytes(1) == 40)
    #expect(HeaderBudget.eventIDsBytes(100) == 4_099)
    #expect(HeaderBudget.eventIDsBytes(1_000) == HeaderBudget.maxEventIDsBytes)
  }

  @Test func aBatchOfAHundredFitsWithoutHeadersOfItsOwn() {
    let lines = HeaderBudget.mostLines(
      to: Self.destination {
        $0.batch = BatchPolicy(maxEvents: 100)
        $0.signingSecrets = [SigningSecret(key: Array(1...24))]
      })
    #expect(lines.bytes <= HeaderBudget.maxBytes && lines.fields <= HeaderBudget.maxFields, "\(lines)")
  }

  @Test func theDestinationsOwnLinesCountWithTheirNamesAndEnds() {
    let plain = HeaderBudget.mostLines(to: Self.destination())
    func more(_ change: (inout Destination) -> Void) -> [Int] {
      let lines = HeaderBudget.mostLines(to: Self.destination(change))
      return [lines.fields - plain.fields, lines.bytes - plain.bytes]
    }
    #expect(more { $0.headers = [Destination.Header(name: "X-Team", value: Secret("crm"))] } == [1, 13])
    #expect(more { $0.authorization = .bearer(Secret("abc")) } == [1, 13 + 4 + 10])
    // Of `u:pw`, four bytes.
    #expect(more { $0.authorization = .basic(username: "u", password: Secret("pw")) } == [1, 13 + 4 + 14])
    #expect(more { $0.url = Secret("https://u:pw@crm.example:8443/hooks?a=@1") } == [1, 13 + 4 + 14])
    #expect(more { $0.url = Secret("https://crm.example:8443#a@b") } == [0, 0])
  }
}
