import CCurl

/// Where a request that got nothing of an answer is sent once more, uncounted.
///
/// A server may close a kept connection at the very moment at which a request is sent on it. libcurl 7.88.1 repeats such a
/// request by itself, but on any other kept connection, at most five times in an easy handle's whole life, and never
/// once a part of a larger body was sent. So its own repetitions are refused, and this rule decides.
enum Repetition: Equatable {
  /// On a connection that is made for it.
  case onFreshConnection
  /// In a pool without the connection that died: HTTP/2 requests that died with it share the next one.
  case inNextPool

  /// How a request ended.
  struct Ending {
    var code: CURLcode
    /// Its connection had served a request before, or serves another.
    var isReused: Bool
    /// At least one header line came.
    var hasAnswer: Bool
    var isRepeated: Bool
    /// It spoke HTTP/2.
    var sharesConnection: Bool
    /// libcurl was about to repeat it.
    var wasRetryRefused: Bool
  }

  init?(after ending: Ending) {
    guard !ending.hasAnswer, !ending.isRepeated else { return nil }
    if ending.wasRetryRefused {
      self = ending.sharesConnection ? .inNextPool : .onFreshConnection
      return
    }
    switch ending.code {
    case CURLE_GOT_NOTHING where ending.isReused, CURLE_SEND_ERROR where ending.isReused,
      CURLE_RECV_ERROR where ending.isReused:
      self = ending.sharesConnection ? .inNextPool : .onFreshConnection
    // The first of the requests that share a connection has made it, and dies with it like the others.
    // A stream that its server resets alone (CURLE_HTTP2_STREAM) is an answer of sorts: the connection lives. One that the
    // server says it did not touch (REFUSED_STREAM, GOAWAY) comes as CURLE_RECV_ERROR.
    case CURLE_SEND_ERROR where ending.sharesConnection, CURLE_RECV_ERROR where ending.sharesConnection,
      CURLE_HTTP2 where ending.sharesConnection, CURLE_PARTIAL_FILE where ending.sharesConnection:
      self = .inNextPool
    default:
      return nil
    }
  }
}
