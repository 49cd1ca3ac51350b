import Testing

@testable import RelayCore

/// What becomes of a destination, and of the others, when one is in trouble.
@Suite struct OutageTests {
  private func destination(_ name: String, concurrency: Int = 8, ordering: Ordering = .none) -> Destination {
    var destination = Made.destination(name, concurrency: concurrency)
    destination.circuit.failures = 5
    destination.circuit.probeEvery = .seconds(10)
    destination.retry.jitter = 0
    destination.ordering = ordering
    return destination
  }

  @Test(arguments: Made.Trouble.allCases, Ordering.allCases)
  func anOutageCostsFewAttemptsAndTheBacklogDrainsAtOnceWhenItIsOver(
    trouble: Made.Trouble, ordering: Ordering
  ) {
    let end = Timestamp.tick(1_600)
    var play = Play([destination("a", ordering: ordering)]) { _, now in
      now < end ? (trouble.result, .milliseconds(5)) : (Made.result(200), .milliseconds(5))
    }
    for chat in 0..<600 {
      play.post(1, to: "a", chat: "\(chat % 40)")
      play.run(for: .seconds(1))
    }
    let attempts = (play.starts["a"] ?? []).count
    #expect(attempts <= 600 / 10 + 5 + 8, "\(attempts) attempts")
    #expect(attempts > 600 / 10 - 10, "\(attempts) attempts: it was looked after")
    #expect(
      play.deliveries(of: "a").allSatisfy { $0.delivery.countedAttempts <= 5 }, "probes count for nothing")
    // Ten seconds to the next probe, then eight at a time, 5 ms each; one at a time where the order asks for it.
    play.run(for: .seconds(10) + .milliseconds(5) * (ordering == .destination ? 610 : 600 / 8 + 100))
    #expect(play.count(.delivered, of: "a") == 600)
    #expect((play.circuitChanges["a"] ?? []).suffix(2) == [.recovering, .closed])
  }

  @Test func aDestinationThatIsBackIsNotRushed() {
    let end = Timestamp.tick(1_100)
    var play = Play([destination("a", concurrency: 16)]) { _, now in
      now < end ? (Made.failure(.connectionRefused), .milliseconds(1)) : (Made.result(200), .seconds(1))
    }
    play.post(200, to: "a")
    play.run(for: .seconds(130))
    let after = (play.starts["a"] ?? []).filter { $0.at >= end }
    let waves = Dictionary(grouping: after, by: \.at.seconds).sorted { $0.key < $1.key }.map(\.value.count)
    #expect(waves.prefix(6) == [1, 1, 2, 4, 8, 16])
  }

  @Test(arguments: Ordering.allCases.filter { $0 != .destination })
  func onePoisonousEventNeverOpensTheCircuitAndTheGoodOnesFlow(ordering: Ordering) {
    var play = Play([destination("a", concurrency: 2, ordering: ordering)]) { delivery, _ in
      (Made.result(delivery.id.rawValue == 3 ? 500 : 200), .milliseconds(5))
    }
    for id in 1...400 {
      play.post(1, to: "a", chat: id == 3 ? "poisoned" : "\(id % 7)")
      play.run(for: .milliseconds(500))
      let late = play.deliveries(of: "a").filter { $0.state != .delivered }.map(\.id.rawValue)
      guard late == (id < 3 ? [] : [3]) else {
        Issue.record("\(late) are late")
        return
      }
    }
    #expect(play.circuitChanges.isEmpty)
    #expect((play.starts["a"] ?? []).filter { $0.id == 3 }.count >= 8)
  }

  @Test func thePoisonousEventsOwnKeyWaitsForItAndNoOther() {
    var play = Play([destination("a", concurrency: 2, ordering: .chat)]) { delivery, _ in
      (Made.result(delivery.id.rawValue == 1 ? 500 : 200), .milliseconds(5))
    }
    play.post(50, to: "a", chat: "poisoned")
    play.post(50, to: "a", chat: "other")
    play.run(for: .seconds(60))
    #expect((play.starts["a"] ?? []).filter { $0.id <= 50 }.allSatisfy { $0.id == 1 })
    #expect(play.count(.delivered, of: "a") == 50)
    // There was nothing else to try for a while; what comes then does not wait for a probe.
    #expect((play.circuitChanges["a"] ?? []) == [.opened(failure: "status 500")])
    play.post(1, to: "a", chat: "new")
    #expect(play.starts["a"]!.last?.id == 101)
  }

  @Test(arguments: [Made.Trouble.unavailable, .hangs, .unauthorized], [Ordering.destination, .chat])
  func anOutageOfAnOrderedDestinationCostsOneDeadLetterInEachMaxAge(trouble: Made.Trouble, ordering: Ordering)
  {
    var ordered = destination("a", ordering: ordering)
    ordered.retry.maxDelay = .seconds(3)
    ordered.retry.maxAge = .seconds(60)
    var play = Play([ordered]) { _, _ in (trouble.result, .milliseconds(700)) }
    for id in 0..<30 { play.post(1, to: "a", chat: "\(id % 3)") }
    var dead: [Int] = []
    for _ in 0..<10 {
      play.run(for: .seconds(60))
      dead.append(play.count(.dead(.expired), of: "a"))
    }
    #expect(play.dispatcher.lanes["a"]!.circuit.isOpen)
    #expect(dead.last! <= 10 && dead.last! >= 7, "\(dead)")
    #expect(zip(dead, dead.dropFirst()).allSatisfy { $1 - $0 <= 1 }, "\(dead)")
    let status = play.dispatcher.snapshot(now: play.now)[0]
    let pending = play.deliveries(of: "a").filter(\.isPending).map(\.id)
    #expect(status.stuckHead.map { pending.prefix(3).contains($0.delivery) } == true)
  }

  @Test func theStatusSaysSinceWhenEveryAttemptFails() {
    var play = Play([destination("a", ordering: .destination)]) { delivery, now in
      (now < .tick(1_020) ? Made.result(503) : Made.result(200), .milliseconds(5))
    }
    play.post(1, to: "a")
    play.run(for: .seconds(4))
    var status = play.dispatcher.snapshot(now: play.now)[0]
    #expect(status.circuit == .closed && status.failures == 3)
    #expect(status.failingSince == .millisecond(1_000_005))
    #expect(status.stuckHead?.delivery == DeliveryID(rawValue: 1))
    play.run(for: .seconds(40))
    status = play.dispatcher.snapshot(now: play.now)[0]
    #expect(status.failingSince == nil && status.stuckHead == nil && status.failures == 0)
  }

  @Test func oneThatAnEventIsToBlameForIsNoOutageAndManyAre() {
    var play = Play([destination("a")]) { _, _ in (Made.result(422), .milliseconds(5)) }
    play.post(1, to: "a")
    play.run(for: .seconds(1))
    #expect(play.dispatcher.snapshot(now: play.now)[0].failingSince == nil)
    play.post(4, to: "a")
    play.run(for: .seconds(1))
    #expect(play.dispatcher.snapshot(now: play.now)[0].failingSince != nil)
  }

  @Test func anOrderedBacklogGoesOutInOrder() {
    let end = Timestamp.tick(1_200)
    var play = Play([destination("a", ordering: .chat)]) { delivery, now in
      let time = Duration.milliseconds(delivery.id.rawValue * 7 % 20)
      return now < end ? (Made.failure(.timeout), time) : (Made.result(200), time)
    }
    for id in 1...300 { play.post(1, to: "a", chat: "\(id * id % 11)") }
    play.run(for: .seconds(220))
    let chats = Dictionary(grouping: (play.starts["a"] ?? []).filter { $0.at >= end }) { $0.id * $0.id % 11 }
    #expect(play.count(.delivered, of: "a") == 300)
    #expect(chats.values.allSatisfy { $0.map(\.id) == $0.map(\.id).sorted() })
  }

  /// Everything that the well one's lane does, beside one in such trouble.
  private func trace(
    beside trouble: Made.Trouble?, _ change: (inout Destination) -> Void
  ) -> [Play.Start] {
    var well = destination("well")
    change(&well)
    var play = Play([destination("sick"), well]) { delivery, now in
      if delivery.destination == "sick" {
        return (trouble!.result, trouble == .hangs ? .seconds(30) : .milliseconds(3))
      }
      let id = delivery.id.rawValue
      return (Made.result(id % 9 == 0 && now < .tick(1_020) ? 500 : 200), .milliseconds(2 + id * 5 % 11))
    }
    // The well one's have the same ids, with and without the sick one's before them.
    for _ in 0..<200 {
      play.post(3, to: trouble == nil ? "nowhere" : "sick")
      play.post(2, to: "well")
      play.run(for: .milliseconds(100))
    }
    play.run(for: .seconds(100))
    return (play.starts["well"] ?? [])
  }

  @Test(arguments: Made.Trouble.allCases)
  func oneLanesTroubleChangesNothingOfWhatAnotherDoes(trouble: Made.Trouble) {
    #expect(trace(beside: nil) { _ in } == trace(beside: trouble) { _ in })
    let limit: (inout Destination) -> Void = {
      $0.rate = Rate(count: 15, per: .seconds(1))
      $0.concurrency = 3
    }
    #expect(trace(beside: nil, limit) == trace(beside: trouble, limit))
    #expect(trace(beside: trouble, limit).count > 400)
  }

  @Test func aRateIsUsedInFull() {
    var limited = destination("a", concurrency: 100)
    limited.rate = Rate(count: 50, per: .seconds(1))
    var play = Play([limited]) { _, _ in (Made.result(200), .milliseconds(30)) }
    play.post(3_000, to: "a")
    play.run(for: .seconds(60))
    #expect(play.count(.delivered, of: "a") >= 2_990)
    #expect(play.mostInFlight <= 10)
  }
}
