import RelayCore
import Testing

/// Whose failure an attempt was.
@Suite struct BlameTests {
  @Test func everyStatusHasOneToBlame() {
    let destinations = [401, 403, 404, 405, 407, 408, 421, 425, 429]
    for status in 100..<1_000 {
      let expected: Blame =
        (200..<300).contains(status)
        ? .none : status < 400 || status >= 500 || destinations.contains(status) ? .destination : .event
      #expect(Made.result(status).blame == expected, "\(status)")
    }
  }

  @Test(arguments: TransportFailure.Kind.allCases)
  func noAnswerIsTheDestinationsFailure(kind: TransportFailure.Kind) {
    let wasNotReached: [TransportFailure.Kind] = [
      .nameResolution, .connectionRefused, .connectTimeout, .connection, .tls, .egress, .token,
    ]
    #expect(Made.failure(kind).blame == (wasNotReached.contains(kind) ? .connection : .destination))
  }
}
