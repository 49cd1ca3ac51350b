import NIOCore
import NIOEmbedded
import NIOHTTP1

@testable import RelayIngest

/// One request as the decoder understands it.
struct DecodedRequest {
  var method: IncomingRequest.Method
  var path: String
  var body: [UInt8] = []

  /// - Throws: What the decoder has against it; also if the bytes hold less than one request, or more.
  init(_ bytes: ArraySlice<UInt8>) throws {
    let channel = EmbeddedChannel()
    try channel.pipeline.syncOperations.addHandler(RequestParser.makeHandler())
    try channel.writeInbound(ByteBuffer(bytes: bytes))
    guard case .head(let head) = try channel.readInbound(as: HTTPServerRequestPart.self) else {
      throw NotOneRequest()
    }
    method = IncomingRequest.Method(head.method)
    path = RequestPath.path(of: head.uri)
    let request = DecodedHead(head, target: .source).request
    var part = try channel.readInbound(as: HTTPServerRequestPart.self)
    while case .body(let buffer) = part {
      body += Array(buffer: buffer)
      part = try channel.readInbound(as: HTTPServerRequestPart.self)
    }
    guard case .end(nil) = part, try channel.readInbound(as: HTTPServerRequestPart.self) == nil,
      try channel.finish().isClean,
      request.keepAlive, !request.isHTTP10, request.fault == nil, request.expectation == .none,
      request.body == .known(body.count)
    else { throw NotOneRequest() }
  }

  private struct NotOneRequest: Error {}
}
