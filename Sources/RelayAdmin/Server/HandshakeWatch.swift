import Logging
import NIOCore
import RelayCore
import RelayListening
import RelayPipeline
import RelayThreads

/// Stands behind a connection's TLS, and has the operator told what went wrong with it.
final class HandshakeWatch: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer

  private let log: HandshakeLog

  init(log: HandshakeLog) {
    self.log = log
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    // What ends so is as whole as its length says; that it has ended comes next, as without TLS.
    if TLSFailure.isEndWithoutFarewell(error) { return }
    if let explanation = TLSFailure.explanation(of: error, at: .admin) {
      log.failed(explanation, peer: context.channel.remoteAddress?.ipAddress)
    }
    context.fireErrorCaught(error)
  }
}

@available(*, unavailable) extension HandshakeWatch: Sendable {}

/// Connections to the admin listener whose TLS has failed: a line for each kind, a flood of like ones summed up.
final class HandshakeLog: Sendable {
  private let logger: Logger
  private let clock: any WallClock
  private let summary = Locked(LogSummary())

  init(logger: Logger, clock: any WallClock) {
    self.logger = logger
    self.clock = clock
  }

  /// - Parameters:
  ///   - explanation: Made of the relay's own words.
  ///   - peer: An address.
  func failed(_ explanation: String, peer: String?) {
    let now = clock.now()
    guard let leftOut = summary.withLock({ $0.admit(explanation, at: now) }) else { return }
    var metadata: Logger.Metadata = ["reason": "\(explanation)"]
    if let peer { metadata["peer"] = "\(peer)" }
    if leftOut > 0 { metadata["alike_since"] = .number(leftOut) }
    logger.warning("a connection to server.admin is refused", metadata: metadata)
  }
}
