import RelayCore
import RelayStoring

/// A `NodeRequest` as the table has it, without what is asked for.
struct RequestRow: Equatable {
  var id: Int64
  /// Of another version where this one knows no such kind.
  var kind: NodeRequest.Kind?
  /// The destination's number, or the replay's.
  var target: Int32
  var asker: SlotHolding
  /// Among those of its asker.
  var number: Int64
  /// Somebody has done something with it, or asked for it, lately: else it is not begun any more.
  var isFresh = true
  /// What a change has come to.
  var made = ChangedDeliveries()
  /// nil: it has not ended.
  var answer: RequestAnswer?

  var destination: DestinationRowID { DestinationRowID(rawValue: Int64(target)) }

  /// Requests that are done one after another.
  struct Line: Hashable {
    var target: Int32
    /// Changes take long: a pause does not wait for them.
    var kind: NodeRequest.Kind?
  }

  var line: Line {
    // What is asked of a lane is done in the order in which it was asked.
    let isOfLane = kind == .pause || kind == .endRetryAfter
    return Line(target: target, kind: isOfLane ? .pause : kind)
  }
}
