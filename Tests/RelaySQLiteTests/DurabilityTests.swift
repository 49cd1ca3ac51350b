import Foundation
import RelayCore
import RelaySQLite
import RelayTestSupport
import RelayThreads
import Testing

@testable import RelaySQLite

/// An answer means: it is on disk.
@Suite(.timeLimit(.minutes(15)))
struct DurabilityTests {
  private let home: SQLiteHome
  private let store: any DeliveryStore
  private let make = TestEnvelopes()

  init() async throws {
    home = try SQLiteHome()
    store = try home.open(clock: ManualClock(), duplicateLimit: 100)
    try await store.configure(.test)
  }

  @Test func whenAnAppendIsAnsweredOthersSeeItsRows() async throws {
    let envelope = make.envelope(to: ["crm", "bi"], events: 2)
    let seen = Promise<Result<[EventID], any Error>>("what others see at the answer")
    let path = home.path
    store.append(envelope) { _ in
      seen.keep(Result { try StoreReader(path: path).deliveries().map(\.event) })
    }
    let first = envelope.firstEventID
    #expect(try await seen.value.get() == [first, first, first.advanced(by: 1), first.advanced(by: 1)])
    store.close()
  }

  @Test func whenASettlementIsAnsweredOthersSeeIt() async throws {
    let held = try await store.stored(make.envelope(events: 2))
    let seen = Promise<Result<[StoreReader.StoredDelivery], any Error>>("what others see at the answer")
    let path = home.path
    store.settle([held[0].settled(.delivered), held[1].settled(.dead(.permanent), status: 400)]) { _ in
      seen.keep(Result { try StoreReader(path: path).deliveries() })
    }
    let deliveries = try await seen.value.get()
    #expect(deliveries.map(\.state) == [.delivered, .dead])
    #expect(deliveries.map(\.reason) == [nil, .permanent])
    #expect(deliveries.map(\.lastStatus) == [200, 400])
    store.close()
  }

  @Test func beforeTheCommitNobodySeesARow() throws {
    let bench = try SessionBench()
    let reader = try StoreReader(path: bench.home.path)
    let seen = try bench.session.transactions.run { () throws(StoreError) in
      _ = try bench.session.appender.append(bench.make.envelope(), now: .second(0))
      return try reader.eventIDs()
    }
    #expect(seen.isEmpty)
    #expect(try reader.eventIDs().count == 1)
  }

  /// The files as a crash at that moment would leave them.
  @Test func whatWasAnsweredIsInTheFilesAtThatMoment() async throws {
    let copy = try SQLiteHome()
    let (from, to) = (home.path, copy.path)
    let copied = Promise<Result<Void, any Error>>("what others see at the answer")
    let held = try await store.stored(make.envelope(to: ["crm", "bi"]))
    await store.settle(held[1].settled(.delivered))
    let envelope = make.envelope(events: 3, bytes: 1)
    store.append(envelope) { _ in
      copied.keep(
        Result {
          for suffix in ["", "-wal"] {
            try FileManager.default.copyItem(atPath: from + suffix, toPath: to + suffix)
          }
        })
    }
    try await copied.value.get()
    let recovered = try copy.open(clock: ManualClock(), duplicateLimit: 100)
    try await recovered.configure(.test)
    let claim = await recovered.claim()
    #expect(claim.deliveries.map(\.event.id) == [held[0].event.id] + envelope.events.map(\.event.id))
    #expect(await recovered.claim(of: "bi").deliveries.isEmpty)
    guard case .duplicate = try await recovered.append(make.envelope(bytes: 1)) else {
      throw UnexpectedDuplicate()
    }
    recovered.close()
    store.close()
  }

  @Test func whatArrivesWhileTheThreadIsBusySharesOneCommit() async throws {
    let held = try await store.stored(make.envelope(events: 10))
    let before = try WriteAheadLog.commits(of: home.path)
    let gate = Gate()
    gate.hold(store)
    let appended = (0..<100).map { _ in store.posted(make.envelope()) }
    let settled = held.map { store.posted([$0.settled(.delivered)]) }
    gate.open()
    for promise in appended { _ = try await promise.value.get() }
    for promise in settled { _ = await promise.value }
    #expect(try WriteAheadLog.commits(of: home.path) == before + 1)
    store.close()
  }

  @Test func noTransactionGrowsWithoutBound() async throws {
    let before = try WriteAheadLog.commits(of: home.path)
    let held = try await store.stored(make.envelope())
    let gate = Gate()
    gate.hold(store)
    let settled = (0..<5_000).map { _ in store.posted([held[0].retried(at: 1)]) }
    gate.open()
    for promise in settled { _ = await promise.value }
    #expect(try WriteAheadLog.commits(of: home.path) == before + 1 + 3)
    store.close()
  }
}
