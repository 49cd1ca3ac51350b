/// One link of one event.
package struct AttachmentKey: Hashable, Sendable {
  package var event: EventID
  /// In the order of `AttachmentFinder`: from 0.
  package var place: Int

  package init(event: EventID, place: Int) {
    self.event = event
    self.place = place
  }
}

/// A link that is to be fetched.
package struct PendingAttachment: Sendable, Equatable {
  package var key: AttachmentKey
  package var source: String
  package var url: Secret
  /// When its event was received.
  package var receivedAt: Timestamp
  /// How often it has been tried.
  package var tries: Int
  package var due: Timestamp

  package init(
    key: AttachmentKey, source: String, url: Secret, receivedAt: Timestamp, tries: Int = 0, due: Timestamp
  ) {
    self.key = key
    self.source = source
    self.url = url
    self.receivedAt = receivedAt
    self.tries = tries
    self.due = due
  }
}

/// One that was fetched, or failed, and is kept for a while.
package struct KeptAttachment: Sendable, Equatable {
  package var key: AttachmentKey
  package var source: String
  /// When its event was received.
  package var receivedAt: Timestamp
  /// How long it stays once its event is settled.
  package var keep: Duration
  /// When the last delivery of its event was settled; nil: some was pending or dead, or nobody has looked yet.
  package var settledAt: Timestamp?
  /// nil: the fetch failed, and the reason is what is kept.
  package var hash: String?

  package init(
    key: AttachmentKey, source: String, receivedAt: Timestamp, keep: Duration, settledAt: Timestamp? = nil,
    hash: String? = nil
  ) {
    self.key = key
    self.source = source
    self.receivedAt = receivedAt
    self.keep = keep
    self.settledAt = settledAt
    self.hash = hash
  }
}

/// What ended, and which files nobody needs any more.
package struct EndedAttachments: Sendable, Equatable {
  package var count = 0
  package var unneeded: [String] = []
  /// Bytes that their sources keep no more.
  package var freed: [String: Int] = [:]

  package init() {}
}

/// When an attachment's event is to be looked at again.
package struct AttachmentLook: Sendable, Equatable {
  package var key: AttachmentKey
  package var due: Timestamp
  /// Of its event; nil: it is not settled.
  package var settledAt: Timestamp?

  package init(key: AttachmentKey, due: Timestamp, settledAt: Timestamp?) {
    self.key = key
    self.due = due
    self.settledAt = settledAt
  }
}

/// Remembers which attachments there are, on disk: what a call has done is there after a crash. From any thread; blocks for the
/// disk. Times are the steady clock's.
package protocol AttachmentIndex: Sendable {
  /// All events received until then are in it, as far as they point to files; nil: nothing is known.
  func recordedThrough() throws(StoreError) -> Timestamp?

  /// Adds links; those that it has are passed over.
  ///
  /// - Parameter through: See `recordedThrough`; nil: as before.
  /// - Returns: How many were new.
  func record(_ links: [PendingAttachment], keep: [String: Duration], through: Timestamp?) throws(StoreError)
    -> Int

  /// Those that are due, the oldest first.
  func pending(at now: Timestamp, limit: Int) throws(StoreError) -> [PendingAttachment]
  /// When the next one of these is due; nil: there is none.
  func nextPending() throws(StoreError) -> Timestamp?
  func pendingCount() throws(StoreError) -> Int

  /// A file has come.
  ///
  /// - Returns: By how many bytes its source keeps more: 0 where another of its events needs the same file. nil: nobody waits for
  ///   it any more.
  func fetched(_ key: AttachmentKey, _ file: AttachmentFile, lookAt due: Timestamp) throws(StoreError) -> Int?
  /// Other outcomes of a fetch. false: nobody waits for it any more.
  func failed(_ key: AttachmentKey, reason: String, lookAt due: Timestamp) throws(StoreError) -> Bool
  func again(_ key: AttachmentKey, tries: Int, reason: String, at due: Timestamp) throws(StoreError) -> Bool

  /// Those whose events are to be looked at, the longest due first.
  func toLookAt(at now: Timestamp, limit: Int) throws(StoreError) -> [KeptAttachment]
  func nextLook() throws(StoreError) -> Timestamp?
  func look(again looks: [AttachmentLook]) throws(StoreError)
  /// All of the source, whose `keep` is another one.
  func keep(_ duration: Duration, of source: String, lookAt due: Timestamp) throws(StoreError)
  /// Fetched ones of the source, in the order of their events' receipt.
  func oldest(of source: String, after: AttachmentKey?, limit: Int) throws(StoreError) -> [KeptAttachment]

  /// Their time is over: fetched ones become `ended`, and stay so until the given time; failed ones are forgotten.
  func end(_ keys: [AttachmentKey], rememberedUntil: Timestamp) throws(StoreError) -> EndedAttachments
  /// All of these events, pending ones too, become `ended`.
  func endAll(of events: [EventID], rememberedUntil: Timestamp) throws(StoreError) -> EndedAttachments
  /// Forgets what ended before; a bounded number.
  func forget(before now: Timestamp) throws(StoreError)

  /// Of kept files, by the source.
  func bytes() throws(StoreError) -> [String: Int]
  /// Whether some attachment needs the file.
  func needs(_ hash: String) throws(StoreError) -> Bool

  func attachments(of event: EventID) throws(StoreError) -> [Attachment]
  func attachment(of event: EventID, at place: Int) throws(StoreError) -> Attachment?

  /// Takes what was removed out of the files on disk: until then a link may stand in the log of changes.
  func cleanLog() throws(StoreError)

  /// Later calls fail.
  func close()
}
