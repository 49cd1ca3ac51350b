import NIOCore

/// The listening sockets, from `start` to `shutdown`: `localhost` has two.
actor IngestListener {
  private enum State {
    case new
    case starting
    case listening([any Channel])
    case shutDown
  }

  private var state = State.new

  /// Reserves the start for the caller, who binds and then says `started` or `startFailed`.
  ///
  /// - Throws: If it has been started already, or shut down.
  func beginStart() throws(StartRefusal) {
    switch state {
    case .new: state = .starting
    case .starting, .listening: throw .alreadyStarted
    case .shutDown: throw .shutDown
    }
  }

  /// Whether there are sockets that others may take the place of.
  var isListening: Bool {
    if case .listening = state { true } else { false }
  }

  /// - Returns: The channels to close: those whose place they take, or the given ones if nothing listens any more.
  func replace(with channels: [any Channel]) -> [any Channel] {
    guard case .listening(let old) = state else { return channels }
    state = .listening(channels)
    return old
  }

  func startFailed() {
    if case .starting = state { state = .new }
  }

  /// False: it was shut down meanwhile.
  func started(_ channels: [any Channel]) -> Bool {
    guard case .starting = state else { return false }
    state = .listening(channels)
    return true
  }

  /// The channels to close, if there are any.
  func shutDown() -> [any Channel] {
    defer { state = .shutDown }
    if case .listening(let channels) = state { return channels }
    return []
  }

  enum StartRefusal: Error {
    case alreadyStarted
    case shutDown
  }
}
