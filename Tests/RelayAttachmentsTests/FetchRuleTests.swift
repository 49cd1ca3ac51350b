import RelayCore
import RelayTestSupport
import Testing

@testable import RelayAttachments

@Suite struct FetchScheduleTests {
  private let received = Timestamp.second(1_000)

  @Test func aFileIsTriedThreeTimes() {
    let now = received.advanced(by: .seconds(10))
    #expect(FetchSchedule.next(after: 1, now: now, receivedAt: received) == now.advanced(by: .seconds(5)))
    #expect(FetchSchedule.next(after: 2, now: now, receivedAt: received) == now.advanced(by: .seconds(60)))
    #expect(FetchSchedule.next(after: 3, now: now, receivedAt: received) == nil)
  }

  @Test func noTryBeginsLaterThanTenMinutesAfterTheReceipt() {
    let late = received.advanced(by: .seconds(541))
    #expect(FetchSchedule.next(after: 2, now: late, receivedAt: received) == nil)
    let inTime = received.advanced(by: .seconds(540))
    #expect(FetchSchedule.next(after: 2, now: inTime, receivedAt: received) != nil)
  }
}

@Suite struct FetchWalkTests {
  private static let policy = AttachmentPolicy(hosts: ["*.files.example.com"])
  private static let first = Secret("https://a.files.example.com/1")

  private static func begun() -> FetchWalk {
    var walk = FetchWalk(policy: policy)
    _ = walk.begin(first)
    return walk
  }

  private static func failure(_ step: FetchWalk.Step) -> FetchFailure? {
    if case .failed(let failure) = step { failure } else { nil }
  }

  @Test func aLinkOfAnotherHostIsNeverAsked() {
    for url in ["https://evil.example/1", "http://a.files.example.com/1", "https://10.0.0.1/"] {
      var walk = FetchWalk(policy: Self.policy)
      let step = walk.begin(Secret(url))
      #expect(Self.failure(step)?.outcome == .refused, "\(url)")
    }
  }

  @Test func threeRedirectsAreFollowedAndAFourthIsNot() {
    var walk = Self.begun()
    for number in 1...3 {
      let next = Secret("https://b.files.example.com/\(number)")
      let step = walk.take(.status(302, location: next))
      #expect(step == .ask(next, host: "b.files.example.com"))
    }
    let end = walk.take(.status(302, location: Self.first))
    #expect(Self.failure(end)?.outcome == .refused)
    #expect(Self.failure(end)?.isFinal == true)
  }

  @Test(arguments: [
    "https://evil.example/1", "http://a.files.example.com/1", "https://127.0.0.1/1",
    "https://user@a.files.example.com/", "file:///etc/passwd",
  ])
  func aRedirectToElsewhereIsRefused(_ url: String) {
    var walk = Self.begun()
    let step = walk.take(.status(302, location: Secret(url)))
    #expect(Self.failure(step)?.outcome == .refused)
  }

  @Test(arguments: [
    (500, false), (503, false), (429, false), (404, false), (408, false), (204, false), (403, true),
    (410, true),
    (400, true), (401, true),
  ])
  func whatPassesIsTriedAgain(_ status: Int, _ isFinal: Bool) {
    var walk = Self.begun()
    let failure = Self.failure(walk.take(.status(status, location: nil)))
    #expect(failure?.isFinal == isFinal)
    #expect(failure?.outcome == .failed)
  }

  @Test(arguments: [401, 403, 404, 410])
  func whatIsGoneAfterTenMinutesHasExpired(_ status: Int) {
    let failure = FetchFailure(status: status)
    let received = Timestamp.second(0)
    let early = failure.seen(receivedAt: received, now: .second(599))
    #expect(early == failure)
    let late = failure.seen(receivedAt: received, now: .second(600))
    #expect(late.outcome == .expired)
    #expect(late.isFinal)
  }

  @Test func aFailingServerHasNotExpired() {
    let failure = FetchFailure(status: 500)
    #expect(failure.seen(receivedAt: .second(0), now: .second(9_000)).outcome == .failed)
  }

  @Test func reasonsNameNoLink() {
    let secret = Secret("https://a.files.example.com/1?signature=s3cret")
    var walk = FetchWalk(policy: Self.policy)
    _ = walk.begin(secret)
    for answer: AttachmentAnswer in [
      .status(302, location: Secret("https://evil.example/?signature=s3cret")), .tooLarge,
      .refusedAddress("a loopback address"), .status(403, location: nil),
    ] {
      let step = walk.take(answer)
      #expect(Self.failure(step)?.reason.contains("s3cret") == false)
    }
  }
}

@Suite struct RetentionRuleTests {
  private static let day = Duration.seconds(86_400)
  private static let now = Timestamp.second(1_000_000)
  private static let key = AttachmentKey(event: EventID(high: 1, low: 1), place: 0)

  private static func kept(settledAt: Timestamp? = nil, receivedAt: Timestamp = now) -> KeptAttachment {
    KeptAttachment(
      key: key, source: "huggy", receivedAt: receivedAt, keep: day, settledAt: settledAt, hash: "a")
  }

  @Test func aFileStaysWhileItsEventIsOpen() {
    let action = RetentionRule.action(for: Self.kept(settledAt: .second(1)), .open, now: Self.now)
    #expect(action == .look(at: Self.now.advanced(by: .seconds(3_600)), settledAt: nil))
  }

  @Test(arguments: [(1, 3_600), (2, 7_200), (10, 36_000), (60, 86_400)])
  func theOlderAnOpenEventTheSeldomerItIsLookedAt(days: Int, seconds: Int) {
    let kept = Self.kept(receivedAt: Self.now.advanced(by: .zero - Self.day * days))
    let action = RetentionRule.action(for: kept, .open, now: Self.now)
    #expect(action == .look(at: Self.now.advanced(by: .seconds(seconds)), settledAt: nil))
  }

  @Test func itStaysForKeepAfterItsEventWasSettled() {
    let settled = Self.now.advanced(by: .zero - Self.day + .seconds(1))
    let action = RetentionRule.action(for: Self.kept(), .settled(at: settled), now: Self.now)
    #expect(action == .look(at: Self.now.advanced(by: .seconds(1)), settledAt: settled))
    let later = Self.now.advanced(by: .seconds(1))
    #expect(RetentionRule.action(for: Self.kept(), .settled(at: settled), now: later) == .end)
  }

  @Test func anErasedEventsFileGoesAtOnce() {
    #expect(RetentionRule.action(for: Self.kept(), .erased, now: Self.now) == .end)
  }

  @Test func anEventThatIsGoneCountsAsSettledWhenThatWasSeen() {
    let first = RetentionRule.action(for: Self.kept(), .gone, now: Self.now)
    #expect(first == .look(at: Self.now.advanced(by: Self.day), settledAt: Self.now))
    let seen = Self.now.advanced(by: .zero - Self.day)
    #expect(RetentionRule.action(for: Self.kept(settledAt: seen), .gone, now: Self.now) == .end)
  }
}

@Suite struct KeeperInboxTests {
  private static func event(bytes: Int, at time: Timestamp) -> Event {
    let context = EnvelopeContext(source: "huggy", receivedAt: time, time: nil, token: nil)
    return Event(
      id: EventID(high: 1, low: 1), envelope: context, type: "a", rawType: Array("a".utf8), company: nil,
      channel: nil, chat: nil, body: Array(repeating: 0x20, count: bytes))
  }

  @Test func whatDoesNotFitIsLookedForLater() {
    var inbox = KeeperInbox()
    inbox.add([Self.event(bytes: KeeperInbox.maxEventBytes, at: .second(5))])
    #expect(inbox.events.isEmpty)
    #expect(inbox.missedSince == .second(5))
    inbox.add(
      Array(repeating: Self.event(bytes: 1, at: .second(3)), count: KeeperInbox.maxEvents + 1))
    #expect(inbox.events.count == KeeperInbox.maxEvents)
    #expect(inbox.missedSince == .second(3))
  }

  @Test func theWishToStopIsTakenOnceAndStands() {
    var inbox = KeeperInbox()
    inbox.isStopping = true
    #expect(inbox.hasWork)
    let taken = inbox.take()
    #expect(taken.isStopping)
    #expect(inbox.isStopping)
    #expect(!inbox.hasWork)
  }
}
