import NIOCore

/// Bytes coming in.
extension IngestHandler {
  /// The decoder can't be stopped within what it was given; so it gets little at a time, since many small
  /// requests may stand in it. What belongs to a body is not split.
  static let decodedSliceBytes = 4 << 10

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let buffer = unwrapInboundIn(data)
    if held.isEmpty, waitingParts.isEmpty, !isFeeding {
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
    guard let context, !isFeeding else { return }
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
      switch admit(bytes: buffer.readableBytes, now: context.eventLoop.now) {
      case .decode:
        let count = min(buffer.readableBytes, max(Self.decodedSliceBytes, machine.expectedBodyBytes))
        guard let slice = buffer.readSlice(length: count) else { return }
        context.fireChannelRead(wrapInboundOut(slice))
        if machine.state == .readingHead { countHead(bytes: count, context: context) }
      case .hold: return hold(buffer)
      case .discard, .close: return
      }
    }
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
