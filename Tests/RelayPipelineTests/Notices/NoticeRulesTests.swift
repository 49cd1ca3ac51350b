import RelayCore
import RelayTestSupport
import Testing

@testable import RelayPipeline

@Suite struct NoticeRulesTests {
  private var time = RuledTime()

  private static let states = NoticeKind.allCases.filter { !$0.isCounted }

  @Test(arguments: states) mutating func aStateIsToldOnceItHasLasted(kind: NoticeKind) {
    #expect(time.look(0, kind, .off) == [])
    #expect(time.look(10, kind, .on()) == [])
    #expect(time.look(309, kind, .on()) == [])
    #expect(time.look(310, kind, .on()) == ["began \(kind)"])
    #expect(time.look(400, kind, .on()) == [])
  }

  @Test(arguments: NoticeKind.allCases.filter(\.isCounted))
  mutating func whatIsCountedIsToldAtOnceAndEndsAtOnce(kind: NoticeKind) {
    #expect(time.look(0, kind, .on()) == ["began \(kind)"])
    #expect(time.look(1, kind, .off) == ["ended \(kind)"])
  }

  @Test mutating func whatIsKnownToHaveBegunEarlierCountsFromThen() throws {
    let change = try #require(
      time.changes(300, [NoticeSamples.key(.down): .on(since: .second(0), "status 503")]).first)
    #expect(change.since == .second(0) && change.at == .second(300))
    #expect(change.detail == "status 503")
  }

  @Test mutating func whatComesAndGoesIsNotTold() {
    for minute in 0..<60 {
      #expect(time.look(minute * 60, .down, minute % 4 == 3 ? .off : .on()) == [])
    }
  }

  @Test mutating func anEndIsToldOnceItHasLastedAMinuteWithTheTimeAtWhichItCame() throws {
    _ = time.look(0, .down, .on(since: .second(-600)))
    #expect(time.look(10, .down, .off) == [])
    #expect(time.look(40, .down, .on()) == [])
    #expect(time.look(50, .down, .off) == [])
    #expect(time.look(109, .down, .off) == [])
    let change = try #require(time.changes(110, [NoticeSamples.key(.down): .off]).first)
    #expect(change.phase == .ended && change.at == .second(50) && change.since == .second(-600))
    #expect(time.look(111, .down, .off) == [])
  }

  @Test mutating func withAShorterForTheEndIsToldSooner() {
    time.receiver.patience = .seconds(2)
    _ = time.look(0, .down, .on())
    #expect(time.look(2, .down, .on()) == ["began down"])
    #expect(time.look(3, .down, .off) == [])
    #expect(time.look(5, .down, .off) == ["ended down"])
  }

  @Test mutating func aLongStateIsToldAgainAfterEachRepeat() {
    time.receiver.repetition = .seconds(3_600)
    #expect(time.look(300, .down, .on(since: .second(0))) == ["began down"])
    #expect(time.look(3_899, .down, .on()) == [])
    #expect(time.look(3_900, .down, .on()) == ["repeated down"])
    #expect(time.look(3_905, .down, .unknown) == [])
    #expect(time.look(7_500, .down, .unknown) == ["repeated down"])
    time.receiver.repetition = nil
    #expect(time.look(99_999, .down, .on()) == [])
  }

  @Test mutating func whatCannotBeSeenNeitherBeginsNorEnds() {
    #expect(time.look(0, .down, .unknown) == [])
    #expect(time.look(1_000, .down, .unknown) == [])
    #expect(time.look(1_001, .down, .on()) == [])
    #expect(time.look(1_301, .down, .on()) == ["began down"])
    #expect(time.look(9_000, .down, .unknown) == [])
  }

  /// Broken by a look that can't tell, after which the count begins anew.
  @Test mutating func whatHasBegunAndCannotBeSeenGoesOnForHalfAnHour() {
    #expect(time.look(0, .down, .on()) == [])
    #expect(time.look(200, .down, .unknown) == [])
    #expect(time.look(400, .down, .on()) == ["began down"])
    time.rules = NoticeRules()
    #expect(time.look(500, .late, .on()) == [])
    #expect(time.look(2_300, .late, .unknown) == [])
    #expect(time.look(2_301, .late, .unknown) == [])
    #expect(time.look(2_302, .late, .on()) == [])
    #expect(time.look(2_602, .late, .on()) == ["began late"])
  }

  @Test mutating func whatPersistsGoesOnAndBeginsNothing() {
    for second in [0, 1_000, 2_000] { #expect(time.look(second, .down, .persists("status 503")) == []) }
    #expect(time.look(2_010, .down, .on()) == [])
    #expect(time.look(2_309, .down, .persists("status 503")) == [])
    let states = [NoticeSamples.key(.down): NoticeState.persists("status 503")]
    let changes = time.changes(2_310, states)
    #expect(changes.map(\.phase) == [.began] && changes.map(\.since) == [.second(2_010)])
    #expect(changes.map(\.detail) == ["status 503"])
    for second in [3_000, 4_000] { #expect(time.look(second, states) == []) }
    #expect(time.look(2_310 + 86_400, states) == ["repeated down"])
  }

  @Test mutating func whatIsNoLongerWantedBeginsAnewShouldItBeWantedAgain() {
    _ = time.look(0, .down, .on())
    time.receiver.kinds = [.late]
    _ = time.look(100, .down, .on())
    time.receiver.kinds = [.down]
    #expect(time.look(310, .down, .on()) == [])
    #expect(time.look(610, .down, .on()) == ["began down"])
  }

  @Test mutating func aPauseIsNotToldBeforeAnHour() {
    let pause = NoticeState.on(least: .seconds(3_600))
    #expect(time.look(0, .paused, pause) == [])
    #expect(time.look(3_599, .paused, pause) == [])
    #expect(time.look(3_600, .paused, pause) == ["began paused"])
    time.receiver.patience = .seconds(7_200)
    time.rules = NoticeRules()
    _ = time.look(0, .paused, pause)
    #expect(time.look(3_600, .paused, pause) == [])
    #expect(time.look(7_200, .paused, pause) == ["began paused"])
  }

  @Test mutating func whatSaysItselfHowLongItLastedIsBelieved() {
    #expect(time.look(0, .refused, .on(lasted: .zero)) == [])
    #expect(time.look(3_000, .refused, .on(lasted: .seconds(299))) == [])
    #expect(time.look(3_001, .refused, .on(lasted: .seconds(300))) == ["began refused"])
  }

  @Test mutating func onlyWhatTheReceiverWantsIsTold() {
    time.receiver.kinds = [.late]
    let states = [NoticeSamples.key(.late): NoticeState.on(), NoticeSamples.key(.down): .on()]
    _ = time.look(0, states)
    #expect(time.look(300, states) == ["began late"])
    // No longer wanted: neither is its end.
    time.receiver.kinds = [.down]
    #expect(time.look(301, states) == [])
    #expect(time.look(601, states) == ["began down"])
    // It is there no more: nobody wants to know that either.
    #expect(time.look(602, [NoticeSamples.key(.down): .on()]) == [])
  }

  @Test mutating func whatIsNoLongerConfiguredHasEnded() throws {
    _ = time.look(0, .down, .on(since: .second(-300)))
    let change = try #require(time.changes(5, [:]).first)
    #expect(change.phase == .ended && change.detail == NoticeRules.isGone)
    #expect(time.look(6, [:]) == [])
  }

  @Test mutating func anEndFromBeforeTheBeginningIsNone() {
    _ = time.look(300, .quiet, .on(since: .second(0)))
    for second in [301, 400, 500] { #expect(time.look(second, .quiet, .off(since: .second(-5))) == []) }
    _ = time.look(600, .quiet, .off(since: .second(590)))
    #expect(time.look(660, .quiet, .off(since: .second(590))) == ["ended quiet"])
  }

  @Test mutating func statesOfSeveralThingsAreToldEachByItself() {
    let bi = NoticeSamples.key(.down, .destination("bi"))
    let crm = NoticeSamples.key(.down)
    let states = [crm: NoticeState.on(since: .second(-300)), bi: .on(since: .second(-300))]
    #expect(time.changes(0, states).map(\.key) == [bi, crm])
    _ = time.look(10, [crm: .off, bi: .on()])
    #expect(time.changes(70, [crm: .off, bi: .on()]).map(\.key) == [crm])
  }

  @Test mutating func thereIsABoundToWhatIsOpenAtOnce() {
    let states = Dictionary(
      uniqueKeysWithValues: (0..<200).map {
        (NoticeSamples.key(.down, .destination("d\($0)")), NoticeState.on(since: .second(-300)))
      })
    #expect(time.changes(0, states).count == NoticeRules.maxOpen)
    #expect(time.changes(1, states).isEmpty)
  }
}
