import Foundation
import RelayCore
import RelayTestSupport
import Testing

@testable import RelaySQLite

/// The store's files are taken away from under it.
@Suite(.timeLimit(.minutes(15)))
struct StoreLossTests {
  enum Loss: CaseIterable {
    case fileRemoved, logRemoved, anotherFileMovedOver, folderMoved, folderRemoved

    func happen(to home: SQLiteHome) throws {
      let files = FileManager.default
      switch self {
      case .fileRemoved: try files.removeItem(atPath: home.path)
      case .logRemoved: try files.removeItem(atPath: home.path + "-wal")
      case .anotherFileMovedOver:
        let copy = try home.folder.write("a backup\n", to: "copy.db")
        #expect(rename(copy, home.path) == 0)
      case .folderMoved: try files.moveItem(atPath: home.folder.path, toPath: home.folder.path + ".gone")
      case .folderRemoved: try files.removeItem(atPath: home.folder.path)
      }
    }
  }

  private let home: SQLiteHome
  private let make = TestEnvelopes()
  private let observer = RecordingObserver()
  private let store: any DeliveryStore

  init() async throws {
    home = try SQLiteHome()
    store = try home.open(clock: ManualClock(), duplicateLimit: 9, observer: observer)
    try await store.configure(.test)
  }

  private func code(_ envelope: NewEnvelope) async -> StoreError.Code? {
    do throws(StoreError) {
      _ = try await store.posted(envelope, late: observer.storedLate).value.get()
      return nil
    } catch {
      return error.code
    }
  }

  @Test(arguments: Loss.allCases)
  func nothingIsAcceptedThatWouldBeInNoFile(_ loss: Loss) async throws {
    defer { try? FileManager.default.removeItem(atPath: home.folder.path + ".gone") }
    let held = try await store.stored(make.envelope(events: 2))
    try loss.happen(to: home)
    #expect(await code(make.envelope()) == .lost)
    #expect(await code(make.envelope()) == .lost)
    observer.wait { $0.refusal?.code == .lost }
    // Outcomes are in no file either.
    let settled = store.posted([held[0].settled(.delivered)])
    observer.wait { $0.holdsSettlements }
    #expect(!settled.isKept)
    store.close()
    #expect(settled.isKept)
  }

  @Test func itIsSeenWhenSomebodyLooksAlsoWhileNothingIsWritten() async throws {
    try Loss.fileRemoved.happen(to: home)
    _ = try await store.size()
    observer.wait { $0.refusal?.code == .lost }
    store.close()
  }

  @Test func aFileThatComesBackIsForTheNextStart() async throws {
    _ = try await store.stored(make.envelope())
    #expect(rename(home.path, home.path + ".away") == 0)
    #expect(await code(make.envelope(to: ["bi"])) == .lost)
    #expect(rename(home.path + ".away", home.path) == 0)
    #expect(await code(make.envelope()) == .lost)
    store.close()
    let again = try home.open(clock: ManualClock(), duplicateLimit: 9, observer: nil)
    #expect(try await again.books()["crm"] == Books(pending: 1))
    again.close()
  }

  /// A link that leads to itself can't be followed: it says nothing of what is there.
  @Test func aFileThatCantBeSeenForAWhileIsNotLost() async throws {
    let held = try await store.stored(make.envelope(to: ["bi"])).only
    let away = home.folder.path + ".gone"
    #expect(rename(home.folder.path, away) == 0)
    #expect(symlink(home.folder.path, home.folder.path) == 0)
    let envelope = make.envelope(bytes: 1)
    #expect(await code(envelope) == .failing)
    observer.wait { $0.refusal?.code == .failing }
    // It was stored for all that, and goes out; outcomes are taken.
    observer.waitForLate(1)
    #expect(observer.late.map(\.event.id) == envelope.events.map(\.event.id))
    #expect(await store.settle(held.settled(.delivered)).isEmpty)
    unlink(home.folder.path)
    #expect(rename(away, home.folder.path) == 0)
    // The sender comes again.
    guard case .duplicate = try await store.append(make.envelope(bytes: 1)) else {
      throw UnexpectedDuplicate()
    }
    #expect(try await store.stored(make.envelope()).count == 1)
    observer.wait { $0.refusal == nil }
    store.close()
    let again = try home.open(clock: ManualClock(), duplicateLimit: 9, observer: nil)
    #expect(try await again.books() == ["crm": Books(pending: 2), "bi": Books(delivered: 1)])
    again.close()
  }

  @Test func outcomesAloneNoticeItToo() async throws {
    let clock = ManualClock()
    let home = try SQLiteHome()
    let observer = RecordingObserver()
    let store = try home.open(clock: clock, duplicateLimit: 9, observer: observer)
    try await store.configure(.test)
    let held = try await store.stored(make.envelope(events: 2))
    try Loss.fileRemoved.happen(to: home)
    clock.advance(by: .seconds(1))
    let settled = store.posted([held[0].settled(.delivered)])
    observer.wait { $0.refusal?.code == .lost && $0.holdsSettlements }
    #expect(!settled.isKept)
    store.close()
  }

  /// What has the log's name may be another store's log by now.
  @Test func theCloseOfALostStoreLeavesTheLogWhereItIs() async throws {
    _ = try await store.stored(make.envelope())
    try Loss.anotherFileMovedOver.happen(to: home)
    #expect(await code(make.envelope()) == .lost)
    store.close()
    #expect(FileManager.default.fileExists(atPath: home.path + "-wal"))
    #expect(try String(contentsOfFile: home.path, encoding: .utf8) == "a backup\n")
  }

  /// SQLite itself leaves the log alone where the database was moved, but not where only the log was.
  @Test func theCloseOfALostStoreLeavesAnothersLog() async throws {
    _ = try await store.stored(make.envelope())
    try Loss.logRemoved.happen(to: home)
    try Data("another's log".utf8).write(to: URL(fileURLWithPath: home.path + "-wal"))
    #expect(await code(make.envelope()) == .lost)
    store.close()
    #expect(try String(contentsOfFile: home.path + "-wal", encoding: .utf8) == "another's log")
  }

  @Test func aJobIsNotToldThatItIsDoneEither() async throws {
    _ = try await store.stored(make.envelope())
    try Loss.fileRemoved.happen(to: home)
    await #expect(throws: StoreError.self) { try await store.reorder(by: .chat) }
    store.close()
  }

  @Test func anotherFileIsNotLookedInto() async throws {
    let sqlite = try #require(store as? SQLiteStore)
    try Loss.anotherFileMovedOver.happen(to: home)
    let lookup = SQLiteLookup(sqlite, clock: ManualClock())
    let asked = Promise<Result<[String: Timestamp], StoreError>>("the oldest pending ones")
    lookup.oldestPending { asked.keep($0) }
    let error = await #expect(throws: StoreError.self) { _ = try await asked.value.get() }
    #expect(error?.code == .lost)
    lookup.close()
    store.close()
  }
}
