import Glibc
import RelayCore
import RelayDigest
import RelayText

/// One try to fetch one file: on a thread of its own, which waits for the network.
struct FetchJob: Sendable {
  let link: PendingAttachment
  let policy: AttachmentPolicy
  let fetcher: any AttachmentFetcher
  let folder: AttachmentFolder
  /// Names its file.
  let number: Int
  let isWanted: @Sendable () -> Bool

  /// For all redirects together.
  static let timeout = Duration.seconds(300)

  /// What came of it. The file is synced, and stands among those that come in.
  enum Outcome: Sendable, Equatable {
    case fetched(AttachmentFile, path: String)
    case failed(FetchFailure)
  }

  func run() -> Outcome {
    let (path, descriptor) = folder.newFile(number)
    guard descriptor >= 0 else {
      return .failed(FetchFailure(.failed, Self.diskProblem(errno), isFinal: false))
    }
    defer { close(descriptor) }
    do throws(FetchFailure) {
      return .fetched(try fetch(into: descriptor), path: path)
    } catch {
      folder.discard(path)
      return .failed(error)
    }
  }

  private func fetch(into descriptor: Int32) throws(FetchFailure) -> AttachmentFile {
    let end = ContinuousClock.now.advanced(by: Self.timeout)
    var walk = FetchWalk(policy: policy)
    var step = walk.begin(link.url)
    let writer = FileWriter(descriptor)
    while case .ask(let url, let host) = step {
      let left = ContinuousClock.now.duration(to: end)
      guard left > .zero else { throw FetchFailure(.failed, "it took too long", isFinal: false) }
      let request = AttachmentFetch(
        url: url, host: host, addressGuard: policy.addressGuard, maxBytes: policy.maxBytes, timeout: left)
      let answer = fetcher.fetch(request, isWanted: isWanted) { writer.write($0) }
      if let problem = writer.problem {
        throw FetchFailure(.failed, Self.diskProblem(problem), isFinal: false)
      }
      step = walk.take(answer)
    }
    switch step {
    case .ask: preconditionFailure("the walk has ended")
    case .failed(let failure): throw failure
    case .whole(let contentType):
      guard fsync(descriptor) == 0 else {
        throw FetchFailure(.failed, Self.diskProblem(errno), isFinal: false)
      }
      return AttachmentFile(
        hash: writer.hash(), bytes: writer.bytes, contentType: contentType,
        name: AttachmentAddress(link.url.reveal)?.name)
    }
  }

  private static func diskProblem(_ code: Int32) -> String {
    "its file can't be written: \(String(cString: strerror(code)))"
  }
}

/// Writes a file, and computes its hash on the way. For one thread.
private final class FileWriter {
  private let descriptor: Int32
  private let digest = SHA256Stream()
  private(set) var bytes = 0
  /// The system's error; nil: there was none.
  private(set) var problem: Int32?

  init(_ descriptor: Int32) {
    self.descriptor = descriptor
  }

  /// - Returns: Whether it is written.
  func write(_ piece: UnsafeRawBufferPointer) -> Bool {
    var rest = piece
    while !rest.isEmpty {
      let written = Glibc.write(descriptor, rest.baseAddress, rest.count)
      if written < 0 {
        if errno == EINTR { continue }
        problem = errno
        return false
      }
      rest = UnsafeRawBufferPointer(rebasing: rest[written...])
    }
    digest.add(piece)
    bytes += piece.count
    return true
  }

  /// Asked once.
  func hash() -> String { Hexadecimal.text(digest.finish()) }
}

@available(*, unavailable)
extension FileWriter: Sendable {}
