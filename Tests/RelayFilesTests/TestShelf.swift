import RelayCore
import RelayHarness
import RelayThreads

/// Attachments that a test puts there.
final class TestShelf: AttachmentShelf {
  struct Broken: Error {}

  private let folder: TemporaryFolder
  private let states = Locked<[Int: Attachment.State]>([:])
  private let broken = Locked(false)
  static let event = EventID(high: 0x0193_B0A0_7C1D_7ABC, low: 0x8DEF_0123_4567_89AB)

  init() throws { folder = try TemporaryFolder() }

  func put(_ state: Attachment.State?, at place: Int) { states.withLock { $0[place] = state } }

  /// A file of these bytes.
  ///
  /// - Parameter claimed: How many it is said to have.
  @discardableResult
  func put(_ bytes: [UInt8], at place: Int, claimed: Int? = nil, name: String = "photo é.jpg") throws
    -> AttachmentFile
  {
    let file = AttachmentFile(
      hash: "hash\(place)", bytes: claimed ?? bytes.count, contentType: "image/jpeg", name: name)
    _ = try folder.write(String(decoding: bytes, as: UTF8.self), to: file.hash)
    put(.fetched(file), at: place)
    return file
  }

  func breakDown() { broken.withLock { $0 = true } }

  func attachment(of event: EventID, at place: Int) throws -> Attachment? {
    if broken.withLock({ $0 }) { throw Broken() }
    guard event == Self.event else { return nil }
    return states.withLock { $0[place] }.map { Attachment(event: event, place: place, state: $0) }
  }

  func attachments(of event: EventID) throws -> [Attachment] {
    try (0..<32).compactMap { try attachment(of: event, at: $0) }
  }

  func path(of file: AttachmentFile) -> String { "\(folder.path)/\(file.hash)" }
}
