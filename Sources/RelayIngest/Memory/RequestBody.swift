import NIOCore
import RelayPipeline

/// A request's body as it arrives, decoded, in one array that the budget has been charged for.
struct RequestBody {
  enum Outcome: Equatable {
    case taken
    /// The budget has no room for it.
    case noRoom
    /// Decoded it is larger than the limit, or it is not in the coding that its head names.
    case refused(Refusal)
  }

  /// Nothing larger is allocated for what a sender has only announced.
  private static let firstBytes = 4 << 10

  private(set) var bytes: [UInt8] = []
  private(set) var charge = BudgetCharge()
  /// The most that this body can come to: its length if that is known, or `max_body`.
  private let limitBytes: Int
  /// nil: the body comes as it is, as nearly all do. So these pay for one reference, and compare no codings.
  private var decoding: Decoding?

  private final class Decoding {
    let coding: ContentCoding
    var inflater: Inflater?
    var charge = BudgetCharge()

    init(_ coding: ContentCoding) {
      self.coding = coding
    }
  }

  init(limitBytes: Int, coding: ContentCoding = .identity) {
    self.limitBytes = limitBytes
    if case .identity = coding { return }
    decoding = Decoding(coding)
  }

  /// Copies `input`, or what it decodes to, behind what is here; nothing is of use any more unless it was taken.
  mutating func append(_ input: ByteBuffer, budget: InflightBudget) -> Outcome {
    if let decoding { return decode(input, decoding, budget: budget) }
    return input.withUnsafeReadableBytes { append($0, budget: budget) ? .taken : .noRoom }
  }

  /// Gives all back.
  mutating func release(to budget: InflightBudget) {
    releaseInflater(to: budget)
    budget.release(charge)
    charge = BudgetCharge()
    bytes = []
  }

  /// The body has come to its end: gives back what only a body that still comes needs.
  ///
  /// - Returns: Why it can't be taken; nil: it is whole.
  mutating func end(budget: InflightBudget) -> Refusal? {
    guard let decoding else { return nil }
    let isWhole = decoding.inflater?.isComplete == true
    releaseInflater(to: budget)
    return isWhole ? nil : .undecodable(decoding.coding)
  }

  private mutating func releaseInflater(to budget: InflightBudget) {
    guard let decoding else { return }
    decoding.inflater = nil
    budget.release(decoding.charge)
    decoding.charge = BudgetCharge()
  }

  private mutating func append(_ input: UnsafeRawBufferPointer, budget: InflightBudget) -> Bool {
    let needed = bytes.count + input.count
    if needed > bytes.capacity {
      let capacity = max(needed, min(limitBytes, max(Self.firstBytes, 2 * bytes.capacity)))
      guard budget.grow(&charge, to: capacity) else { return false }
      bytes.reserveCapacity(capacity)
      budget.add(bytes.capacity - charge.bytes, to: &charge)
    }
    bytes.append(contentsOf: input)
    return true
  }

  private mutating func decode(
    _ input: ByteBuffer, _ decoding: Decoding, budget: InflightBudget
  ) -> Outcome {
    if decoding.inflater == nil {
      guard budget.grow(&decoding.charge, to: Inflater.stateBytes) else { return .noRoom }
      decoding.inflater = Inflater(decoding.coding)
    }
    guard let inflater = decoding.inflater else { return .refused(.undecodable(decoding.coding)) }
    var outcome = Outcome.taken
    let decoded = input.withUnsafeReadableBytes { input in
      inflater.inflate(input) { piece in
        if bytes.count + piece.count > limitBytes {
          outcome = .refused(.tooLarge(limitBytes: limitBytes))
        } else if !append(piece, budget: budget) {
          outcome = .noRoom
        }
        return outcome == .taken
      }
    }
    return decoded == .malformed ? .refused(.undecodable(decoding.coding)) : outcome
  }
}
