import NIOCore
import NIOPosix
import NIOSSL
import RelayCore

/// Sends bytes and reads what comes back, to the end.
enum RawClient {
  /// - Parameters:
  ///   - request: Sent as it is.
  ///   - tls: What it speaks TLS with; nil: it does not.
  static func exchange(
    _ request: String, with address: ListenAddress, tls: TLSConfiguration? = nil
  ) async throws -> RawAnswer {
    let context = try tls.map { try NIOSSLContext(configuration: $0) }
    let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .channelOption(.allowRemoteHalfClosure, value: true)
      .connect(host: address.host, port: address.port) { channel in
        channel.eventLoop.makeCompletedFuture {
          if let context {
            let handler = try NIOSSLClientHandler(context: context, serverHostname: nil)
            try channel.pipeline.syncOperations.addHandler(handler)
          }
          return try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
        }
      }
    return try await channel.executeThenClose { inbound, outbound in
      // A refused request may find the connection closed before it is sent whole.
      try? await outbound.write(ByteBuffer(string: request))
      var bytes: [UInt8] = []
      for try await buffer in inbound { bytes += buffer.readableBytesView }
      return RawAnswer(bytes)
    }
  }
}

/// The last answer of a connection, and whether others came before it.
struct RawAnswer {
  let text: String

  init(_ bytes: [UInt8]) {
    text = String(decoding: bytes, as: UTF8.self)
  }

  var status: Int? { text.split(separator: " ").dropFirst().first.flatMap { Int($0) } }

  var statuses: [Int] {
    // An answer's first line may follow a body that has no line end.
    text.split(separator: "HTTP/1.1 ").compactMap { Int($0.prefix(3)) }
  }

  /// - Parameter name: In lower case.
  func header(_ name: String) -> String? {
    for line in head.split(separator: "\r\n") {
      let parts = line.split(separator: ":", maxSplits: 1)
      if parts.count == 2, parts[0].lowercased() == name { return String(parts[1].drop { $0 == " " }) }
    }
    return nil
  }

  var head: String { String(text[..<(text.range(of: "\r\n\r\n")?.lowerBound ?? text.endIndex)]) }
  var body: String { text.range(of: "\r\n\r\n").map { String(text[$0.upperBound...]) } ?? "" }
}

extension String {
  fileprivate func range(of needle: String) -> Range<String.Index>? {
    let (all, part) = (Array(utf8), Array(needle.utf8))
    guard all.count >= part.count,
      let start = (0...(all.count - part.count)).first(where: { Array(all[$0..<$0 + part.count]) == part })
    else { return nil }
    return utf8.index(startIndex, offsetBy: start)..<utf8.index(startIndex, offsetBy: start + part.count)
  }
}
