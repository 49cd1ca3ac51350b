import NIOCore

/// Bytes coming in.
extension IngestHandler {
  /// The decoder can't be stopped within what it was given; so it gets little at a time, since many small
  /// requests may stand in it. What belongs to a body is not split.
  static let decodedSliceBytes = 4 << 10

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let buffer = unwrapInboundIn(data)
    if held.isEmpty, waitingParts.isEmpty, !isFeeding, !isReplacingDecoder {
      feed(buffer, into: context)
    } else if !machine.ignoresInput {
      hold(buffer)
    } else {
      _ = admit(bytes: buffer.readableBytes, now: context.eventLoop.now)
    }
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if event as? ChannelEvent == .inputClosed {
      inputEnded = true
      resume()
    } else {
      context.fireUserInboundEventTriggered(event)
    }
  }

  func read(context: ChannelHandlerContext) {
    if machine.wantsInput, held.isEmpty, waitingParts.isEmpty {
      context.read()
    } else {
      readIsWithheld = true
    }
  }

  /// Goes on with what has waited for an answer to leave.
  func resume() {
    guard let context, !isFeeding, !isReplacingDecoder else { return }
    while machine.takesParts {
      if let part = waitingParts.popFirst(budget: ingest.budget) {
        isFeeding = true
        process(part)
        isFeeding = false
      } else if let buffer = held.take(budget: ingest.budget) {
        feed(buffer, into: context)
      } else {
        break
      }
    }
    if inputEnded, held.isEmpty, waitingParts.isEmpty { perform(machine.inputEnded()) }
    if readIsWithheld, machine.wantsInput, held.isEmpty, waitingParts.isEmpty {
      readIsWithheld = false
      context.read()
    }
  }

  private func feed(_ buffer: ByteBuffer, into context: ChannelHandlerContext) {
    var buffer = buffer
    isFeeding = true
    defer { isFeeding = false }
    while buffer.readableBytes > 0 {
      if isReplacingDecoder { return hold(buffer) }
      switch admit(bytes: buffer.readableBytes, now: context.eventLoop.now) {
      case .decode:
        if isDecoderClean, takePlainRequest(&buffer) { continue }
        decode(&buffer, context)
      case .hold: return hold(buffer)
      case .discard, .close: return
      }
    }
  }

  private func decode(_ buffer: inout ByteBuffer, _ context: ChannelHandlerContext) {
    let expected = machine.expectedBodyBytes
    let count = min(buffer.readableBytes, max(Self.decodedSliceBytes, expected))
    guard let slice = buffer.readSlice(length: count) else { return }
    isDecoderClean = false
    decodedBytes = count
    if machine.state == .readingHead { head.begin(with: slice.readableBytesView) }
    context.fireChannelRead(wrapInboundOut(slice))
    // It held the rest of a body and nothing else.
    if count == expected, machine.state != .readingBody { isDecoderClean = true }
    if machine.state == .readingHead { countHead(bytes: count, context: context) }
  }

  /// - Returns: Whether one stood at the buffer's start; then it has been read.
  private func takePlainRequest(_ buffer: inout ByteBuffer) -> Bool {
    var origin: ConnectionOrigin?
    let recognized = buffer.withUnsafeReadableBytes { bytes in
      let request = PlainRequest(bytes)
      if let request { origin = self.origin.of(request, in: bytes) }
      return request
    }
    guard let request = recognized, let origin else { return false }
    let start = buffer.readerIndex
    let pathSlice = buffer.viewBytes(at: start + request.path.lowerBound, length: request.path.count)!
    var path = lastPath
    if !path.utf8.elementsEqual(pathSlice) {
      path = String(decoding: pathSlice, as: UTF8.self)
      // One sender posts to one path. A long one is not kept: it would be memory that nobody has counted.
      if pathSlice.count <= RequestPath.loggedBytes { lastPath = path }
    }
    let body = buffer.getSlice(at: start + request.body.lowerBound, length: request.body.count)!
    buffer.moveReaderIndex(forwardBy: request.body.upperBound)
    received(.plainHead(path: path, request.method, bodyBytes: request.body.count, origin))
    if !request.body.isEmpty { received(.body(body)) }
    received(.end)
    return true
  }

  private func admit(bytes: Int, now: NIODeadline) -> InputAction {
    let action = machine.inputReceived(bytes: bytes, now: now)
    if action == .close { closeChannel() }
    return action
  }

  private func hold(_ buffer: ByteBuffer) {
    held.append(buffer, budget: ingest.budget)
    if held.overflowed { machine.inputLost() }
  }

  private func countHead(bytes: Int, context: ChannelHandlerContext) {
    if head.add(bytes: bytes, budget: ingest.budget) { return }
    perform(machine.memoryRefused(now: context.eventLoop.now))
  }
}
