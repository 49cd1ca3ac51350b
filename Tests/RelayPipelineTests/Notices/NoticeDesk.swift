import RelayCore
import RelayTestSupport
import RelayThreads
import Testing

@testable import RelayPipeline

/// Notices with a receiver and a disk that do what a test says.
final class NoticeDesk: Sendable {
  final class Sender: NoticeSender {
    let sent = Locked<[NoticeRequest]>([])
    /// What is answered, one after the other; then 200.
    let replies = Locked<[NoticeReply]>([])
    /// What happens before the answer.
    let onSend = Locked<(@Sendable () -> Void)?>(nil)

    func send(_ request: NoticeRequest) -> NoticeReply {
      onSend.withLock { $0 }?()
      sent.withLock { $0.append(request) }
      return replies.withLock { $0.isEmpty ? NoticeReply(status: 200) : $0.removeFirst() }
    }

    /// The ids, in the order in which they came.
    var ids: [String] {
      sent.withLock { $0 }.compactMap { request in
        request.headers.first { $0.hasPrefix("webhook-id: ") }.map { String($0.dropFirst(12)) }
      }
    }

    func texts(_ key: String) -> [String] {
      sent.withLock { $0 }.map { request in
        let text = String(decoding: request.body ?? [], as: UTF8.self)
        let tail = text.firstRange(of: "\"\(key)\":\"").map { text[$0.upperBound...] } ?? ""
        return String(tail.prefix { $0 != "\"" })
      }
    }
  }

  final class Keeper: NoticeKeeper {
    let kept = Locked<[UInt8]?>(nil)
    let saves = Locked(0)
    let error = Locked<NoticeFileError?>(nil)
    /// A disk that does not answer.
    let hangs = Monitor(false)
    /// It does not say what was kept.
    let holdsLoad = Monitor(false)
    let loads = Locked(0)

    var isThere: Bool { kept.withLock { $0 != nil } }

    func load() throws(NoticeFileError) -> [UInt8]? {
      loads.withLock { $0 += 1 }
      _ = holdsLoad.wait { $0 ? nil : true }
      return kept.withLock { $0 }
    }

    func save(_ payload: [UInt8]) throws(NoticeFileError) {
      _ = hangs.wait { $0 ? nil : true }
      if let error = error.withLock({ $0 }) { throw error }
      saves.withLock { $0 += 1 }
      kept.withLock { $0 = payload }
    }
  }

  let sender = Sender()
  let keeper: Keeper
  let clock: ManualClock
  let recorder = LineRecorder()
  let metrics = RelayMetrics(Configuration())
  let active: ActiveConfiguration
  let facts = Locked(NoticeFacts())
  let isReady = Locked(true)
  let notices: Notices

  /// - Parameter isPatient: It waits for its disk for ever, else not at all.
  init(
    _ receivers: [NoticeReceiver], keeper: Keeper = Keeper(), at now: Timestamp = .second(0),
    isPatient: Bool = true
  ) {
    let clock = ManualClock(now)
    let active = ActiveConfiguration(Configuration.telling(receivers), loadedAt: now)
    let numbers = Locked<UInt64>(UInt64(now.microseconds))
    (self.keeper, self.clock, self.active) = (keeper, clock, active)
    notices = Notices(
      Notices.Parts(
        tools: Notices.Tools(
          sender: sender, keeper: keeper, host: "h",
          number: {
            numbers.withLock { number in
              number += 1
              return number
            }
          }, sleep: { _ in if isPatient { try? await Task.sleep(for: .seconds(3_600)) } }),
        active: active, clock: clock, metrics: metrics, logger: recorder.logger,
        look: { [facts] _ in facts.withLock { $0 } }, isReady: { [isReady] in isReady.withLock { $0 } }))
  }

  func isDown(_ state: NoticeState) {
    facts.withLock { $0.states = [NoticeSamples.key(.down): state] }
  }

  /// Time passes, and what is to be done is done to its end.
  ///
  /// - Returns: When more is to be done.
  @discardableResult
  func pass(_ duration: Duration) async -> Duration? {
    clock.advance(by: duration)
    _ = await notices.turn()
    await notices.settle(within: .seconds(60))
    return await notices.turn()
  }

  var phases: [String] { sender.texts("phase") }

  /// What is on its disk.
  var kept: KeptNotices? { keeper.kept.withLock { $0 }.flatMap { KeptNotices(bytes: $0) } }
}

extension Configuration {
  static func telling(_ receivers: [NoticeReceiver]) -> Configuration {
    var configuration = Configuration()
    configuration.notify = receivers
    return configuration
  }
}
