import RelayCore

/// What a person can do about a destination's failures: a sentence, by what fails most.
enum FailureHint {
  /// nil: nothing fails.
  ///
  /// - Parameter windows: The shortest first.
  static func text(_ windows: [AttemptWindow], of destination: Destination) -> String? {
    guard let window = windows.first(where: { $0.failed > 0 }), let first = window.causes.first else {
      return nil
    }
    guard let cause = first.cause else {
      return "look at the failures: huggy-relay deliveries --destination \(destination.name)"
    }
    if destination.permanentStatuses.contains(status(cause) ?? 0) {
      return permanent(cause, window, destination)
    }
    switch cause {
    case .status(let code):
      return advice(status: code, destination) + (code >= 500 ? size(destination) : "")
    case .failure(let kind):
      return advice(kind, destination) + (kind == .reset ? size(destination) : "")
    }
  }

  /// What else may be why, where requests hold several events.
  private static func size(_ destination: Destination) -> String {
    guard destination.takesSeveral else { return "" }
    return "; where only large requests fail so, lower `batch.max_bytes` or `batch.max_events`, and reload"
  }

  private static func status(_ cause: AttemptCause) -> Int? {
    if case .status(let code) = cause { code } else { nil }
  }

  private static func permanent(_ cause: AttemptCause, _ window: AttemptWindow, _ destination: Destination)
    -> String
  {
    let types = window.types.filter { $0.cause.cause == cause }
    let which =
      types.first.map {
        $0.failed == $0.attempts ? "it takes no \($0.type); " : "it refuses some \($0.type); "
      } ?? ""
    guard !destination.takesSeveral else {
      return
        "\(which)\(cause) is one of its `permanent` statuses: an event that is answered so alone goes to the dead letters; of several "
        + "in a request each is tried alone first. Mend the receiver, or, where only large requests fail so, lower `batch.max_bytes` or "
        + "`batch.max_events`"
    }
    return
      "\(which)\(cause) is one of its `permanent` statuses: what is answered so goes to the dead letters at once. "
      + "Mend the receiver (or route such events elsewhere), then: "
      + "huggy-relay retry --destination \(destination.name)"
  }

  private static func advice(status code: Int, _ destination: Destination) -> String {
    switch code {
    case ..<200: "the destination answers with what ends no exchange; look at the server there"
    case 300..<400: "redirects are not followed: set `url` to the address that it names, and reload"
    case 401 where destination.usesOAuth2:
      "it refuses the access tokens that it is sent: look at `scope` and `audience` in `auth.oauth2`, and at what the client may do there"
    case 401:
      destination.authorization == nil
        ? "it asks for credentials: give it an `auth`, or a header of its own, and reload"
        : "its credentials are refused: was a password or a token rotated? Set the new one in `auth`, and reload"
    case 403:
      "it forbids the request: look at the credentials, and at what it lets in (addresses, a firewall)"
    case 404, 405: "nothing takes a POST at this `url`: was the path changed? Set the right one, and reload"
    case 407: "a proxy on the way asks for credentials"
    case 408: "it did not get the request in time: it is overloaded, or the network is slow"
    case 421:
      "the server there is not meant for this host name: look at its `url`, and at what stands before it"
    case 425: "it wants the request again, outside of early data; look at what stands before it"
    case 429: "it asks for fewer requests: set `rate` to what it can take, and reload"
    case 400..<500:
      "it refuses these events: look at its answer with huggy-relay event ID, and mend the receiver"
    case 502, 503, 504: "what stands before it says that it is down or overloaded: look at the server there"
    default: "it fails by itself: look into its log; its answers are shown by huggy-relay event ID"
    }
  }

  private static func advice(_ kind: TransportFailure.Kind, _ destination: Destination) -> String {
    switch kind {
    case .nameResolution:
      "its host name can't be looked up: look at `url`, and at this machine's name servers"
    case .connectionRefused: "nothing listens there: start it, or look at the port in `url`"
    case .connectTimeout:
      "no connection is made within `connect_timeout`: a firewall drops it, or the machine is off"
    case .connection: "no connection can be made: look at the network between here and there"
    case .tls where destination.tls.client != nil:
      "one side does not take the other's certificate: huggy-relay status has the reason; look at `tls.ca`, `tls.certificate` and "
        + "`tls.key`"
    case .tls:
      "its certificate is not believed: huggy-relay status has the reason; mend it there, or set `tls.ca`"
    case .timeout:
      "its answers take longer than `timeout`: look why it is slow, or raise `timeout`, and reload"
    case .reset: "it ends connections before it has answered: look into its log for crashes and limits"
    case .token:
      "no access token is given for it: huggy-relay status has the reason; look at `auth.oauth2`, and at the token server"
    case .other: "the exchange breaks: huggy-relay event ID says how"
    case .egress:
      "its address is one that the relay does not connect to: set `url` to the service's own, or name the address in `egress.allow`"
    }
  }
}

extension Destination {
  fileprivate var usesOAuth2: Bool {
    if case .oauth2 = authorization { true } else { false }
  }
}
