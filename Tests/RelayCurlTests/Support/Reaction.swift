import Glibc
import NIOCore

/// What a test server does about a request.
struct Reaction: Sendable {
  enum End: Sendable {
    /// The connection stays.
    case keep
    case close
    /// With an RST.
    case reset
  }

  var bytes: [UInt8]
  var end: End
  /// Written apart, at once.
  var second: [UInt8] = []
  /// Kept back until the test calls `release`.
  var isHeld = false

  init(bytes: [UInt8], end: End, second: [UInt8] = [], isHeld: Bool = false) {
    self.bytes = bytes
    self.end = end
    self.second = second
    self.isHeld = isHeld
  }

  static func send(_ text: String, then end: End = .keep) -> Reaction {
    Reaction(bytes: Array(text.utf8), end: end)
  }

  /// An answer with its length.
  ///
  /// - Parameter headers: Each with its line's end.
  static func answer(
    _ status: Int = 200, headers: String = "", body: String = "", then end: End = .keep
  ) -> Reaction {
    // A 204 has neither body nor length.
    let length = status == 204 ? "" : "content-length: \(body.utf8.count)\r\n"
    return .send("HTTP/1.1 \(status) Status\r\n\(headers)\(length)\r\n\(body)", then: end)
  }

  static let nothing = Reaction(bytes: [], end: .keep)
  static let close = Reaction(bytes: [], end: .close)
  static let reset = Reaction(bytes: [], end: .reset)
  static let held = Reaction(bytes: [], end: .keep, isHeld: true)
}

extension Channel {
  func perform(_ reaction: Reaction) {
    var written = eventLoop.makeSucceededVoidFuture()
    for part in [reaction.bytes, reaction.second] where !part.isEmpty {
      written = writeAndFlush(ByteBuffer(bytes: part))
    }
    written.whenComplete { _ in
      switch reaction.end {
      case .keep: break
      case .close: self.close(promise: nil)
      case .reset:
        // Every channel of a socket provides the socket's options.
        (self as! any SocketOptionProvider).setSoLinger(linger(l_onoff: 1, l_linger: 0))
          .whenComplete { _ in self.close(promise: nil) }
      }
    }
  }
}
