import Testing

@testable import RelayCore

/// A destination that takes some kinds of events and refuses others.
@Suite struct RefusedKindTests {
  private func destination(
    concurrency: Int = 16, ordering: Ordering = .none, change: (inout Destination) -> Void = { _ in }
  ) -> Destination {
    var destination = Made.destination("a", concurrency: concurrency)
    destination.ordering = ordering
    destination.retry.jitter = 0
    change(&destination)
    return destination
  }

  static let refusals: [AttemptResult] =
    [404, 403, 401, 302, 421, 429, 500, 503, 600].map { Made.result($0) }
    + [Made.failure(.timeout), Made.failure(.reset)]

  /// How late the good ones came that were posted every second after so many refused ones.
  private func lateness(
    _ refusal: AttemptResult, ordering: Ordering = .none, refused: Int, good: Int, between: Int = 0,
    concurrency: Int = 16, slow: Duration = .milliseconds(5)
  ) -> (worst: Duration, play: Play) {
    let time: Duration = refusal == Made.failure(.timeout) ? .seconds(2) : slow
    var play = Play([destination(concurrency: concurrency, ordering: ordering)]) { delivery, _ in
      delivery.event.type == "refused" ? (refusal, time) : (Made.result(200), .milliseconds(5))
    }
    for chat in 0..<refused { play.post(1, to: "a", chat: "r\(chat)", kind: "refused") }
    var posted: [Int64: Timestamp] = [:]
    for place in 0..<good {
      if place < between { play.post(1, to: "a", chat: "b\(place)", kind: "refused") }
      play.run(for: .seconds(1))
      posted[Int64(play.store.model.rows.count) + 1] = play.now
      play.post(1, to: "a", chat: "g\(place)", kind: "good")
    }
    play.run(for: .seconds(30))
    let starts = Dictionary(play.starts["a"]!.map { ($0.id, $0.at) }) { first, _ in first }
    return (posted.map { $1.duration(to: starts[$0] ?? play.now) }.max()!, play)
  }

  @Test(arguments: refusals, [Ordering.none, .chat])
  func othersAreNotHeldForARefusedKind(refusal: AttemptResult, ordering: Ordering) {
    for (refused, between) in [(20, 0), (3, 20), (200, 0)] {
      let (worst, play) = lateness(refusal, ordering: ordering, refused: refused, good: 20, between: between)
      #expect(worst <= .seconds(2), "\(refused) and \(between): \(worst)")
      #expect(
        play.deliveries(of: "a").filter { $0.delivery.event.type == "good" }.allSatisfy {
          $0.state == .delivered
        })
    }
  }

  /// Kinds that come up new and are refused open it again and again; what it takes goes on.
  @Test(arguments: [Ordering.none, .chat])
  func whatWasServedIsTriedBeforeWhatNothingIsKnownOf(ordering: Ordering) {
    var play = Play([destination(ordering: ordering)]) { delivery, _ in
      (Made.result(delivery.event.type == "good" ? 200 : 403), .milliseconds(5))
    }
    for chat in 0..<20 { play.post(1, to: "a", chat: "g\(chat)", kind: "good") }
    play.run(for: .seconds(5))
    for number in 0..<60 { play.post(1, to: "a", chat: "r\(number)", kind: "refused \(number)") }
    var posted: [Int64: Timestamp] = [:]
    for chat in 20..<40 {
      posted[Int64(play.store.model.rows.count) + 1] = play.now
      play.post(1, to: "a", chat: "g\(chat)", kind: "good")
      play.run(for: .seconds(1))
    }
    play.run(for: .seconds(5))
    let starts = Dictionary(play.starts["a"]!.map { ($0.id, $0.at) }) { first, _ in first }
    let worst = posted.map { $1.duration(to: starts[$0] ?? play.now) }.max()!
    #expect(worst <= .seconds(2), "\(worst)")
  }

  @Test func theCircuitDoesNotOpenAgainWhileOthersSucceed() {
    for refusal in Self.refusals {
      let (_, play) = lateness(refusal, refused: 20, good: 60, between: 60)
      let openings = (play.circuitChanges["a"] ?? []).count { if case .opened = $0 { true } else { false } }
      #expect(openings == 1, "after \(refusal)")
    }
  }

  @Test func refusedOnesGoOnByTheirOwnDelaysAndDoNotOutliveMaxAge() {
    var play = Play([
      destination {
        $0.retry.maxAge = .seconds(100)
        $0.retry.maxDelay = .seconds(16)
      }
    ]) { delivery, _ in
      (Made.result(delivery.event.type == "refused" ? 404 : 200), .milliseconds(5))
    }
    play.post(12, to: "a", kind: "refused")
    play.run(for: .seconds(1))
    play.post(1, to: "a", kind: "good")
    play.run(for: .seconds(122))
    #expect(play.count(.dead(.expired), of: "a") == 12)
    let attempts = play.starts["a"]!.count { $0.id == 1 }
    #expect(attempts == 11, "after some 0, 1, 3, 7, 15, 31, 47, 63, 79, 95 and 111 s")
  }

  @Test func refusedOnesCountTowardMaxAttempts() {
    var play = Play([destination { $0.retry.maxAttempts = 3 }]) { delivery, _ in
      (Made.result(delivery.event.type == "refused" ? 404 : 200), .milliseconds(5))
    }
    play.post(12, to: "a", kind: "refused")
    play.run(for: .seconds(1))
    play.post(1, to: "a", kind: "good")
    play.run(for: .seconds(20))
    #expect(play.count(.dead(.exhausted), of: "a") == 12)
  }

  @Test func anOutageOfAllKindsIsStillAnOutageAndTriesEachKindOnce() {
    let end = Timestamp.tick(1_300)
    var play = Play([destination()]) { _, now in (Made.result(now < end ? 503 : 200), .milliseconds(5)) }
    for round in 0..<300 {
      play.post(1, to: "a", kind: "\(round % 20)")
      play.run(for: .seconds(1))
    }
    let attempts = play.starts["a"]!.count
    #expect(attempts <= 300 / 10 + 20 + 16, "\(attempts) attempts")
    #expect(play.deliveries(of: "a").allSatisfy { $0.delivery.countedAttempts <= 5 })
    play.run(for: .seconds(12))
    #expect(play.count(.delivered, of: "a") == 300)
    #expect(play.dispatcher.snapshot(now: play.now)[0].refusedKindCount == 0)
  }

  @Test func anOutageWhileAKindIsRefusedOpensTheCircuit() {
    let begin = Timestamp.tick(1_100)
    var play = Play([destination()]) { delivery, now in
      let refuses = now >= begin || delivery.event.type == "refused"
      return (Made.result(refuses ? 503 : 200), .milliseconds(5))
    }
    for round in 0..<200 {
      play.post(1, to: "a", kind: round % 3 == 0 ? "refused" : "good")
      play.run(for: .seconds(1))
    }
    #expect(play.dispatcher.lanes["a"]!.circuit.isOpen)
  }

  @Test func aKindThatIsTakenAgainIsFoundHoweverManyOfAnotherWait() {
    // Everything fails for a minute; after that all but one kind is taken.
    let end = Timestamp.tick(1_060)
    var play = Play([destination()]) { delivery, now in
      let fails = now < end || delivery.event.type == "refused"
      return (Made.result(fails ? 503 : 200), .milliseconds(5))
    }
    play.post(400, to: "a", kind: "refused")
    play.post(10, to: "a", kind: "good")
    play.run(for: .seconds(59))
    #expect(play.count(.delivered, of: "a") == 0)
    play.run(for: .seconds(25))
    #expect(play.count(.delivered, of: "a") == 10)
  }

  @Test func manyThatHangLeaveSlotsToOthers() {
    var play = Play([destination(concurrency: 8)]) { delivery, _ in
      delivery.event.type == "refused"
        ? (Made.failure(.timeout), .seconds(10)) : (Made.result(200), .milliseconds(5))
    }
    for _ in 0..<100 {
      play.post(20, to: "a", kind: "refused")
      play.run(for: .milliseconds(500))
      play.post(1, to: "a", kind: "good")
      play.run(for: .milliseconds(500))
    }
    // The first five that time out cost a timeout, and so do those that are in flight then.
    let late = play.deliveries(of: "a").filter { $0.delivery.event.type == "good" && $0.state != .delivered }
    #expect(late.count <= 1, "\(late.count) of 100")
    let starts = play.starts["a"]!
    let hanging = starts.filter {
      play.store.model.rows[DeliveryID(rawValue: $0.id)]!.delivery.event.type == "refused"
    }
    #expect(hanging.count > 20 && hanging.count < 100, "\(hanging.count) of theirs")
  }

  /// A window holds twelve of these.
  @Test(arguments: [Made.result(404), Made.failure(.timeout)])
  func othersAreFoundBehindAWindowFullOfRefusedOnes(refusal: AttemptResult) {
    let time: Duration = refusal == Made.failure(.timeout) ? .seconds(10) : .milliseconds(5)
    var play = Play([destination(concurrency: 4)]) { delivery, _ in
      delivery.event.type == "refused" ? (refusal, time) : (Made.result(200), .milliseconds(5))
    }
    play.post(60, to: "a", kind: "refused", bytes: 4 << 20)
    play.post(10, to: "a", kind: "good")
    play.post(10, to: "a", kind: "also good")
    // The first five time out one after another; then the store is looked through, two of the large ones at a time.
    play.run(for: .seconds(28))
    #expect(play.count(.delivered, of: "a") == 20)
    play.post(10, to: "a", kind: "good")
    play.run(for: .seconds(3))
    #expect(play.count(.delivered, of: "a") == 30)
  }

  /// Refused ones fill the window before everything fails for some minutes.
  @Test(arguments: [Made.result(503), Made.failure(.connectionRefused), Made.failure(.timeout)])
  func whatCameDuringAnOutageIsFoundBehindAWindowFullOfRefusedOnes(outage: AttemptResult) {
    let (begin, end) = (Timestamp.tick(1_100), Timestamp.tick(1_400))
    var play = Play([destination(concurrency: 4)]) { delivery, now in
      if delivery.event.type == "refused" { return (Made.failure(.timeout), .seconds(10)) }
      return (now < begin || now >= end ? Made.result(200) : outage, .milliseconds(5))
    }
    play.post(60, to: "a", kind: "refused", bytes: 4 << 20)
    play.post(1, to: "a", kind: "good")
    play.run(for: .seconds(100))
    #expect(play.count(.delivered, of: "a") == 1, "the refused ones are known")
    var good: [Int64] = []
    for round in 0..<300 {
      good.append(Int64(play.store.model.rows.count) + 1)
      play.post(1, to: "a", kind: round % 2 == 0 ? "good" : "also good", bytes: round % 9 == 0 ? 1 << 20 : 0)
      play.run(for: .seconds(1))
    }
    #expect(play.dispatcher.lanes["a"]!.circuit.isOpen)
    // Ten seconds to the next probe, and some in which the store is looked through.
    play.run(for: .seconds(40))
    let late = play.deliveries(of: "a").filter { $0.delivery.event.type != "refused" && $0.state == .fresh }
    #expect(late.map(\.id) == [], "found in the store")
    let starts = play.starts["a"]!.filter { $0.at >= end && good.contains($0.id) }
    let first = Dictionary(starts.map { ($0.id, $0.at) }, uniquingKeysWith: min)
    let inOrder = good.compactMap { first[$0] }.dropFirst(8)
    #expect(zip(inOrder, inOrder.dropFirst()).allSatisfy { $0 <= $1 }, "in order of arrival")
  }

  /// Of the other kind the window holds but one at a time, and the first of them are refused as their own fault.
  @Test func aKindIsTriedOnThoughItsFirstOnesAreToBlameThemselves() {
    var play = Play([destination(concurrency: 4)]) { delivery, _ in
      switch delivery.event.type {
      case "refused": (Made.result(503), .milliseconds(5))
      case "wrong": (Made.result(422), .milliseconds(5))
      default: (Made.result(200), .milliseconds(5))
      }
    }
    play.post(60, to: "a", kind: "refused", bytes: 4 << 20)
    play.post(5, to: "a", kind: "wrong")
    play.run(for: .seconds(60))
    #expect(play.count(.dead(.permanent), of: "a") == 5)
  }

  @Test func whatWasFoundToBeTriedIsFoundAgainAfterAHold() {
    // Three of the refused kind opened the circuit; the window is full of it.
    var lane = LaneKit.lane(deliveries: 16) { $0.circuit.failures = 3 }
    for id in 1...3 as ClosedRange<Int64> { _ = lane.arrived(Made.delivery(id, kind: "refused")) }
    #expect(lane.start() == [1, 2, 3])
    for id in 1...3 as ClosedRange<Int64> { lane.finish(id, 503) }
    let refused = (10...21 as ClosedRange<Int64>).map { Made.delivery($0, kind: "refused") }
    func look(at time: Timestamp) -> DeliveryID? {
      var request = lane.nextClaim(now: time)
      if let retries = request, retries.kind == .retrying {
        lane.claimed(LaneKit.answer(retries), now: time)
        _ = lane.start(at: time)
        request = lane.nextClaim(now: time)
      }
      guard let request else { return nil }
      let found = request.after!.rawValue < 30 ? [Made.delivery(30, kind: "good")] : []
      lane.claimed(
        Claim(
          destination: "d", kind: .fresh, deliveries: found, isExhausted: true, isBeyond: true), now: time)
      return request.after
    }
    for delivery in refused { #expect(lane.arrived(delivery) == []) }
    #expect(lane.arrived(Made.delivery(22, kind: "refused")) != [], "the store has more")
    #expect(lane.start() == [])
    #expect(look(at: .tick(101)) == DeliveryID(rawValue: 10))
    #expect(lane.hold().count == 13)
    lane.resume()
    let request = lane.nextClaim(now: LaneKit.now)!
    lane.claimed(
      Claim(destination: "d", kind: request.kind, deliveries: refused, isExhausted: false), now: LaneKit.now)
    #expect(lane.start(at: .tick(102)) == [])
    #expect(look(at: .tick(103)) == DeliveryID(rawValue: 10), "the good one has gone back")
    #expect(lane.start(at: .tick(103)) == [30])
  }

  /// A receiver that comes back, and finds fault with what it is tried with.
  @Test func anAnswerThatBlamesAnEventSaysThatSomebodyIsThere() {
    let end = Timestamp.tick(1_060)
    var play = Play([destination()]) { delivery, now in
      guard now >= end else { return (Made.failure(.connectionRefused), .milliseconds(5)) }
      return (Made.result(delivery.event.type == "wrong" ? 400 : 200), .milliseconds(5))
    }
    play.post(20, to: "a", kind: "wrong")
    play.post(1, to: "a", kind: "good")
    play.run(for: .seconds(60))
    // A probe is due just now; then one of another kind is tried, long before the next probe.
    play.run(for: .seconds(3))
    #expect(play.count(.delivered, of: "a") == 1)
  }

  @Test func aHoldHoldsTrialsToo() {
    var play = Play([destination()]) { delivery, _ in
      delivery.event.type == "refused"
        ? (Made.result(503, retryAfter: .seconds(30)), .milliseconds(5))
        : (Made.result(200), .milliseconds(5))
    }
    play.post(12, to: "a", kind: "refused")
    play.run(for: .seconds(1))
    play.post(1, to: "a", kind: "good")
    play.run(for: .seconds(28))
    #expect(play.count(.delivered, of: "a") == 0)
    play.run(for: .seconds(2))
    #expect(play.count(.delivered, of: "a") == 1)
  }

  @Test func aKindThatDoesNotFitInTheTableWaitsForProbes() {
    var circuit = Circuit()
    let destination = destination { $0.circuit.failures = 1 }
    for id in 1...Int64(KindTable.maxKinds) {
      _ = circuit.finished(
        Made.delivery(id, kind: "\(id)"), .destination, isAlone: false, at: LaneKit.now, of: destination)
      if id == 7 { #expect(circuit.allows(Made.delivery(8, kind: "8"))) }
    }
    #expect(circuit.failed.count == KindTable.maxKinds)
    #expect(!circuit.allows(Made.delivery(9_999, kind: "another")))
    _ = circuit.finished(
      Made.delivery(9_999, kind: "another"), .destination, isAlone: false, at: LaneKit.now, of: destination)
    #expect(circuit.failed.count == KindTable.maxKinds)
  }

  @Test func kindsAreToldApartByTypeCompanyAndChannelAndTakeLittleMemory() {
    let kinds = [
      EventKind(type: "a"), EventKind(type: "a", company: "1"),
      EventKind(type: "a", company: "1", channel: "x"),
      EventKind(type: "a", channel: "x"), EventKind(type: "b", company: "1", channel: "x"),
    ]
    #expect(Set(kinds).count == 5)
    let long = String(repeating: "é", count: 1 << 20)
    #expect(EventKind(type: long).type.utf8.count <= 130)
  }
}
