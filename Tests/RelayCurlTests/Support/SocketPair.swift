import Glibc

/// A socket, and its peer.
final class SocketPair {
  let number: Int32
  private let peer: Int32

  init() {
    (number, peer) = Self.make()
  }

  /// As if that socket had been closed, and this one been the next to be opened.
  init(inPlaceOf other: SocketPair) {
    let (socket, peer) = Self.make()
    // In one step: other tests open sockets too.
    precondition(dup2(socket, other.number) == other.number)
    Glibc.close(socket)
    number = other.number
    self.peer = peer
    other.isReplaced = true
  }

  deinit {
    if !isReplaced { Glibc.close(number) }
    Glibc.close(peer)
  }

  private var isReplaced = false

  /// Makes the socket readable.
  func speak() {
    var byte: UInt8 = 1
    precondition(write(peer, &byte, 1) == 1)
  }

  /// Reads what was spoken.
  func listen() {
    var byte: UInt8 = 0
    precondition(read(number, &byte, 1) == 1)
  }

  private static func make() -> (Int32, Int32) {
    var ends: [Int32] = [-1, -1]
    let type = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
    precondition(socketpair(AF_UNIX, type, 0, &ends) == 0)
    return (ends[0], ends[1])
  }
}
