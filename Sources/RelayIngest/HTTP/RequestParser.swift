import NIOCore
import NIOHTTP1
import RelayPipeline

/// NIO's request decoder, with bounds: by itself it takes headers of 2 MiB.
enum RequestParser {
  /// Of the request line and all headers of one request.
  static let maxHeaderBytes = 16 << 10
  static let maxHeaderFields = 100

  static func makeHandler() -> ByteToMessageHandler<HTTPRequestDecoder> {
    var limits = NIOHTTPDecoderLimitConfiguration()
    limits.maxHeaderFieldSize = maxHeaderBytes
    limits.maxHeaderListSize = maxHeaderBytes
    limits.maxHeaderFieldCount = maxHeaderFields
    // The decoder doesn't count spaces before a value but keeps them: the bound on the buffer does.
    return ByteToMessageHandler(
      HTTPRequestDecoder(leftOverBytesStrategy: .fireError, limitConfiguration: limits),
      maximumBufferSize: 2 * maxHeaderBytes)
  }

  /// What a request is told that the decoder gave up.
  ///
  /// - Parameters:
  ///   - headBytes: How many bytes of it have come.
  ///   - start: Its first bytes.
  static func refusal(of error: any Error, headBytes: Int, start: some Collection<UInt8>) -> IngestReply {
    if error is ByteToMessageDecoderError.PayloadTooLargeError { return .headersTooLarge }
    if (error as? HTTPParserError) == .headerOverflow {
      // The decoder does not say which of its bounds was met.
      return headBytes <= maxHeaderBytes ? .tooManyHeaders : .headersTooLarge
    }
    return ForeignProtocol(start).map { .badRequest($0.message) } ?? .malformed
  }
}
