import NIOCore
import RelayPipeline

/// What the decoder behind the handler is given, and what is known of it: it does not say itself what it holds.
///
/// A slice is cut for it, given to it, and then either `sliceDecoded` or, while a head is not complete, `chargeHead` follows.
struct DecoderFeed {
  /// The decoder can't be stopped within what it was given; so it gets little at a time, since many small
  /// requests may stand in it. What belongs to a body is not split.
  static let sliceBytes = 4 << 10

  /// The decoder holds nothing: a request may pass it by.
  private(set) var isClean = true
  /// It looks at nothing any more: another one must take its place before the next request.
  private(set) var hasStopped = false
  private(set) var isBeingReplaced = false
  /// How much it has been given at once.
  private var givenBytes = 0
  /// That was all that a body was short of.
  private var gaveRestOfBody = false
  /// With it a request has ended.
  private var requestHasEnded = false
  private var head = HeadMemory()

  /// Cuts what the decoder gets next, while a head is read.
  mutating func cutHead(from input: inout ByteBuffer) -> ByteBuffer {
    let slice = cut(Self.sliceBytes, from: &input)
    gaveRestOfBody = false
    head.begin(with: slice.readableBytesView)
    return slice
  }

  /// Cuts what the decoder gets next, while a body is read.
  ///
  /// - Parameter missingBytes: What the body is short of; 0: its length is not known.
  mutating func cutBody(from input: inout ByteBuffer, missingBytes: Int) -> ByteBuffer {
    let slice = cut(max(Self.sliceBytes, missingBytes), from: &input)
    gaveRestOfBody = slice.readableBytes == missingBytes
    return slice
  }

  private mutating func cut(_ count: Int, from input: inout ByteBuffer) -> ByteBuffer {
    givenBytes = min(input.readableBytes, count)
    isClean = false
    requestHasEnded = false
    // It is not longer than what can be read.
    return input.readSlice(length: givenBytes)!
  }

  /// The decoder has said that a request ends.
  mutating func requestEnded() { requestHasEnded = true }

  /// The decoder has looked at all of the slice.
  mutating func sliceDecoded() {
    // It held the rest of a body and nothing else.
    if gaveRestOfBody, requestHasEnded { isClean = true }
  }

  /// The slice did not complete a head: the decoder keeps it.
  ///
  /// - Returns: False, if the budget has no room for more.
  mutating func chargeHead(to budget: InflightBudget) -> Bool { head.add(bytes: givenBytes, budget: budget) }

  /// A head is complete, or nobody waits for it any more.
  mutating func releaseHead(to budget: InflightBudget) { head.clear(budget: budget) }

  /// - Parameter stopsDecoder: Whether the decoder looks at nothing that follows this request.
  mutating func headDecoded(stopsDecoder: Bool) { hasStopped = stopsDecoder }

  /// What a request is told that the decoder gave up.
  func refusal(of error: any Error) -> Refusal {
    RequestParser.refusal(of: error, headBytes: head.count + givenBytes, start: head.start)
  }

  mutating func replacementBegan() { isBeingReplaced = true }

  mutating func replaced() {
    isBeingReplaced = false
    hasStopped = false
    isClean = true
  }
}

/// What the decoder keeps of a head that is still coming in.
///
/// A head arrives in one piece, as a rule, and is gone when it is complete. Ten thousand senders that withhold
/// the end of long ones would be another matter: those are charged to the budget too.
private struct HeadMemory {
  private static let freeBytes = 1 << 10
  /// Its strings, and the buffers that they were cut from.
  private static let chargedBytes = 3 * RequestParser.maxHeaderBytes

  /// How many bytes of it have come.
  private(set) var count = 0
  /// The first of them.
  private(set) var start: [UInt8] = []
  private var charge = BudgetCharge()

  /// False, if the budget has no room for more.
  mutating func add(bytes: Int, budget: InflightBudget) -> Bool {
    count += bytes
    return count <= Self.freeBytes || budget.grow(&charge, to: Self.chargedBytes)
  }

  /// Keeps what the next bytes begin with, before anything looks into them.
  mutating func begin(with bytes: ByteBufferView) {
    guard start.count < ForeignProtocol.telltaleBytes else { return }
    start += bytes.prefix(ForeignProtocol.telltaleBytes - start.count)
  }

  mutating func clear(budget: InflightBudget) {
    guard count > 0 || !start.isEmpty else { return }
    budget.release(charge)
    self = HeadMemory()
  }
}
