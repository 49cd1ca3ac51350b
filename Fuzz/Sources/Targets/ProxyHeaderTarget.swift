import NIOCore
import RelayCore

@testable import RelayIngest

/// The PROXY header: in whatever pieces it comes, it is read as at once, and nothing behind it is taken.
enum ProxyHeaderTarget {
  static func makeCheck() -> FuzzTargets.Check {
    { input in
      let bytes = Array(input)
      let expected = PlainProxyHeader.read(bytes)
      var cuts = Cuts(input)
      let single = bytes.count <= 600 ? bytes.indices.map { bytes[$0...$0] } : []
      for pieces in [[bytes[...]], single, cuts.pieces(of: bytes), cuts.pieces(of: bytes)]
      where !pieces.isEmpty {
        let read = Self.read(pieces)
        requireSame(read.outcome, expected.outcome, "a header in \(pieces.count) pieces")
        if case .broken = read.outcome {
          // What nobody has read is thrown away; what was read is bounded all the same.
          require(read.count <= 107, "a broken header took \(read.count) bytes")
        } else {
          requireSame(read.count, expected.count, "the bytes of a header in \(pieces.count) pieces")
        }
      }
    }
  }

  private static func read(_ pieces: [ArraySlice<UInt8>]) -> PlainProxyHeader.Read {
    var parser = ProxyHeaderParser()
    var count = 0
    for piece in pieces {
      var buffer = ByteBuffer(bytes: piece)
      let outcome = parser.take(&buffer)
      count += piece.count - buffer.readableBytes
      guard outcome == .incomplete else { return .init(outcome: outcome, count: count) }
      requireSame(buffer.readableBytes, 0, "bytes that were left behind")
    }
    return .init(outcome: .incomplete, count: count)
  }
}
