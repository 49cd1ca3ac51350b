import NIOCore
import NIOEmbedded
import RelayCore
import RelayPipeline

@testable import RelayIngest

/// An ingest connection: in whatever pieces its bytes come, the same requests are handed over and the same is answered; and all
/// memory that was counted is given back.
///
/// Where an input begins as a PROXY header does, such headers are read.
enum IngestTarget {
  /// What a connection comes to.
  private struct Course: Equatable {
    struct Request: Equatable {
      var path: String
      var body: [UInt8]
      var origin: RecordingReceiver.Origin
    }

    var requests: [Request]
    var refused: [RecordingReceiver.Refused]
    var refusedOrigins: [RecordingReceiver.Origin]
    var asked: [ClientAddress]
    var output: String
    var isClosed: Bool
    var outputIsClosed: Bool
  }

  static func makeCheck() -> FuzzTargets.Check {
    { input in
      let bytes = Array(input)
      var cuts = Cuts(input)
      let expected = course(of: [bytes[...]])
      let single = bytes.count <= 400 ? bytes.indices.map { bytes[$0...$0] } : []
      for pieces in [single, cuts.pieces(of: bytes), cuts.pieces(of: bytes)] where !pieces.isEmpty {
        let course = course(of: pieces)
        if mayStopDecoder(bytes) { continue }
        requireSame(course, expected, "a connection in \(pieces.map(\.count))")
      }
    }
  }

  /// Known: SwiftNIO's decoder looks at nothing behind a request that offers another protocol. What came in one piece with such a request is
  /// refused (400, and the connection ends); what comes after its reply is read.
  private static func mayStopDecoder(_ bytes: [UInt8]) -> Bool {
    let text = bytes.map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }
    return ["upgrade", "connect ", "pri "].contains { word in
      text.indices.contains { text[$0...].starts(with: word.utf8) }
    }
  }

  private static func course(of pieces: [ArraySlice<UInt8>]) -> Course {
    let first = pieces.lazy.joined().prefix(6)
    var settings = ServerSettings()
    settings.maxBodyBytes = 64 << 10
    settings.trustedProxies = TrustedProxies([AddressBlock("127.0.0.0/8")!, AddressBlock("10.0.0.0/8")!])
    settings.proxyProtocol =
      first.elementsEqual("PROXY ".utf8) || first.elementsEqual([13, 10, 13, 10, 0, 13])
    guard let connection = try? EmbeddedConnection(settings: settings) else {
      fatalError("an embedded connection can't be opened")
    }
    for piece in pieces where !connection.isClosed { connection.send(Array(piece)) }
    connection.closeInput()
    let course = Course(
      requests: connection.receiver.received.map { .init(path: $0.path, body: $0.body, origin: $0.origin) },
      refused: connection.receiver.refused, refusedOrigins: connection.receiver.origins,
      asked: connection.receiver.asked,
      output: (try? connection.output()) ?? "?", isClosed: connection.isClosed,
      outputIsClosed: connection.socket.outputIsClosed)
    // Nobody sends any more, so that it ends at its next deadline at the latest.
    connection.advance(by: .seconds(3_600))
    require(connection.isClosed, "an hour after its client has gone it is still open")
    _ = try? connection.channel.finish(acceptAlreadyClosed: true)
    requireSame(connection.budget.chargedBytes, 0, "the bytes that are counted when it is over")
    return course
  }
}
