/// A file that an event points to.
package struct Attachment: Sendable, Equatable {
  package enum State: Sendable, Equatable {
    /// It is being fetched, or will be.
    case pending
    case fetched(AttachmentFile)
    /// It will not be fetched any more. `reason`: for people; names no link.
    case failed(reason: String)
    /// It was kept for as long as it should be, or was erased.
    case ended
  }

  package var event: EventID
  /// Which of the links of its event it is, in the order of `AttachmentFinder`: from 0.
  package var place: Int
  package var state: State
  /// Of a pending one: why the last try failed; nil: none has.
  package var lastFailure: String?

  package init(event: EventID, place: Int, state: State, lastFailure: String? = nil) {
    self.event = event
    self.place = place
    self.state = state
    self.lastFailure = lastFailure
  }
}

/// What was fetched.
package struct AttachmentFile: Sendable, Equatable {
  /// SHA-256 of its bytes, in lower-case hexadecimal digits: its name on the disk.
  package var hash: String
  package var bytes: Int
  /// As the origin said; nil: it did not, or said it in a way that no header may hold.
  package var contentType: String?
  /// The last part of the link's path, decoded, without what no file's name holds; nil: there is none.
  package var name: String?

  package init(hash: String, bytes: Int, contentType: String? = nil, name: String? = nil) {
    self.hash = hash
    self.bytes = bytes
    self.contentType = contentType
    self.name = name
  }
}

/// Where files are found that were fetched. From any thread; may read the disk, so never on an event loop.
package protocol AttachmentShelf: Sendable {
  /// What has become of one; nil: the event points to no such file, or nothing is known of it.
  func attachment(of event: EventID, at place: Int) throws -> Attachment?
  /// All of an event, by place.
  func attachments(of event: EventID) throws -> [Attachment]
  /// The path of a fetched file, to be opened for reading.
  func path(of file: AttachmentFile) -> String
}
