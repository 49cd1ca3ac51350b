import NIOCore
import NIOHTTP1
import RelayPipeline

/// NIO's request decoder, with bounds: by itself it takes headers of 2 MiB.
enum RequestParser {
  /// The bound on the request line and all headers of one request together.
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
  static func refusal(of error: any Error, headBytes: Int, start: some Collection<UInt8>) -> Refusal {
    if error is ByteToMessageDecoderError.PayloadTooLargeError { return .headersTooLarge }
    if (error as? HTTPParserError) == .headerOverflow {
      // The decoder does not say which of its bounds was met.
      return headBytes <= maxHeaderBytes ? .tooManyHeaders : .headersTooLarge
    }
    return ForeignProtocol(start).map { .badRequest($0.message) } ?? .malformed
  }
}

/// What speaks to this port and is not HTTP/1.1, told by its first bytes.
enum ForeignProtocol: Equatable {
  case proxyHeader
  case tls
  case http2

  /// This many bytes are enough to tell.
  static let telltaleBytes = 16

  /// - Parameter start: The first bytes of what should have been a request; fewer where no more has come.
  init?(_ start: some Collection<UInt8>) {
    func begins(with text: String) -> Bool { start.starts(with: text.utf8) }
    if begins(with: "PROX") || begins(with: "\r\n\r\n\0") {
      self = .proxyHeader
    } else if start.first == 0x16 {
      self = .tls  // A record that holds a handshake; no line of text begins so.
    } else if begins(with: "PRI * HTTP/2") {
      self = .http2
    } else {
      return nil
    }
  }

  var message: String {
    switch self {
    case .proxyHeader:
      "this begins with a PROXY protocol header, which is not read here: set server.proxy_protocol: true, or switch it off in the "
        + "proxy before the relay (HAProxy: send-proxy, nginx: proxy_protocol, load balancers of clouds: proxy protocol)"
    case .tls:
      "this is TLS, and server.listen speaks plain HTTP: post to http://, or let a proxy before the relay end TLS"
    case .http2:
      "this is HTTP/2, and server.listen speaks HTTP/1.1: switch HTTP/2 off towards the relay"
    }
  }
}
