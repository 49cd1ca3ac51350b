import NIOCore

/// RFC 9113, section 4.1.
struct HTTP2Frame {
  struct Kind: RawRepresentable, Equatable {
    var rawValue: UInt8
    static let data = Kind(rawValue: 0)
    static let headers = Kind(rawValue: 1)
    static let resetStream = Kind(rawValue: 3)
    static let settings = Kind(rawValue: 4)
    static let ping = Kind(rawValue: 6)
    static let goAway = Kind(rawValue: 7)
  }

  private static let headBytes = 9

  var type: Kind
  var flags: UInt8 = 0
  var stream: UInt32 = 0
  var payload: [UInt8] = []

  init(type: Kind, flags: UInt8 = 0, stream: UInt32 = 0, payload: [UInt8] = []) {
    self.type = type
    self.flags = flags
    self.stream = stream
    self.payload = payload
  }

  /// Takes one whole frame, or nothing.
  init?(_ input: inout ByteBuffer) {
    guard let head = input.getBytes(at: input.readerIndex, length: Self.headBytes) else { return nil }
    let length = Int(head[0]) << 16 | Int(head[1]) << 8 | Int(head[2])
    guard let frame = input.readBytes(length: Self.headBytes + length) else { return nil }
    type = Kind(rawValue: head[3])
    flags = head[4]
    stream = head[5..<9].reduce(0) { $0 << 8 | UInt32($1) } & 0x7FFF_FFFF
    payload = Array(frame.dropFirst(Self.headBytes))
  }

  var bytes: [UInt8] {
    let length = [16, 8, 0].map { UInt8(truncatingIfNeeded: payload.count >> $0) }
    let id = [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: stream >> $0) }
    return length + [type.rawValue, flags] + id + payload
  }
}
