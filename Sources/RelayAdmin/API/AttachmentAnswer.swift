import RelayCore

/// A file that an event points to, as `GET /api/v1/events/{event}` shows it.
package struct AttachmentAnswer: Record {
  @Field("Which of the event's links it is, in their order, from 0.") package var place: Int
  @Field(
    "How it is; ended: it was kept for as long as it should be, or was erased.",
    .words { ["pending", "fetched", "failed", "ended"] }) package var state: String
  @Field("How large it is; null: it is not there.") package var bytes: Int?
  @Field("SHA-256 of its bytes, in hexadecimal digits; null: it is not there.", .contents)
  package var sha256: String?
  @Field("What it is, as its origin said; null: it did not, or it is not there.", .contents)
  package var contentType: String?
  @Field("Why it was not fetched, or of a pending one why the last try failed; null: none has.")
  package var reason: String?

  package init() {}
}

extension AttachmentAnswer {
  init(_ attachment: Attachment) {
    self.init()
    place = attachment.place
    switch attachment.state {
    case .pending:
      state = "pending"
      reason = attachment.lastFailure
    case .ended: state = "ended"
    case .failed(let why):
      state = "failed"
      reason = why
    case .fetched(let file):
      state = "fetched"
      bytes = file.bytes
      sha256 = file.hash
      contentType = file.contentType
    }
  }
}
