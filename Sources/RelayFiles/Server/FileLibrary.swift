import Logging
import NIOCore
import NIOPosix
import RelayCore
import RelayPipeline

/// Finds what a request asks for. All that blocks is done on a few threads of its own: a disk that hangs holds up those alone.
final class FileLibrary: Sendable {
  /// What was found, and the file where its bytes are to be sent.
  struct Found: Sendable {
    var answer: FileAnswer
    var file: StoredFile?
  }

  private let linker: AttachmentLinker
  private let shelf: any AttachmentShelf
  private let clock: any WallClock
  private let logger: Logger
  private let threads = NIOThreadPool(numberOfThreads: 2)

  init(linker: AttachmentLinker, shelf: any AttachmentShelf, clock: any WallClock, logger: Logger) {
    self.linker = linker
    self.shelf = shelf
    self.clock = clock
    self.logger = logger
  }

  func start() { threads.start() }

  /// Whoever waits for something is told that there is nothing. Waits for no disk.
  func stop() { threads.shutdownGracefully { _ in } }

  func find(_ request: FileRequest, on eventLoop: any EventLoop) -> EventLoopFuture<Found> {
    guard request.method != .other else { return eventLoop.makeSucceededFuture(Found(answer: .notAllowed)) }
    switch linker.check(request.target, at: clock.now()) {
    case .noLink: return refused(with: .notFound, request, eventLoop)
    case .wrong: return refused(with: .forbidden, request, eventLoop)
    case .ended: return refused(with: .ended, request, eventLoop)
    case .valid(let link):
      return threads.runIfActive(eventLoop: eventLoop) { [self] in open(link, for: request) }
    }
  }

  /// - Returns: Fails where the file can't be read: its length is promised, so the answer has to break off.
  func read(
    _ range: Range<Int>, of file: StoredFile, on eventLoop: any EventLoop
  ) -> EventLoopFuture<[UInt8]> {
    threads.runIfActive(eventLoop: eventLoop) { try file.read(range) }
  }

  private func refused(
    with answer: FileAnswer, _ request: FileRequest, _ eventLoop: any EventLoop
  ) -> EventLoopFuture<Found> {
    var answer = answer
    answer.omitsBody = request.method == .head
    return eventLoop.makeSucceededFuture(Found(answer: answer))
  }

  /// A receiver that is quick may ask before the keeper has come to the event, or, after a restart, has found it in the store.
  private func mayBeRecordedYet(_ event: EventID) -> Bool {
    clock.now().milliseconds - event.milliseconds < 15 * 60_000
  }

  private func open(_ link: AttachmentLink, for request: FileRequest) -> Found {
    var found: Found
    do {
      let known = try shelf.attachment(of: link.event, at: link.place)
      found = Found(
        answer: known == nil && mayBeRecordedYet(link.event) ? .pending : FileAnswer(known, to: request))
    } catch {
      // Of the shelf, whose messages name no link.
      logger.warning(
        "a file can't be looked for", metadata: ["event": "\(link.event)", "reason": "\(error)"])
      found = Found(answer: .unavailable)
    }
    if case .file(let file, _) = found.answer.body {
      do throws(StoredFile.Failure) {
        found.file = try StoredFile(path: shelf.path(of: file), bytes: file.bytes)
      } catch {
        logger.warning(
          "a fetched file can't be given out",
          metadata: ["event": "\(link.event)", "reason": error == .gone ? "it is gone" : "it is damaged"])
        found = Found(answer: error == .gone ? .ended : .damaged)
      }
    }
    found.answer.omitsBody = request.method == .head
    return found
  }
}
