/// What the store's tables are called: every statement takes its names from here, and from nowhere else.
struct TableNames: Hashable, Sendable {
  let source = "source"
  let destination = "destination"
  let route = "route"
  let configuration = "configuration"
  let envelope = "envelope"
  let event = "event"
  let delivery = "delivery"
  let failure = "failure"
  let book = "book"
  /// They take turns: `FoldStatements`.
  let bookDeltas = ["book_delta_a", "book_delta_b"]
  let folded = "folded"
  let foldTurn = "fold_turn"
  let unlisted = "unlisted"
  let learnedToken = "learned_token"
  let gap = "gap"
  let audit = "audit"
  let replay = "replay"
  let replayed = "replayed"
  let clock = "clock"
  let clockStep = "clock_step"
}
