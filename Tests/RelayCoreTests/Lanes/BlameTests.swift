import RelayCore
import Testing

/// Whose failure an attempt was.
@Suite struct BlameTests {
  @Test func everyStatusHasOneToBlame() {
    let destinations = [401, 403, 404, 405, 407, 408, 425, 429]
    for status in 200..<600 {
      let expected: Blame =
        status < 300
        ? .none : status < 400 || status >= 500 || destinations.contains(status) ? .destination : .event
      #expect(Made.result(status).blame == expected, "\(status)")
    }
  }

  @Test(arguments: TransportFailure.Kind.allCases)
  func noAnswerIsTheDestinationsFailure(kind: TransportFailure.Kind) {
    let wasNotReached: [TransportFailure.Kind] = [
      .nameResolution, .connectionRefused, .connectTimeout, .connection, .tls,
    ]
    #expect(Made.failure(kind).blame == (wasNotReached.contains(kind) ? .connection : .destination))
  }
}
