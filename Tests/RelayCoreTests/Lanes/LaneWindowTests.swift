import Testing

@testable import RelayCore

/// What a lane's window takes, and what it asks the store for.
@Suite struct LaneWindowTests {
  private let now = LaneKit.now

  private func claim(_ ids: [Int64], isExhausted: Bool, _ kind: ClaimRequest.Kind = .fresh) -> Claim {
    Claim(
      destination: "d", kind: kind,
      deliveries: ids.map { Made.delivery($0, attempts: kind == .fresh ? 0 : 1) },
      isExhausted: isExhausted)
  }

  /// Nothing is in it, and nothing in the store.
  private func emptyWindow(deliveries: Int = 16) -> LaneWindow {
    var window = LaneWindow(size: WindowSize(deliveries: deliveries, bytes: 64 << 20))
    while let wish = window.nextWish(now: now, lacksTriable: false) {
      _ = window.claimed(claim([], isExhausted: true, wish.kind), now: now)
    }
    return window
  }

  @Test func arrivalsAreReadyUntilItsPartIsFullAndThenTheStoreHasThem() {
    var window = emptyWindow(deliveries: 4)
    #expect((1...4).map { window.arrived(Made.delivery($0)) } == [.ready, .ready, .ready, .returned])
    #expect(!window.holdsAllFresh)
    #expect(window.arrived(Made.delivery(5)) == .returned, "behind that which went back")
  }

  @Test func whatArrivesDuringAClaimWaitsForItsAnswer() {
    for isExhausted in [true, false] {
      var window = LaneWindow(size: WindowSize(deliveries: 64, bytes: 64 << 20))
      #expect(window.nextWish(now: now, lacksTriable: false)?.kind == .fresh)
      #expect(window.isClaiming)
      #expect(window.arrived(Made.delivery(9)) == .waiting)
      #expect(!window.fresh.hasReady && !window.holdsAllFresh)
      let returned = window.claimed(claim([7, 8], isExhausted: isExhausted), now: now)
      #expect(returned.map(\.rawValue) == (isExhausted ? [] : [9]))
      #expect(window.fresh.deliveries.map(\.id.rawValue) == (isExhausted ? [7, 8, 9] : [7, 8]))
      #expect(window.arrivedDuringClaim.isEmpty && window.holdsAllFresh == isExhausted)
    }
  }

  /// It arrived before others that the store has kept since something was given back.
  @Test func whatArrivedDuringAClaimGoesBeforeTheNewerOnesThatTheClaimBrings() {
    for isExhausted in [true, false] {
      var window = LaneWindow(size: WindowSize(deliveries: 64, bytes: 64 << 20))
      #expect(window.nextWish(now: now, lacksTriable: false)?.kind == .fresh)
      for id: Int64 in [6, 9] { #expect(window.arrived(Made.delivery(id)) == .waiting) }
      let returned = window.claimed(claim([5, 7, 8], isExhausted: isExhausted), now: now)
      #expect(returned.map(\.rawValue) == (isExhausted ? [] : [9]))
      #expect(window.fresh.deliveries.map(\.id.rawValue) == [5, 6, 7, 8] + (isExhausted ? [9] : []))
    }
  }

  @Test func whatAClaimBringsGoesBackWhereWhatArrivedBeforeItHasTakenTheRoom() {
    var window = LaneWindow(size: WindowSize(deliveries: 16, bytes: 64 << 20))
    #expect(window.nextWish(now: now, lacksTriable: false)?.limit == 12)
    #expect(window.arrived(Made.delivery(2)) == .waiting)
    let returned = window.claimed(claim([1] + Array(3...13), isExhausted: false), now: now)
    #expect(returned.map(\.rawValue) == [13])
    #expect(window.fresh.deliveries.map(\.id.rawValue) == Array(1...12))
    #expect(!window.holdsAllFresh)
  }

  @Test func whatAClaimBringsGoesBackBehindWhatWentBackMeanwhile() {
    var window = LaneWindow(size: WindowSize(deliveries: 8, bytes: 64 << 20))
    #expect(window.nextWish(now: now, lacksTriable: false)?.kind == .fresh)
    #expect((2...3).map { window.arrived(Made.delivery($0)) } == [.waiting, .returned])
    let returned = window.claimed(claim([1, 4], isExhausted: true), now: now)
    #expect(returned.map(\.rawValue) == [4])
    #expect(window.fresh.deliveries.map(\.id.rawValue) == [1, 2])
    #expect(!window.holdsAllFresh)
  }

  @Test func whatFallsDueInTheStoreIsAskedForThen() {
    var window = emptyWindow()
    #expect(window.claimsFrom(lacksTriable: false) == nil)
    window.becomesDue(at: .tick(150))
    window.becomesDue(at: .tick(140))
    #expect(window.claimsFrom(lacksTriable: false) == .tick(140))
    #expect(window.nextWish(now: .tick(139), lacksTriable: false) == nil)
    #expect(window.nextWish(now: .tick(140), lacksTriable: false)?.kind == .retrying)
    #expect(window.nextWish(now: .tick(200), lacksTriable: false) == nil, "one at a time")
  }

  @Test func whatItGivesUpIsAllThatItHolds() {
    var window = emptyWindow()
    for id: Int64 in 1...2 { _ = window.arrived(Made.delivery(id)) }
    _ = window.promoted(Made.delivery(3, attempts: 1), now: now, latestDue: .distantFuture)
    window.storeMayHaveMore(.fresh)
    #expect(window.nextWish(now: now, lacksTriable: false) != nil)
    #expect(window.arrived(Made.delivery(4)) == .waiting, "the store may have older ones")
    #expect(window.giveUp().map(\.rawValue).sorted() == [1, 2, 3, 4])
    #expect(window.fresh.isEmpty && window.retrying.isEmpty && window.arrivedDuringClaim.isEmpty)
  }

  @Test func itLooksBeyondItselfOnlyWhenItIsFullOfWhatCannotBeTried() {
    var window = emptyWindow(deliveries: 16)
    for id: Int64 in 1...13 { _ = window.arrived(Made.delivery(id)) }
    #expect(window.nextWish(now: now, lacksTriable: false) == nil)
    let wish = window.nextWish(now: now, lacksTriable: true)
    #expect(wish?.after == DeliveryID(rawValue: 1) && wish?.kind == .fresh)
    #expect(window.isClaiming)
    let found = Claim(
      destination: "d", kind: .fresh, deliveries: [Made.delivery(20)], isExhausted: true, isBeyond: true)
    #expect(window.lookedBeyond(found, Circuit(), takesDeliveries: false, now: now).map(\.rawValue) == [20])
    #expect(!window.isClaiming)
  }
}
