import Logging
import RelayCore
import RelayThreads

/// Counts what becomes of links, and tells the log of those that are lost: a line each ten seconds at most. Confined to the keeper's
/// thread.
final class LossLog {
  private let logger: Logger
  private let board: Locked<AttachmentStanding>
  private var lastTold: Timestamp?
  private var leftOut = 0

  private static let interval = Duration.seconds(10)

  init(logger: Logger, board: Locked<AttachmentStanding>) {
    self.logger = logger
    self.board = board
  }

  func count(_ outcome: AttachmentOutcome) {
    board.withLock { $0.counts[outcome, default: 0] += 1 }
  }

  func lost(_ link: PendingAttachment, _ failure: FetchFailure, at now: Timestamp) {
    board.withLock {
      $0.counts[failure.outcome, default: 0] += 1
      $0.lastLoss = "\(link.key.event): \(failure.reason)"
    }
    if let lastTold, lastTold.duration(to: now) < Self.interval {
      leftOut += 1
      return
    }
    lastTold = now
    var metadata: Logger.Metadata = [
      "source": "\(link.source)", "event": "\(link.key.event)", "place": "\(link.key.place)",
      "outcome": "\(failure.outcome.rawValue)", "reason": "\(failure.reason)",
    ]
    if leftOut > 0 { metadata["alike_since"] = "\(leftOut)" }
    leftOut = 0
    logger.warning("an attachment was not fetched", metadata: metadata)
  }

  /// The index or the store has failed; told once, until it works again.
  func problem(_ error: StoreError) {
    let isNew = board.withLock { board in
      defer { board.problem = error.message }
      return board.problem != error.message
    }
    if isNew { logger.error("attachments are not fetched or kept", metadata: ["reason": "\(error)"]) }
  }
}

@available(*, unavailable)
extension LossLog: Sendable {}
