import NIOCore

/// As much of HTTP/2 as a test server needs: it counts streams and gathers their bodies.
struct HTTP2Reader: RequestReader {
  private static let preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
  private static let endStream: UInt8 = 1
  private static let acknowledgement: UInt8 = 1
  private var isGreeted = false
  private var bodies: [UInt32: [UInt8]] = [:]

  mutating func next(_ input: inout ByteBuffer) -> ReadStep? {
    if !isGreeted {
      guard let text = input.readString(length: Self.preface.utf8.count) else { return nil }
      precondition(text == Self.preface, "the client speaks no HTTP/2")
      isGreeted = true
      return .reply(HTTP2Frame(type: .settings).bytes)
    }
    while let frame = HTTP2Frame(&input) {
      if let step = step(frame) { return step }
    }
    return nil
  }

  private mutating func step(_ frame: HTTP2Frame) -> ReadStep? {
    switch frame.type {
    case .settings, .ping:
      guard frame.flags & Self.acknowledgement == 0 else { return nil }
      let payload = frame.type == .ping ? frame.payload : []
      return .reply(HTTP2Frame(type: frame.type, flags: Self.acknowledgement, payload: payload).bytes)
    case .headers, .data:
      if frame.type == .data { bodies[frame.stream, default: []] += frame.payload }
      guard frame.flags & Self.endStream != 0 else { return nil }
      let body = bodies.removeValue(forKey: frame.stream) ?? []
      return .request(ServedRequest(stream: frame.stream, body: body))
    default:
      return nil
    }
  }
}

extension Reaction {
  /// A status without a body, as HTTP/2 says it.
  static func http2Answer(to request: ServedRequest) -> Reaction {
    let endStreamAndHeaders: UInt8 = 5
    // HPACK's static table: 8 is `:status: 200`.
    let frame = HTTP2Frame(
      type: .headers, flags: endStreamAndHeaders, stream: request.stream, payload: [0x88])
    return Reaction(bytes: frame.bytes, end: .keep)
  }

  /// The stream ends, and nothing is said of the others.
  static func http2Reset(of request: ServedRequest) -> Reaction {
    let internalError: [UInt8] = [0, 0, 0, 2]
    let frame = HTTP2Frame(type: .resetStream, stream: request.stream, payload: internalError)
    return Reaction(bytes: frame.bytes, end: .keep)
  }

  /// "No stream beyond `lastStream` was looked at", and the connection's end.
  static func goAway(lastStream: UInt32) -> Reaction {
    let last = [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: lastStream >> $0) }
    let noError: [UInt8] = [0, 0, 0, 0]
    return Reaction(bytes: HTTP2Frame(type: .goAway, payload: last + noError).bytes, end: .close)
  }
}
