import RelayCore

/// A receipt whose envelope is on its way to the disk.
///
/// One object for all that waits for the commit: what is handed to the store then holds but this, and the store's thread, which
/// lets go of it between two commits, lets go of one thing.
final class PendingReceipt: Sendable {
  let receipt: Receipt
  /// What the sender is told, after the commit.
  let accepted: IngestReply
  /// Who fetches the files that its events point to; nil: they point to none, or nobody does.
  let attachments: (any AttachmentKeeping)?
  private let receiver: Receiver

  init(_ receipt: Receipt, attachments: (any AttachmentKeeping)?, receiver: Receiver) {
    self.receipt = receipt
    self.receiver = receiver
    self.attachments = attachments
    // Made now, not on the store's thread between two commits.
    accepted = receipt.accepted()
  }

  func answered(_ result: Result<AppendOutcome, StoreError>) { receiver.stored(self, result) }

  /// Its sender was told that nobody knows whether it is kept, and it is.
  func answeredLate(_ deliveries: [Delivery]) { receiver.storedLate(self, deliveries) }
}
