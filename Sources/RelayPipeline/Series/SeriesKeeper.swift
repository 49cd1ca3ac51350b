import Logging
import RelayCore
import RelayThreads

/// Brings samples into their file, on a thread that ends with each write: a disk that hangs holds up nothing else.
///
/// What can't be written stays in memory, where the charts come from, and is written with all else once there is room again.
final class SeriesKeeper: Sendable {
  private struct State: Sendable {
    /// A thread writes; what comes meanwhile is written with the next whole file.
    var isWriting = false
    /// The file is not what it should be: all is to be written.
    var needsAll = false
    /// How many samples have passed since it could not be written; nil: it can.
    var failedSamples: Int?
  }

  /// What is to be written.
  private enum Work {
    case all
    case samples
  }

  /// How many samples lie between two tries to write a file that could not be written.
  static let samplesBetweenTries = 6

  private let file: (any SeriesKeeping)?
  private let logger: Logger
  private let state = Locked(State())

  /// - Parameter file: nil: nothing is kept.
  init(_ file: (any SeriesKeeping)?, logger: Logger) {
    self.file = file
    self.logger = logger
  }

  /// What an earlier run has left; nil: nothing, or nothing that can be read. Blocks.
  func read() -> KeptSeries? {
    guard let file else { return nil }
    state.withLock { $0.needsAll = true }
    do throws(SeriesFileError) {
      let bytes = try file.read()
      guard !bytes.isEmpty else { return nil }
      guard let kept = SeriesFormat.read(bytes) else {
        logger.warning(
          "the file of the charts' samples is damaged, or none of this release: it is begun anew")
        return nil
      }
      state.withLock { $0.needsAll = false }
      return kept
    } catch {
      failed(error)
      return nil
    }
  }

  /// The file is laid out by other names than the book has now: nothing can be written where it stands.
  func isOutdated() { state.withLock { $0.needsAll = true } }

  /// - Returns: Once it is written, or can't be, or another write is still under way.
  func write(_ change: SeriesBook.Change, of book: SeriesBook) async {
    guard file != nil, let work = begin(change) else { return }
    await onThread(named: "series") { [self] in
      do throws(SeriesFileError) {
        try carryOut(work, change, book)
        ended()
      } catch {
        failed(error)
      }
    }
  }

  private func begin(_ change: SeriesBook.Change) -> Work? {
    state.withLock { state in
      if case .names = change { state.needsAll = true }
      guard !state.isWriting else {
        state.needsAll = true
        return nil
      }
      if let passed = state.failedSamples {
        state.failedSamples = passed + 1
        guard (passed + 1) % Self.samplesBetweenTries == 0 else { return nil }
      }
      // What comes while this is written asks for all again.
      defer { (state.isWriting, state.needsAll) = (true, false) }
      return state.needsAll ? .all : .samples
    }
  }

  private func carryOut(
    _ work: Work, _ change: SeriesBook.Change, _ book: SeriesBook
  ) throws(SeriesFileError) {
    guard let file else { return }
    let format = SeriesFormat(book.names)
    switch (work, change) {
    case (.samples, .samples(let tenSeconds, let fiveMinutes)):
      do throws(SeriesFileError) {
        try file.write(
          format.bytes(tenSeconds, .tenSeconds), at: format.offset(of: tenSeconds.number, .tenSeconds))
        try file.write(
          format.bytes(fiveMinutes, .fiveMinutes), at: format.offset(of: fiveMinutes.number, .fiveMinutes))
      } catch {
        // Perhaps somebody has removed it.
        try file.replace(format.bytes(book.kept))
      }
    case (.all, _), (_, .names): try file.replace(format.bytes(book.kept))
    }
  }

  private func ended() {
    let hadFailed = state.withLock { state in
      defer { state.failedSamples = nil }
      state.isWriting = false
      return state.failedSamples != nil
    }
    if hadFailed { logger.notice("the charts' samples are kept again") }
  }

  private func failed(_ error: SeriesFileError) {
    let isFirst = state.withLock { state in
      defer { state.failedSamples = state.failedSamples ?? 0 }
      state.isWriting = false
      state.needsAll = true
      return state.failedSamples == nil
    }
    guard isFirst else { return }
    logger.warning(
      "the charts' samples can't be kept over a restart: they go on in memory",
      metadata: ["reason": "\(error)"])
  }
}
