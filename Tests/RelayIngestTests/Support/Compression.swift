import CZlib

/// What senders with a content coding send.
enum Compression: Sendable, CaseIterable {
  case gzip
  case zlib
  case bareDeflate

  func callAsFunction(_ bytes: [UInt8]) -> [UInt8] {
    let windowBits: Int32 =
      switch self {
      case .gzip: 31;
      case .zlib: 15;
      case .bareDeflate: -15
      }
    var stream = z_stream()
    var output = [UInt8](repeating: 0, count: bytes.count / 2 + 1_024)
    var input = bytes
    let begun = deflateInit2_(
      &stream, 9, Z_DEFLATED, windowBits, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
      Int32(MemoryLayout<z_stream>.size))
    precondition(begun == Z_OK)
    defer { deflateEnd(&stream) }
    var count = 0
    input.withUnsafeMutableBufferPointer { input in
      stream.next_in = input.baseAddress
      stream.avail_in = UInt32(input.count)
      var result = Z_OK
      while result != Z_STREAM_END {
        if count == output.count { output += [UInt8](repeating: 0, count: output.count) }
        output.withUnsafeMutableBufferPointer { output in
          stream.next_out = output.baseAddress! + count
          stream.avail_out = UInt32(output.count - count)
          result = deflate(&stream, Z_FINISH)
          count = output.count - Int(stream.avail_out)
        }
      }
    }
    return Array(output[..<count])
  }

  var header: String { self == .gzip ? "Content-Encoding: gzip" : "Content-Encoding: deflate" }
}
