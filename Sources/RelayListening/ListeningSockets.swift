import RelayCore
import RelayThreads

/// The sockets of one listener, from its start to its end. `localhost` has two.
///
///     new ──▶ starting ──▶ listening ──▶ shut down
///      ▲         │
///      └─────────┘ the start failed
package final class ListeningSockets<Socket: Sendable>: Sendable {
  private enum State {
    case new
    case starting
    case listening([Socket])
    case shutDown
  }

  /// Listens on the sockets that systemd passes, of which there is at least one.
  package typealias Inherit = () async throws -> [(socket: Socket, address: ListenAddress)]

  private let key: String
  private let state = Locked(State.new)

  /// - Parameter key: The key of routes.yaml that says where to listen: for messages.
  package init(key: String) {
    self.key = key
  }

  /// Opens what the address names, and returns it with the port that the system gave.
  ///
  /// - Parameters:
  ///   - bind: Opens a socket at one address.
  ///   - inherit: Instead of it, where the address is `systemd`.
  ///   - close: Closes those that could not stay.
  package func start(
    at address: ListenAddress, bind: (ListenAddress) async throws -> (socket: Socket, port: Int),
    inherit: Inherit = { [] }, close: ([Socket]) async -> Void
  ) async throws(ListenError) -> ListenAddress {
    do {
      try begin()
    } catch {
      throw ListenError(binding: address, of: key, failedWith: error)
    }
    let opened: (sockets: [Socket], address: ListenAddress)
    do throws(ListenError) {
      opened = try await open(address, bind: bind, inherit: inherit, close: close)
    } catch {
      state.withLock { if case .starting = $0 { $0 = .new } }
      throw error
    }
    let isWanted = state.withLock { state in
      guard case .starting = state else { return false }
      state = .listening(opened.sockets)
      return true
    }
    guard isWanted else {
      await close(opened.sockets)
      throw ListenError(.shutDown, key, address, reason: "shut down while starting")
    }
    return opened.address
  }

  /// Listens at another address, and only then no more at the old one.
  ///
  /// - Returns: The new address; nil: nothing listens, so nothing was opened.
  package func move(
    to address: ListenAddress, bind: (ListenAddress) async throws -> (socket: Socket, port: Int),
    inherit: Inherit = { [] }, close: ([Socket]) async -> Void
  ) async throws(ListenError) -> ListenAddress? {
    guard state.withLock({ if case .listening = $0 { true } else { false } }) else { return nil }
    let opened = try await open(address, bind: bind, inherit: inherit, close: close)
    let replaced = state.withLock { state in
      guard case .listening(let old) = state else { return opened.sockets }
      state = .listening(opened.sockets)
      return old
    }
    await close(replaced)
    return opened.address
  }

  /// The sockets to close, if there are any. From now on nothing is opened any more.
  package func shutDown() -> [Socket] {
    state.withLock { state in
      defer { state = .shutDown }
      if case .listening(let sockets) = state { return sockets }
      return []
    }
  }

  private func begin() throws(StartRefusal) {
    let refusal: StartRefusal? = state.withLock { state in
      switch state {
      case .new:
        state = .starting
        return nil
      case .starting, .listening: return .alreadyStarted
      case .shutDown: return .shutDown
      }
    }
    if let refusal { throw refusal }
  }

  /// Opens every place that the address names, all at one port, or nothing.
  private func open(
    _ address: ListenAddress, bind: (ListenAddress) async throws -> (socket: Socket, port: Int),
    inherit: Inherit, close: ([Socket]) async -> Void
  ) async throws(ListenError) -> (sockets: [Socket], address: ListenAddress) {
    if address.isSystemd {
      do {
        let inherited = try await inherit()
        guard let first = inherited.first else { throw ListenError(.notPassed, of: key) }
        return (inherited.map(\.socket), first.address)
      } catch {
        throw ListenError(binding: address, of: key, failedWith: error)
      }
    }
    var attempts = 8
    while true {
      var (sockets, port): ([Socket], Int) = ([], address.port)
      do {
        for place in address.places {
          do {
            // The system chooses a port once; the others take it too.
            let bound = try await bind(ListenAddress(host: place, port: port))
            sockets.append(bound.socket)
            port = bound.port
          } catch  where address.places.count > 1 && ListenError.Code(binding: error) == .addressNotAvailable
          {
            // A machine without IPv6, or with nothing else: one of the two is enough.
            if place == address.places.last, sockets.isEmpty { throw error }
          }
        }
        return (sockets, ListenAddress(host: address.host, port: port))
      } catch {
        await close(sockets)
        attempts -= 1
        // The port that the system chose for one address is somebody else's on the other.
        guard address.port == 0, !sockets.isEmpty, attempts > 0 else {
          throw ListenError(binding: address, of: key, failedWith: error)
        }
      }
    }
  }
}

/// Why a listener does not start.
enum StartRefusal: Error {
  case alreadyStarted
  case shutDown
}
