import HTTPTypes
import NIOCore
import NIOHTTPTypes
import NIOHTTPTypesHTTP1

/// Carries out what a `RequestCollector` decides, before Hummingbird sees anything.
final class RequestGate: ChannelDuplexHandler, RemovableChannelHandler {
  typealias InboundIn = HTTPRequestPart
  typealias InboundOut = HTTPRequestPart
  typealias OutboundIn = HTTPResponsePart
  typealias OutboundOut = HTTPResponsePart

  private var collector: RequestCollector
  private let requestTimeout: TimeAmount
  private var timer: Scheduled<Void>?
  private var head: HTTPRequest?
  private var isRefused = false
  /// The answer that is on its way is the connection's last.
  private var isLast = false
  /// The answer that is on its way goes on until its reader leaves: one that sends nothing more has left.
  private var isStream = false
  private var stall: StallTimer
  /// A client that goes on sending is read from for so long after its refusal, so that it gets to see it.
  private static let linger = TimeAmount.seconds(1)
  /// A reader of a stream that takes nothing is given up sooner: what it misses is lost to it anyway, and it may come again.
  private static let streamStall = TimeAmount.seconds(30)

  /// - Parameter stallTimeout: A client that takes nothing of its answer for so long is given up.
  init(admission: Admission, requestTimeout: TimeAmount, stallTimeout: TimeAmount) {
    collector = RequestCollector(admission: admission)
    self.requestTimeout = requestTimeout
    stall = StallTimer(limit: stallTimeout)
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head(let request):
      head = request
      let expectsContinue = request.headerFields[.expect]?.lowercased() == "100-continue"
      perform(collector.readHead(RequestHead(request), expectsContinue: expectsContinue), context)
    case .body(let bytes): perform(collector.readBody(bytes.readableBytesView), context)
    case .end: perform(collector.readEnd(), context)
    }
  }

  func handlerAdded(context: ChannelHandlerContext) {
    // Where requests and answers still say their version.
    let pipeline = context.pipeline.syncOperations
    guard let codec = try? pipeline.handler(type: HTTP1ToHTTPServerCodec.self) else { return }
    try? pipeline.addHandler(AnswerVersion(), position: .before(codec))
  }

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    let part = unwrapOutboundIn(data)
    if case .head(let head) = part { begin(head.headerFields) }
    let written = promise ?? context.eventLoop.makePromise()
    stall.wrote(until: written.futureResult, context)
    context.write(data, promise: written)
    guard case .end = part else { return }
    perform(collector.answered(), context)
    guard isLast else { return }
    written.futureResult.assumeIsolated().whenComplete { _ in context.close(promise: nil) }
  }

  private func begin(_ fields: HTTPFields) {
    isLast = fields[.connection] == "close"
    isStream = fields[.contentType] == AdminResponse.eventStream
    guard isStream else { return }
    stall.limit = min(stall.limit, Self.streamStall)
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if isRefused || isStream, case ChannelEvent.inputClosed = event {
      context.close(promise: nil)
    } else {
      context.fireUserInboundEventTriggered(event)
    }
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    timer?.cancel()
    stall.cancel()
  }

  private func perform(_ action: RequestCollector.Action, _ context: ChannelHandlerContext) {
    switch action {
    case .nothing: break
    case .expectBody: startTimer(context)
    case .invite:
      startTimer(context)
      context.writeAndFlush(wrapOutboundOut(.head(HTTPResponse(status: .continue))), promise: nil)
    case .forward(let body): forward(body, context)
    case .refuse(let response, let omitsBody): refuse(response, omitsBody: omitsBody, context)
    case .close: context.close(promise: nil)
    }
  }

  private func startTimer(_ context: ChannelHandlerContext) {
    let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
    timer = context.eventLoop.scheduleTask(in: requestTimeout) {
      let (gate, context) = bound.value
      gate.perform(gate.collector.timeOut(), context)
    }
  }

  private func forward(_ body: [UInt8], _ context: ChannelHandlerContext) {
    timer?.cancel()
    guard let head else { return }
    self.head = nil
    context.fireChannelRead(wrapInboundOut(.head(head)))
    if !body.isEmpty {
      context.fireChannelRead(wrapInboundOut(.body(context.channel.allocator.buffer(bytes: body))))
    }
    context.fireChannelRead(wrapInboundOut(.end(nil)))
  }

  private func refuse(_ response: AdminResponse, omitsBody: Bool, _ context: ChannelHandlerContext) {
    timer?.cancel()
    isRefused = true
    var response = response
    response.headers.append(AdminResponse.Header("connection", "close"))
    context.write(wrapOutboundOut(.head(response.head)), promise: nil)
    if !omitsBody, case .whole(let bytes) = response.body {
      let body = context.channel.allocator.buffer(bytes: bytes)
      context.write(wrapOutboundOut(.body(body)), promise: nil)
    }
    context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    context.close(mode: .output, promise: nil)
    let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
    timer = context.eventLoop.scheduleTask(in: Self.linger) { bound.value.close(promise: nil) }
  }
}

@available(*, unavailable) extension RequestGate: Sendable {}

extension RequestHead {
  init(_ request: HTTPRequest) {
    let fields = request.headerFields
    self.init(
      method: request.method.rawValue, target: request.path ?? "", host: request.authority,
      origin: fields[.origin], fetchSite: HTTPField.Name("sec-fetch-site").flatMap { fields[$0] },
      authorization: fields[.authorization], contentType: fields[.contentType],
      contentLength: fields[.contentLength].flatMap { Int($0) })
    accept = fields[.accept]
    cookie = fields[.cookie]
    ifNoneMatch = fields[.ifNoneMatch]
    isNavigation =
      HTTPField.Name("sec-fetch-mode").flatMap { fields[$0] } == "navigate"
      && HTTPField.Name("sec-fetch-dest").flatMap { fields[$0] } == "document"
    lastEventID = HTTPField.Name("last-event-id").flatMap { fields[$0] }
    // More than one `Host`: no one can say which of them is meant.
    if let name = HTTPField.Name("host"), let second = fields[name] { host = "\(host ?? ""), \(second)" }
  }
}

extension AdminResponse {
  /// The status line and headers; the length is that of the body, where it is known.
  var head: HTTPResponse {
    var fields = HTTPFields()
    fields[.contentType] = contentType.isEmpty ? nil : contentType
    fields[.contentLength] = contentLength.map { String($0) }
    fields[.cacheControl] = "no-store"
    fields[.xContentTypeOptions] = "nosniff"
    for header in headers {
      if let name = HTTPField.Name(header.name) { fields[name] = header.value }
    }
    return HTTPResponse(status: .init(code: status), headerFields: fields)
  }

  private var contentLength: Int? {
    guard !contentType.isEmpty else { return nil }
    return switch body {
    case .whole(let bytes): bytes.count
    case .pieces(let pieces): pieces.length
    }
  }
}
