import CEpoll
import RelayCore

@testable import RelayCurl

/// Watched sockets, and two pools whose they may be. (A class, since `#expect` can't mutate values.)
final class SocketsBench {
  enum Events {
    case input
    case output
    case both
  }

  let poller = Poller()
  let first: ConnectionPool
  let second: ConnectionPool
  private let loop = LoopBench()
  private let endpoint: Endpoint
  private var sockets: WatchedSockets

  init() {
    sockets = WatchedSockets(poller: poller)
    let destination = Destination(name: "test", url: Secret("http://127.0.0.1:1/"))
    endpoint = Endpoint(destination, loop: loop.loop)
    first = ConnectionPool(endpoint: endpoint)
    second = ConnectionPool(endpoint: endpoint)
  }

  deinit {
    first.close()
    second.close()
    endpoint.close()
  }

  func opened(_ socket: Int32) { sockets.opened(socket) }
  func closing(_ socket: Int32) { sockets.closing(socket) }
  func release(_ socket: Int32) { sockets.release(socket) }
  func owner(of socket: Int32) -> ConnectionPool? { sockets.owner(of: socket) }

  func watch(_ socket: Int32, _ events: Events, for pool: ConnectionPool) {
    let flags =
      switch events {
      case .input: EPOLLIN.rawValue
      case .output: EPOLLOUT.rawValue
      case .both: EPOLLIN.rawValue | EPOLLOUT.rawValue
      }
    sockets.watch(socket, flags, for: pool)
  }

  /// A connection that has been watched for input, and released.
  func releasedConnection() -> SocketPair {
    let pair = SocketPair()
    opened(pair.number)
    watch(pair.number, .input, for: first)
    release(pair.number)
    return pair
  }

  /// Of what epoll tells now.
  func ready() -> [Int32] {
    var ready: [Int32] = []
    _ = poller.wait(timeoutMilliseconds: 0) { socket, _ in ready.append(socket) }
    return ready
  }
}
