import RelayCore

/// A link to a file of the relay's own: which file of which event it gives, and until when.
package struct AttachmentLink: Sendable, Hashable {
  package var event: EventID
  /// Which of the links of its event, in the order of `AttachmentFinder`.
  package var place: Int
  /// Its end, in whole seconds since the epoch by the wall clock: from then on it gives nothing.
  package var until: Int64

  package init(event: EventID, place: Int, until: Int64) {
    self.event = event
    self.place = place
    self.until = until
  }

  /// What every link's path begins with.
  package static let folder = "/files/"

  /// Without what signs it.
  var path: String { "\(Self.folder)\(event)/\(place)" }
}

/// What a request's target is.
package enum AttachmentLinkCheck: Sendable, Equatable {
  case valid(AttachmentLink)
  /// Signed by this relay, and its time is over.
  case ended
  /// A file's path, and no signature of this relay's for it.
  case wrong
  /// No file's path.
  case noLink
}
