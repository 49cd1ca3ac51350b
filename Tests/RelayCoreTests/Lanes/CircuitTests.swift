import Testing

@testable import RelayCore

@Suite struct CircuitTests {
  private let now = LaneKit.now
  private var destination = Made.destination(concurrency: 8)

  init() {
    destination.circuit.failures = 3
    destination.circuit.probeEvery = .seconds(10)
  }

  private func end(
    _ circuit: inout Circuit, _ id: Int64, _ blame: Blame, kind: String = "t", isAlone: Bool = false,
    at time: Timestamp? = nil, of other: Destination? = nil
  ) -> Bool {
    circuit.finished(
      Made.delivery(id, kind: kind), blame, isAlone: isAlone, at: time ?? now, of: other ?? destination)
  }

  private func configure(_ circuit: inout Circuit, _ destination: Destination) -> Bool {
    circuit.begunAnew(destination)
  }

  private func opened() -> Circuit {
    var circuit = Circuit()
    for id in 1...3 as ClosedRange<Int64> { _ = end(&circuit, id, .connection) }
    return circuit
  }

  private func recovering() -> Circuit {
    var circuit = opened()
    _ = end(&circuit, 4, .none)
    return circuit
  }

  @Test(arguments: [.connection, .destination] as [Blame])
  func failuresOfAsManyDeliveriesInARowOpenIt(blame: Blame) {
    var circuit = Circuit()
    #expect(!end(&circuit, 1, blame))
    #expect(!end(&circuit, 2, blame))
    #expect(circuit.state == .closed)
    #expect(end(&circuit, 3, blame))
    #expect(circuit.state == .open(since: now))
  }

  @Test func failingToConnectCountsEachTimeAlsoForOneDelivery() {
    var circuit = Circuit()
    let changes = [1, 1, 1].map { end(&circuit, $0, .connection) }
    #expect(changes == [false, false, true])
  }

  @Test func onePoisonousEventNeverOpensIt() {
    var circuit = Circuit()
    for _ in 0..<1_000 { #expect(!end(&circuit, 1, .destination)) }
    // Nor do two that are tried over and over.
    for _ in 0..<1_000 { #expect(!end(&circuit, 2, .destination)) }
    #expect(end(&circuit, 3, .destination))
  }

  @Test func aDeliveryThatCountedForItsStatusCountsAgainForAConnection() {
    var circuit = Circuit()
    #expect(!end(&circuit, 1, .destination))
    #expect(!end(&circuit, 1, .connection))
    #expect(end(&circuit, 1, .connection))
  }

  @Test(arguments: [.none, .event] as [Blame])
  func anAnswerBreaksTheRow(answer: Blame) {
    var circuit = Circuit()
    for _ in 0..<10 {
      #expect(!end(&circuit, 1, .connection))
      #expect(!end(&circuit, 2, .destination))
      #expect(!end(&circuit, 3, answer))
    }
    // The row before has been forgotten whole: 2 counts again.
    let changes = [2, 1, 4].map { end(&circuit, $0, .destination) }
    #expect(changes == [false, false, true])
  }

  @Test func whereNothingElseCanBeTriedOneDeliveryCountsAgain() {
    var circuit = Circuit()
    let changes = [1, 1, 1].map { end(&circuit, $0, .destination, isAlone: true) }
    #expect(changes == [false, false, true])
    #expect(circuit.isByHeads)
  }

  @Test func anotherHeadIsTriedWhereOneAloneHasOpenedItUntilAsManyHaveFailed() {
    var circuit = Circuit()
    for _ in 1...3 { _ = end(&circuit, 1, .destination, isAlone: true) }
    #expect(!circuit.allows(Made.delivery(1)))
    #expect(circuit.allows(Made.delivery(2)))
    _ = end(&circuit, 2, .destination)
    #expect(circuit.allows(Made.delivery(3)))
    _ = end(&circuit, 3, .destination)
    #expect(!circuit.allows(Made.delivery(4)))
  }

  @Test func trialsAreASecondApartAndOneOfAKindAtATime() {
    var circuit = Circuit()
    for id in 1...3 as ClosedRange<Int64> { _ = end(&circuit, id, .destination) }
    #expect(circuit.startsFrom == .epoch && circuit.tries(at: now), "at once")
    circuit.startedTrial(Made.delivery(4, kind: "u"), at: now)
    #expect(circuit.startsFrom == .tick(101) && !circuit.tries(at: now))
    #expect(!circuit.allows(Made.delivery(5, kind: "u")), "while one of it is under way")
    #expect(circuit.allows(Made.delivery(6, kind: "v")))
    #expect(!end(&circuit, 4, .event, kind: "u"))
    #expect(circuit.allows(Made.delivery(5, kind: "u")), "it was answered")
    #expect(!end(&circuit, 5, .destination, kind: "u"))
    #expect(!circuit.allows(Made.delivery(7, kind: "u")))
  }

  @Test func aDestinationThatCannotBeReachedHoldsEveryKind() {
    var circuit = opened()
    #expect(!circuit.allows(Made.delivery(9, kind: "u")))
    #expect(!end(&circuit, 4, .destination), "now somebody answers")
    #expect(circuit.allows(Made.delivery(9, kind: "u")))
    #expect(!end(&circuit, 9, .connection, kind: "u"))
    #expect(!circuit.allows(Made.delivery(10, kind: "v")))
  }

  /// Its kind "t" was refused, and "u" succeeded.
  private func refusing() -> Circuit {
    var circuit = Circuit()
    for id in 1...3 as ClosedRange<Int64> { _ = end(&circuit, id, .destination) }
    #expect(end(&circuit, 4, .none, kind: "u"))
    return circuit
  }

  @Test func failuresOfARefusedKindAreNoRowWhileOthersSucceed() {
    var circuit = refusing()
    #expect(circuit.refuses(Made.delivery(1)))
    for id in 1...100 as ClosedRange<Int64> { #expect(!end(&circuit, id, .destination)) }
    #expect(!end(&circuit, 101, .destination, kind: "u"))
    // Nobody succeeds now.
    #expect(!end(&circuit, 1, .destination))
    #expect(end(&circuit, 2, .destination))
  }

  @Test func aRefusedKindIsOneNoLongerWhenOneOfItSucceeds() {
    var circuit = refusing()
    #expect(!end(&circuit, 5, .none))
    #expect(!circuit.refuses(Made.delivery(1)))
    let changes = [1, 2, 3].map { end(&circuit, $0, .destination) }
    #expect(changes == [false, false, true])
  }

  @Test func aKindThatHadFailedAndSucceedsEndsTheTroubleOfAll() {
    var circuit = Circuit()
    for id in 1...3 as ClosedRange<Int64> { _ = end(&circuit, id, .destination) }
    #expect(!end(&circuit, 4, .destination, kind: "u"))
    #expect(end(&circuit, 5, .none, kind: "u"))
    #expect(circuit.refused.isEmpty)
  }

  @Test func anotherConfigurationForgetsWhatWasRefused() {
    var circuit = refusing()
    _ = configure(&circuit, destination)
    #expect(!circuit.refuses(Made.delivery(1)))
  }

  @Test func probesAreSpacedFromTheOpeningAndFromEachStart() {
    var circuit = opened()
    #expect(circuit.startsFrom == .tick(110))
    circuit.startedProbe(DeliveryID(rawValue: 9), at: .tick(113), policy: destination.circuit)
    #expect(circuit.startsFrom == nil, "one at a time")
    #expect(!end(&circuit, 8, .destination, at: .tick(114)), "one that was in flight")
    circuit.foundNothingToTry()
    #expect(circuit.startsFrom == nil)
    #expect(!end(&circuit, 9, .destination, at: .tick(115)))
    circuit.foundNothingToTry()
    #expect(circuit.startsFrom == .tick(123))
    #expect(circuit.state == .open(since: now))
  }

  @Test(arguments: [.event, .destination, .connection] as [Blame])
  func onlyASuccessEndsAnOpenCircuit(blame: Blame) {
    var circuit = opened()
    for id in 1...20 as ClosedRange<Int64> { #expect(!end(&circuit, id, blame)) }
    #expect(circuit.isOpen)
    #expect(end(&circuit, 21, .none))
    #expect(circuit.state == .recovering(limit: 1))
  }

  @Test func theLimitDoublesAfterAsManyAnswersUntilTheConcurrencyIsReached() {
    var circuit = recovering()
    var limits: [Int] = []
    for id in 0..<6 as Range<Int64> {
      limits.append(circuit.slots(of: 8))
      #expect(!end(&circuit, id, id == 2 ? .event : .none))
    }
    #expect(limits == [1, 2, 2, 4, 4, 4])
    #expect(end(&circuit, 7, .none))
    #expect(circuit.state == .closed)
    #expect(circuit.slots(of: 8) == 8)
  }

  @Test func failuresDoNotGrowTheLimit() {
    var circuit = recovering()
    #expect(!end(&circuit, 1, .destination))
    #expect(!end(&circuit, 2, .connection))
    #expect(circuit.state == .recovering(limit: 1))
  }

  @Test func aDestinationOfOneSlotNeedsNoRecovery() {
    var single = destination
    single.concurrency = 1
    var circuit = opened()
    #expect(end(&circuit, 4, .none, of: single))
    #expect(circuit.state == .closed)
  }

  @Test func aNewRowOpensARecoveringCircuitAgainAndOnePoisonousEventDoesNot() {
    var circuit = recovering()
    for _ in 0..<100 { #expect(!end(&circuit, 1, .destination)) }
    #expect(!end(&circuit, 2, .destination))
    #expect(end(&circuit, 3, .destination, at: .tick(150)))
    circuit.foundNothingToTry()
    #expect(circuit.state == .open(since: .tick(150)))
    #expect(circuit.startsFrom == .tick(160))
  }

  @Test func aProbeThatOutlastsTheOpeningIsStillTheOnlyOne() {
    var circuit = opened()
    circuit.startedProbe(DeliveryID(rawValue: 9), at: .tick(110), policy: destination.circuit)
    #expect(end(&circuit, 8, .none, at: .tick(111)))
    #expect(circuit.probe == DeliveryID(rawValue: 9))
    for id in 1...3 as ClosedRange<Int64> { _ = end(&circuit, id, .connection, at: .tick(112)) }
    #expect(circuit.isOpen && circuit.startsFrom == nil)
    #expect(!end(&circuit, 9, .destination, at: .tick(130)))
    circuit.foundNothingToTry()
    #expect(circuit.startsFrom == .tick(122))
  }

  @Test func anotherConfigurationIsTriedAtOnce() {
    var circuit = opened()
    #expect(!configure(&circuit, destination))
    #expect(circuit.isOpen && circuit.startsFrom == .epoch)
    circuit.startedProbe(DeliveryID(rawValue: 9), at: .tick(101), policy: destination.circuit)
    #expect(!end(&circuit, 9, .destination))
    circuit.foundNothingToTry()
    #expect(circuit.startsFrom == .tick(111), "and then every while again")
  }

  @Test func aRecoveringCircuitClosesWhenTheConcurrencyIsLoweredToItsLimit() {
    var circuit = recovering()
    _ = end(&circuit, 1, .none)
    #expect(circuit.state == .recovering(limit: 2))
    var lower = destination
    lower.concurrency = 3
    #expect(!configure(&circuit, lower))
    #expect(circuit.state == .recovering(limit: 2))
    lower.concurrency = 2
    #expect(configure(&circuit, lower))
    #expect(circuit.state == .closed)
  }
}
