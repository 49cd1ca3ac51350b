import NIOCore

/// The listening socket, from `start` to `shutdown`.
actor IngestListener {
  enum State {
    case new
    case starting
    case listening(any Channel)
    case shutDown
  }

  private(set) var state = State.new

  /// Whether the caller is the one to bind.
  func beginStart() throws(StartRefusal) {
    switch state {
    case .new: state = .starting
    case .starting, .listening: throw .alreadyStarted
    case .shutDown: throw .shutDown
    }
  }

  func startFailed() {
    if case .starting = state { state = .new }
  }

  /// False: it was shut down meanwhile.
  func started(_ channel: any Channel) -> Bool {
    guard case .starting = state else { return false }
    state = .listening(channel)
    return true
  }

  /// The channel to close, if there is one.
  func shutDown() -> (any Channel)? {
    defer { state = .shutDown }
    if case .listening(let channel) = state { return channel }
    return nil
  }

  enum StartRefusal: Error {
    case alreadyStarted
    case shutDown
  }
}
