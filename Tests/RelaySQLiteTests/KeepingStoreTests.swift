import Foundation
import RelayCore
import RelayTestSupport
import RelayThreads
import Testing

@testable import RelaySQLite

/// The whole store with its keeper, on its own thread and by the real clock: what fills it, and how it recovers.
@Suite(.timeLimit(.minutes(15)))
struct KeepingStoreTests {
  private let home: SQLiteHome
  private let make = TestEnvelopes()

  init() throws {
    home = try SQLiteHome()
  }

  private func envelope() -> NewEnvelope {
    make.envelope(at: RunningClock().now(), body: [UInt8](repeating: 0x20, count: 50_000))
  }

  /// Appends until the store refuses.
  private func fill(
    _ store: some DeliveryStore, _ after: (Int) throws -> Void = { _ in }
  ) async throws -> (stored: [Delivery], refusal: StoreError) {
    var stored: [Delivery] = []
    while true {
      do throws(StoreError) {
        guard case .stored(let deliveries) = try await store.append(envelope()) else { continue }
        stored += deliveries
      } catch {
        return (stored, error)
      }
      try after(stored.count)
    }
  }

  /// The store, which was full, says by itself that it takes envelopes again, and does.
  private func expectRecovery(of store: some DeliveryStore, _ observer: RecordingObserver) async throws {
    observer.wait(for: { $0.refusal?.code == .full })
    observer.waitUntilItIs { $0.refusal == nil }
    #expect(try await store.stored(envelope()).count == 1)
  }

  @Test func settledEventsGoWhenTheyAreOldAndPendingOnesStay() async throws {
    let clock = ManualClock()
    let store = try home.open(clock: clock, duplicateLimit: 100)
    var configuration = StoreConfiguration.test
    configuration.retention = .seconds(100)
    try await store.configure(configuration)
    let held = try await store.stored(make.envelope(to: ["crm", "bi"], events: 500))
    _ = await store.posted(held.dropLast().map { $0.settled(.delivered) }).value
    clock.advance(by: .seconds(100))
    // Any turn of its thread will do.
    while try StoreReader(path: home.path).eventIDs().count > 1 {
      try Task.checkCancellation()
      _ = try await store.destinations()
    }
    let left = try StoreReader(path: home.path).deliveries()
    #expect(left.map(\.event) == [held.last!.event.id, held.last!.event.id])
    #expect(left.map(\.state) == [.delivered, .fresh])
    #expect(try await store.destinations().first { $0.name == "crm" }?.delivered == 500)
    store.close()
  }

  @Test func aStoreThatIsFullOfPendingOnesRefusesGoesOnDeliveringAndRecovers() async throws {
    let observer = RecordingObserver()
    let store = try home.open(clock: RunningClock(), duplicateLimit: 100, observer: observer)
    var configuration = StoreConfiguration.test
    configuration.maxBytes = 16 << 20
    configuration.maxBacklogBytes = ["crm": 1 << 40]
    try await store.configure(configuration)
    let (stored, refusal) = try await fill(store)
    #expect(refusal.code == .full && refusal.message.contains("store.max_size"))
    #expect((200..<350).contains(stored.count))
    for delivery in stored.prefix(stored.count / 2) { await store.settle(delivery.settled(.delivered)) }
    try await expectRecovery(of: store, observer)
    store.close()
    let left = Set(try StoreReader(path: home.path).eventIDs())
    #expect(left.isSuperset(of: stored.dropFirst(stored.count / 2).map(\.event.id)))
  }

  @Test(.enabled(if: DiskMount.isAllowed, "mounting a file system needs root"))
  func aFullDiskLosesNothingAndTheStoreRecoversWhileItRuns() async throws {
    let disk = try DiskMount(mebibytes: 24)
    let path = "\(disk.path)/relay.db"
    let observer = RecordingObserver()
    let store = try SQLiteStore(path: path, clock: RunningClock(), observer: observer)
    var configuration = StoreConfiguration.test
    configuration.maxBacklogBytes = ["crm": 1 << 40]
    try await store.configure(configuration)
    // Others take the rest.
    let (stored, refusal) = try await fill(store) { if $0 == 50 { try disk.fill() } }
    #expect(refusal.code == .full)
    #expect(stored.count >= 50)
    _ = await store.posted(stored.prefix(40).map { $0.settled(.delivered) }).value
    for delivery in stored[40..<45] { await store.settle(delivery.settled(.dead(.permanent))) }
    #expect((try? await store.append(envelope())) == nil)
    disk.empty()
    try await expectRecovery(of: store, observer)
    store.close()
    let deliveries = try StoreReader(path: path).deliveries()
    let dead = deliveries.filter { $0.state == .dead }.map(\.event)
    #expect(dead == stored[40..<45].map(\.event.id))
    let pending = Set(deliveries.filter { $0.state == .fresh }.map(\.event))
    #expect(pending.isSuperset(of: stored.dropFirst(45).map(\.event.id)))
    // The ones that were delivered, where the full disk did not take them, are delivered still.
    #expect(
      deliveries.filter { stored.prefix(40).map(\.event.id).contains($0.event) }.allSatisfy {
        $0.state == .delivered
      })
    #expect(FileManager.default.fileExists(atPath: path + ".reserve"))
  }
}
