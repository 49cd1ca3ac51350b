import RelayCore
import RelayTestSupport
import RelayThreads
import Testing

@testable import RelaySQLite

/// Nobody waits for more than the others' present step.
@Suite(.timeLimit(.minutes(15)))
struct FairnessTests {
  private let home: SQLiteHome
  private let store: any DeliveryStore
  private let make = TestEnvelopes()

  init() async throws {
    home = try SQLiteHome()
    store = try home.open(clock: ManualClock(), duplicateLimit: 100)
    try await store.configure(.test)
  }

  @Test func anEnvelopeDoesNotWaitForAllReadsThatCameBefore() async throws {
    // Held ones make a claim long: it passes over them.
    _ = try await store.stored(make.envelope(events: 4_000))
    let gate = Gate()
    gate.hold(store)
    let order = Locked<[String]>([])
    let (store, make) = (store, make)
    let appended = Promise<Void>("the answer to an append")
    let claims = (0..<4_000).map { number in
      let promise = Promise<Void>("the answer to claim \(number)")
      store.claim(ClaimRequest(destination: "crm", kind: .fresh, now: .second(0), limit: 9, byteLimit: .max))
      { _ in
        order.withLock { $0.append("claim \(number)") }
        if number == 0 {
          store.append(make.envelope(to: ["bi"])) { _ in
            order.withLock { $0.append("append") }
            appended.keep(())
          }
        }
        promise.keep(())
      }
      return promise
    }
    gate.open()
    for claim in claims { await claim.value }
    await appended.value
    let seen = order.withLock { $0 }
    #expect(seen.last != "append")
    // In the order of the calls all the same.
    #expect(seen.filter { $0 != "append" } == (0..<4_000).map { "claim \($0)" })
    store.close()
  }

  @Test func envelopesAndClaimsGoOnBetweenTheStepsOfALongChange() async throws {
    let held = try await store.stored(make.envelope(events: 4_000))
    store.release(held.map(\.id))
    let gate = Gate()
    gate.hold(store)
    let changed = store.posted(.discard, .filter(DeliveryFilter()))
    let rounds = Rounds(store) { changed.isKept }
    gate.open()
    await rounds.end.value
    #expect(await changed.value == ChangeOutcome(changed: 4_000))
    // It takes eight steps, and a round two turns.
    #expect(rounds.count.withLock { $0 } >= 3)
    store.close()
  }

  @Test func longWorkIsDoneInTheOrderOfTheCalls() async throws {
    let held = try await store.stored(make.envelope(events: 1_100))
    store.release(held.map(\.id))
    let order = Locked<[Int]>([])
    let done = Promise<Void>("the end of the last")
    for (number, ordering) in [Ordering.chat, .destination, .none].enumerated() {
      store.reorder("crm", by: ordering) { _ in order.withLock { $0.append(number) } }
    }
    store.change(.discard, .filter(DeliveryFilter()), of: "crm") { made, _ in
      order.withLock { $0.append(made.changed) }
      done.keep(())
    }
    await done.value
    #expect(order.withLock { $0 } == [0, 1, 2, 1_100])
    store.close()
  }
}

/// An envelope, then a claim, then an envelope, each asked for with the other's answer, on the store's thread.
private final class Rounds: Sendable {
  let count = Locked(0)
  let end = Promise<Void>("the end of the rounds")
  private let store: any DeliveryStore
  private let make = TestEnvelopes()
  private let isOver: @Sendable () -> Bool

  init(_ store: any DeliveryStore, until isOver: @escaping @Sendable () -> Bool) {
    self.store = store
    self.isOver = isOver
    next()
  }

  private func next() {
    store.append(make.envelope(to: ["audit"])) { _ in
      let request = ClaimRequest(destination: "bi", kind: .fresh, now: .second(0), limit: 1, byteLimit: .max)
      self.store.claim(request) { _ in
        if self.isOver() { return self.end.keep(()) }
        self.count.withLock { $0 += 1 }
        self.next()
      }
    }
  }
}
