import NIOCore
import NIOHTTP1
import RelayPipeline

/// Carries out what a connection's state machine decides.
///
/// It stands before the decoder, so that it can hold back bytes or throw them away undecoded; the decoder's
/// parts come back through `RequestPartHandler`:
///
///     socket ──▶ IngestHandler ──bytes──▶ HTTPRequestDecoder ──▶ RequestPartHandler
///       ◀──answers──┘  ▲──────────────────parts───────────────────────┘
///
/// A request that is like nearly all others (`PlainRequest`) passes the decoder by.
final class IngestHandler: ChannelDuplexHandler {
  typealias InboundIn = ByteBuffer
  typealias InboundOut = ByteBuffer
  typealias OutboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  let ingest: IngestContext
  let registry: ConnectionRegistry
  /// Without a place among `max_connections` a connection is only told so; nil: it has given its place to another.
  private(set) var admission: ConnectionAdmission?
  var machine: ConnectionStateMachine
  var context: ChannelHandlerContext?

  /// The path of the present request, of a source as `SourcePath` spells it; empty before its head.
  var path = ""
  /// Where the present request came from; before the first one, the connection.
  var origin = ConnectionOrigin.unknown
  /// The path of the last request that the decoder did not see.
  var lastPath = ""
  /// The decoder holds nothing: a request may pass it by.
  var isDecoderClean = true
  /// How much it has been given at once.
  var decodedBytes = 0
  /// It looks at nothing any more: another one must take its place before the next request.
  var decoderHasStopped = false
  var isReplacingDecoder = false
  var body: BodyBuffer?
  var head = HeadMemory()
  /// At most what one slice of `decodedSliceBytes` made.
  var waitingParts = WaitingParts()
  var held = HeldInput()
  var inputEnded = false
  var isFeeding = false
  var readIsWithheld = false
  var timer: Scheduled<Void>?
  var wakesAt: NIODeadline?

  init(
    ingest: IngestContext, registry: ConnectionRegistry, admission: ConnectionAdmission = .open,
    now: NIODeadline
  ) {
    self.ingest = ingest
    self.registry = registry
    self.admission = admission
    machine = ConnectionStateMachine(limits: ingest.limits, now: now)
  }

  func handlerAdded(context: ChannelHandlerContext) {
    self.context = context
    registry.insert(self)
    if context.channel.isActive { connectionOpened() }
  }

  func channelActive(context: ChannelHandlerContext) {
    connectionOpened()
    context.fireChannelActive()
  }

  func channelInactive(context: ChannelHandlerContext) {
    _ = machine.close()
    forgetRequest()
    context.fireChannelInactive()
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    timer?.cancel()
    timer = nil
    wakesAt = nil
    _ = machine.close()
    forgetRequest()
    self.context = nil
    registry.remove(self)
  }

  /// A socket error: whatever this connection was doing, it can't go on.
  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    perform(machine.close())
  }

  func quiesce() {
    guard let context else { return }
    perform(machine.quiesce(now: context.eventLoop.now))
    rearmTimerForEarlierDeadline()
  }

  /// Since when nothing has been asked; nil: a request is under way, or something else is.
  var idleSince: NIODeadline? {
    held.isEmpty && waitingParts.isEmpty && !isReplacingDecoder && admission == .open
      ? machine.idleSince : nil
  }

  /// Closes the connection, whose place another one has from now on.
  func giveUpPlace() {
    admission = nil
    close()
  }

  func close() {
    perform(machine.close())
  }

  private func connectionOpened() {
    guard let context, timer == nil else { return }
    origin = ConnectionOrigin(address: context.channel.remoteAddress)
    armTimer(in: context)
    if admission == .turnedAway { perform(machine.turnAway(now: context.eventLoop.now)) }
  }
}

@available(*, unavailable)
extension IngestHandler: Sendable {}  // Confined to its channel's event loop.
