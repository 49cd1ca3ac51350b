import NIOCore
import NIOHTTP1

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
      HTTPRequestDecoder(limitConfiguration: limits), maximumBufferSize: 2 * maxHeaderBytes)
  }

  static func isHeaderOverflow(_ error: any Error) -> Bool {
    error is ByteToMessageDecoderError.PayloadTooLargeError
      || (error as? HTTPParserError) == .headerOverflow
  }
}
