import NIOPosix
import RelayCore
import RelayPipeline

/// The store as a whole.
enum StoreEndpoints {
  static let all: [Endpoint] = [
    .post(
      "/api/v1/store/backup", "A consistent copy of the store, while it runs. It needs room on the disk.",
      role: .admin, audit: .change, replies: [.init(contentType: "application/vnd.sqlite3")],
      problems: [
        .init(409, "backup_in_progress", "Another copy is being made or fetched."),
        .init(409, "conflict", "The store is in PostgreSQL, which copies it with its own tools."),
      ], backup)
  ]

  private static func backup(_ call: Call<Nothing>) async throws -> AdminResponse {
    let copy = try await call.services.copies.fill { try await call.relay.backup() }
    return AdminResponse(
      contentType: copy.format.contentType,
      body: .pieces(AnswerPieces(CopyPieces(copy: copy), length: copy.byteCount)))
  }
}

/// A copy's bytes, read on a thread that may block.
private struct CopyPieces: AsyncSequence, Sendable {
  let copy: any StoreCopy

  struct AsyncIterator: AsyncIteratorProtocol {
    let copy: any StoreCopy
    var offset = 0

    mutating func next() async throws -> [UInt8]? {
      let (copy, place) = (copy, offset)
      guard place < copy.byteCount else { return nil }
      let piece = try await NIOThreadPool.singleton.runIfActive { try copy.read(at: place, upTo: 256 << 10) }
      offset += piece.count
      return piece
    }
  }

  func makeAsyncIterator() -> AsyncIterator { AsyncIterator(copy: copy) }
}
