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

  /// Whether there is a socket that another one may take the place of.
  var isListening: Bool {
    if case .listening = state { true } else { false }
  }

  /// - Returns: The channel to close: the one whose place it takes, or the given one if nothing listens any more.
  func replace(with channel: any Channel) -> any Channel {
    guard case .listening(let old) = state else { return channel }
    state = .listening(channel)
    return old
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
