/// Whose failure an attempt was.
package enum Blame: Sendable, Equatable {
  /// Nobody's: it succeeded.
  case none
  /// The destination answered for itself, and refused this event.
  case event
  /// The destination's; yet it may be this very event that it can't take.
  case destination
  /// The destination's, whatever the event: it was never reached.
  case connection
}

extension AttemptResult {
  package var blame: Blame {
    switch response {
    case .status(200..<300, _, _): .none
    // It refuses everything that is signed, not this event.
    case .status where blamesClock: .destination
    case .status(401, _, _), .status(403...405, _, _), .status(407...408, _, _), .status(421, _, _),
      .status(425, _, _), .status(429, _, _):
      .destination
    case .status(400..<500, _, _): .event
    case .status: .destination
    case .failure(let failure): failure.kind.blame
    }
  }
}

extension TransportFailure.Kind {
  fileprivate var blame: Blame {
    switch self {
    case .nameResolution, .connectionRefused, .connectTimeout, .connection, .tls: .connection
    case .timeout, .reset, .other: .destination
    }
  }
}
