import CZlib

/// Decodes gzip and deflate as it comes, a piece at a time.
final class Inflater {
  enum Outcome {
    case decoded
    /// What came is not what the coding says.
    case malformed
    /// The one who takes the pieces wants no more.
    case stopped
  }

  /// What zlib keeps of a stream: a window of 32 KiB and its tables.
  static let stateBytes = 48 << 10
  private static let pieceBytes = 16 << 10

  private let coding: ContentCoding
  /// zlib keeps its address.
  private let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
  private var hasBegun = false
  /// The first bytes of a deflate body, until they say which of its two forms it is.
  private var start: [UInt8] = []
  private var isAtEnd = false

  init(_ coding: ContentCoding) {
    self.coding = coding
    stream.initialize(to: z_stream())
  }

  deinit {
    if hasBegun { inflateEnd(stream) }
    stream.deallocate()
  }

  /// Whether the body may end here.
  var isComplete: Bool { isAtEnd }

  /// Decodes what has come; `take` gets the pieces, of at most 16 KiB, and says whether to go on.
  func inflate(_ input: UnsafeRawBufferPointer, take: (UnsafeRawBufferPointer) -> Bool) -> Outcome {
    if hasBegun || coding == .gzip { return run(input, take) }
    start += input
    guard start.count >= 2 else { return .decoded }
    let first = start
    start = []
    return first.withUnsafeBytes { run($0, take) }
  }

  private func run(_ input: UnsafeRawBufferPointer, _ take: (UnsafeRawBufferPointer) -> Bool) -> Outcome {
    guard !input.isEmpty else { return .decoded }
    guard hasBegun || begin(input) else { return .malformed }
    stream.pointee.next_in = UnsafeMutablePointer(
      mutating: input.bindMemory(to: UInt8.self).baseAddress)
    stream.pointee.avail_in = UInt32(input.count)
    defer {
      stream.pointee.next_in = nil
      stream.pointee.next_out = nil
    }
    return withUnsafeTemporaryAllocation(byteCount: Self.pieceBytes, alignment: 1) { decode(into: $0, take) }
  }

  private func decode(
    into piece: UnsafeMutableRawBufferPointer, _ take: (UnsafeRawBufferPointer) -> Bool
  ) -> Outcome {
    while true {
      if isAtEnd {
        guard stream.pointee.avail_in > 0 else { return .decoded }
        // A gzip body may be several, one after another (RFC 1952, 2.2). Anything else behind the end is no part of it.
        guard coding == .gzip, stream.pointee.next_in.pointee == 0x1F, inflateReset(stream) == Z_OK else {
          return .malformed
        }
        isAtEnd = false
      }
      stream.pointee.next_out = piece.bindMemory(to: UInt8.self).baseAddress
      stream.pointee.avail_out = UInt32(piece.count)
      let result = CZlib.inflate(stream, Z_NO_FLUSH)
      guard result == Z_OK || result == Z_STREAM_END || result == Z_BUF_ERROR else { return .malformed }
      let count = piece.count - Int(stream.pointee.avail_out)
      if count > 0, !take(UnsafeRawBufferPointer(rebasing: piece[..<count])) { return .stopped }
      isAtEnd = result == Z_STREAM_END
      // A piece that is not full: zlib has nothing more to say to what has come.
      if !isAtEnd, stream.pointee.avail_out > 0 { return .decoded }
    }
  }

  /// - Parameter input: Of deflate two bytes at least.
  private func begin(_ input: UnsafeRawBufferPointer) -> Bool {
    let windowBits: Int32 =
      if coding == .gzip { 15 + 16 } else { Self.isZlib(input[0], input[1]) ? 15 : -15 }
    hasBegun = czlib_inflate_begin(stream, windowBits) == Z_OK
    return hasBegun
  }

  /// Whether zlib's header stands here (RFC 1950, 2.2).
  private static func isZlib(_ first: UInt8, _ second: UInt8) -> Bool {
    first & 0x0F == 8 && (Int(first) << 8 | Int(second)) % 31 == 0
  }
}

@available(*, unavailable)
extension Inflater: Sendable {}  // Confined to its channel's event loop.
