import Testing

@testable import RelayCore

/// What stands in one request.
@Suite struct BatchTests {
  private func batch(
    _ first: Delivery, limit: Int = 100, policy: BatchPolicy = BatchPolicy(),
    suspects: Suspects = Suspects(), change: (inout Destination) -> Void = { _ in }
  ) -> Batch {
    var destination = Made.destination()
    change(&destination)
    return Batch(first, for: destination, policy, limit: limit, suspects)
  }

  private func run(_ ids: ClosedRange<Int64>, kind: (Int64) -> String = { _ in "t" }) -> Delivery {
    var first = Made.delivery(ids.lowerBound, chat: "1", kind: kind(ids.lowerBound))
    first.followers = ids.dropFirst().map { Made.delivery($0, chat: "1", kind: kind($0)) }
    return first
  }

  @Test func itEndsWithTheMostEventsOfItsPolicyOrOfItsLimit() {
    for (most, limit) in [(3, 100), (100, 3)] {
      var batch = batch(Made.delivery(1), limit: limit, policy: BatchPolicy(maxEvents: most))
      let answers = (2...4).map { batch.offer(Made.delivery(Int64($0)), Suspects()) }
      #expect(answers == [.taken, .taken, .full])
      #expect(batch.deliveries.map(\.id.rawValue) == [1, 2, 3])
    }
  }

  @Test func itEndsBeforeItsBodyIsTooLarge() {
    // {"messages":{"":[E,E]}} with two of 100 bytes.
    for (most, expected) in [(220, Batch.Answer.full), (221, .taken)] {
      var batch = batch(Made.delivery(1, bytes: 100), policy: BatchPolicy(maxEvents: 9, maxBytes: most))
      let answer = batch.offer(Made.delivery(2, bytes: 100), Suspects())
      #expect(answer == expected)
    }
  }

  @Test func anEventThatIsTooLargeForItGoesAlone() {
    var batch = batch(Made.delivery(1, bytes: 1 << 20), policy: BatchPolicy(maxEvents: 9, maxBytes: 1_024))
    let answer = batch.offer(Made.delivery(2), Suspects())
    #expect(answer == .full && batch.deliveries.count == 1)
  }

  @Test func anotherCompanyIsPassedAndALaterOneOfTheSameTaken() {
    var batch = batch(Made.delivery(1, company: "a"))
    let answers = [("b", 2), (nil, 3), ("a", 4)].map { company, id in
      batch.offer(Made.delivery(Int64(id), company: company), Suspects())
    }
    #expect(answers == [.passed, .passed, .taken])
  }

  @Test func anotherSourceOrTokenIsPassed() {
    func delivery(_ id: Int64, source: String = "a", token: String = "t") -> Delivery {
      let envelope = EnvelopeContext(source: source, receivedAt: .epoch, time: nil, token: Array(token.utf8))
      let event = Event(
        id: EventID(high: 0, low: 0), envelope: envelope, type: "t", rawType: [], company: nil, channel: nil,
        chat: nil, body: [])
      return Delivery(id: DeliveryID(rawValue: id), event: event, destination: "d", since: .epoch)
    }
    var batch = batch(delivery(1))
    let answers = [
      batch.offer(delivery(2, source: "b"), Suspects()), batch.offer(delivery(3, token: "u"), Suspects()),
      batch.offer(delivery(4), Suspects()),
    ]
    #expect(answers == [.passed, .passed, .taken])
  }

  @Test func aRunStandsInItWholeAndInOrder() {
    var batch = batch(run(1...3)) { $0.ordering = .chat }
    let answer = batch.offer(run(7...8), Suspects())
    #expect(answer == .taken && batch.deliveries.map(\.id.rawValue) == [1, 2, 3, 7, 8] && batch.left.isEmpty)
    #expect(batch.deliveries.allSatisfy { $0.followers.isEmpty })
  }

  @Test func whatOfARunHasNoRoomGoesBack() {
    var batch = batch(run(1...5), policy: BatchPolicy(maxEvents: 3)) { $0.ordering = .chat }
    let answer = batch.offer(Made.delivery(9), Suspects())
    #expect(answer == .full)
    #expect(batch.deliveries.map(\.id.rawValue) == [1, 2, 3] && batch.left.map(\.rawValue) == [4, 5])
  }

  @Test func inTheHuggyFormatARunEndsWhereItsTypeChanges() {
    let mixed = run(1...5) { $0 == 3 ? "b" : "a" }
    let huggy = batch(mixed) { $0.ordering = .chat }
    #expect(huggy.deliveries.map(\.id.rawValue) == [1, 2] && huggy.left.map(\.rawValue) == [3, 4, 5])
    let event = batch(mixed) {
      $0.ordering = .chat
      $0.format = .event
    }
    #expect(event.deliveries.count == 5 && event.left.isEmpty)
  }

  @Test func suspectsStandWithTheirOwnGroupAlone() {
    var suspects = Suspects()
    suspects.part((1...4).map { Made.delivery($0) })
    var half = batch(Made.delivery(3), suspects: suspects)
    let answers = [1, 4, 9].map { half.offer(Made.delivery($0), suspects) }
    #expect(answers == [.passed, .taken, .full])
    var others = batch(Made.delivery(9), suspects: suspects)
    let passed = others.offer(Made.delivery(1), suspects)
    #expect(passed == .passed)
  }
}

@Suite struct SuspectsTests {
  private func sizes(_ suspects: Suspects, _ ids: ClosedRange<Int64>) -> [Int?] {
    ids.map { suspects.mark(of: DeliveryID(rawValue: $0))?.size }
  }

  @Test func aBatchOfOneKindIsHalvedUntilEachIsAlone() {
    var suspects = Suspects()
    let all = (1...5).map { Made.delivery($0) }
    suspects.part(all)
    #expect(sizes(suspects, 1...5) == [3, 3, 3, 2, 2])
    suspects.part(Array(all[..<3]))
    #expect(sizes(suspects, 1...5) == [2, 2, 1, 2, 2])
    suspects.part(Array(all[..<2]))
    #expect(sizes(suspects, 1...5) == [1, 1, 1, 2, 2])
    let groups = Set((1...5).map { suspects.mark(of: DeliveryID(rawValue: $0))!.group })
    #expect(groups.count == 4)
  }

  @Test func aBatchOfSeveralKindsIsPartedByKindFirst() {
    var suspects = Suspects()
    suspects.part([
      Made.delivery(1, kind: "a"), Made.delivery(2, kind: "b"), Made.delivery(3, kind: "a"),
      Made.delivery(4, kind: "a"),
    ])
    #expect(sizes(suspects, 1...4) == [3, 1, 3, 3])
    let isParted = suspects.partByKind([Made.delivery(1, kind: "a"), Made.delivery(3, kind: "a")])
    #expect(!isParted)
  }

  @Test func itsMemoryIsBoundedAndThenWhatIsNewGoesAlone() {
    var suspects = Suspects()
    for first in stride(from: Int64(1), through: Int64(Suspects.most), by: 64) {
      suspects.part((first..<first + 64).map { Made.delivery($0) })
    }
    #expect(suspects.isFull)
    var batch = Batch(
      Made.delivery(1_000_000), for: Made.destination(), BatchPolicy(), limit: 100, suspects)
    let answer = batch.offer(Made.delivery(1_000_001), suspects)
    #expect(answer == .full)
    suspects.forget(DeliveryID(rawValue: 1))
    #expect(!suspects.isFull)
  }
}

@Suite struct BatchLimitTests {
  @Test func twoFailuresInARowHalveItAndEachFurtherOneHalvesItAgain() {
    var limit = BatchLimit()
    limit.failed(events: 50)
    #expect(limit.events == nil)
    var limits: [Int?] = []
    for size in [50, 25, 12, 6, 3] {
      limit.failed(events: size)
      limits.append(limit.events)
    }
    #expect(limits == [25, 12, 6, 3, 1])
  }

  @Test func aSuccessBetweenTwoFailuresKeepsIt() {
    var limit = BatchLimit()
    for _ in 0..<9 {
      limit.failed(events: 50)
      limit.succeeded(events: 50, of: 50)
    }
    #expect(limit.events == nil)
  }

  @Test func thoseThatWereInFlightTogetherHalveItOnce() {
    var limit = BatchLimit()
    for _ in 0..<16 { limit.failed(events: 50) }
    #expect(limit.events == 25)
  }

  @Test func successesDoubleItAndWhatFailsAgainIsTriedLessOften() {
    func successes(until limit: inout BatchLimit, _ most: Int) -> Int {
      var count = 0
      let before = limit.events
      while limit.events == before {
        limit.succeeded(events: before ?? most, of: most)
        count += 1
      }
      return count
    }
    var limit = BatchLimit()
    limit.failed(events: 64)
    limit.failed(events: 64)
    #expect(limit.events == 32)
    let first = successes(until: &limit, 100)
    #expect(limit.events == 64)
    limit.failed(events: 64)
    #expect(limit.events == 32, "one failure is enough to go back")
    let second = successes(until: &limit, 100)
    #expect(second == 2 * first)
    _ = successes(until: &limit, 100)
    #expect(limit.events == nil)
  }
}
