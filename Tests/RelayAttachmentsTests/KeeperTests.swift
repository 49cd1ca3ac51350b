import Foundation
import RelayCore
import RelayDigest
import RelayTestSupport
import RelayThreads
import Testing

@testable import RelayAttachments

@Suite(.timeLimit(.minutes(15))) struct KeeperTests {
  private static let picture = Array("a picture".utf8)

  // MARK: Fetching

  @Test func aFileIsFetchedAndKeptByItsHash() async throws {
    let bench = try await KeeperBench()
    bench.origin.answer { _ in .file(Self.picture, type: "image/png") }
    let keeper = bench.keeper()
    let (event, _) = try await bench.receive("a.files.example.com/x/a%20b.png?s=1", keeper: keeper)
    let file = try #require(await bench.outcome(of: event, keeper)?.file)
    #expect(file.bytes == Self.picture.count)
    #expect(file.contentType == "image/png")
    #expect(file.name == "a b.png")
    let path = keeper.path(of: file)
    #expect(try Array(Data(contentsOf: URL(filePath: path))) == Self.picture)
    let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
    #expect(mode == 0o600)
    #expect(bench.kept == [file.hash])
    #expect(bench.incoming.isEmpty)
    #expect(await bench.wait { keeper.standing.counts[.fetched] == 1 && keeper.standing.pending == 0 })
    #expect(keeper.standing.bytes == ["huggy": Self.picture.count])
    keeper.stop(within: .seconds(10))
    bench.close()
  }

  @Test func whatIsEqualIsKeptOnce() async throws {
    let bench = try await KeeperBench()
    bench.origin.answer { _ in .file(Self.picture) }
    let keeper = bench.keeper()
    let first = try await bench.receive("a.files.example.com/1", "a.files.example.com/2", keeper: keeper)
    let second = try await bench.receive("b.files.example.com/3", keeper: keeper)
    let files = [
      await bench.outcome(of: first.event, keeper)?.file,
      await bench.outcome(of: first.event, keeper, at: 1)?.file,
      await bench.outcome(of: second.event, keeper)?.file,
    ]
    #expect(Set(files.map { $0?.hash }).count == 1)
    #expect(bench.kept.count == 1)
    keeper.stop(within: .seconds(10))
    bench.close()
  }

  @Test func otherHostsAreNeverAsked() async throws {
    let bench = try await KeeperBench()
    bench.origin.answer { _ in .file(Self.picture) }
    let keeper = bench.keeper()
    let (event, _) = try await bench.receive(
      "evil.example/1", "a.files.example.com/2", "files.example.com.evil.example/3", keeper: keeper)
    _ = await bench.outcome(of: event, keeper, at: 1)
    #expect(bench.origin.asked.withLock { $0 } == ["https://a.files.example.com/2"])
    #expect(try keeper.attachments(of: event.id).map(\.place) == [1])
    #expect(keeper.standing.counts[.otherHost] == 2)
    keeper.stop(within: .seconds(10))
    bench.close()
  }

  @Test func aFailureIsTriedThreeTimesAndThenTold() async throws {
    let bench = try await KeeperBench()
    bench.origin.answer { _ in .answer(.status(503, location: nil)) }
    let keeper = bench.keeper()
    let (event, _) = try await bench.receive("a.files.example.com/1", keeper: keeper)
    for (tries, pause) in [(1, 5), (2, 60)] {
      #expect(await bench.wait { bench.origin.asked.withLock { $0.count } == tries })
      // Its answer may be on its way: the clock moves once that is recorded.
      #expect(await bench.wait { bench.hasTried() })
      bench.clock.advance(by: .seconds(pause))
      keeper.wake()
    }
    #expect(await bench.outcome(of: event, keeper)?.reason == "the origin answered 503")
    #expect(bench.origin.asked.withLock { $0.count } == 3)
    #expect(await bench.wait { keeper.standing.losses == 1 })
    #expect(keeper.standing.counts[.failed] == 1)
    #expect(bench.incoming.isEmpty)
    keeper.stop(within: .seconds(10))
    bench.close()
  }

  @Test func aLinkThatHasExpiredIsToldSo() async throws {
    let bench = try await KeeperBench()
    bench.origin.answer { _ in .answer(.status(403, location: nil)) }
    let (event, _) = try await bench.receive("a.files.example.com/1", keeper: nil)
    bench.clock.advance(by: .seconds(605))
    let keeper = bench.keeper()
    #expect(
      await bench.outcome(of: event, keeper)?.reason == "the link had expired (the origin answered 403)")
    #expect(await bench.wait { keeper.standing.counts[.expired] == 1 })
    keeper.stop(within: .seconds(10))
    bench.close()
  }

  @Test func atMostFourAreFetchedAtOnce() async throws {
    let bench = try await KeeperBench()
    bench.origin.answer { _ in .hang }
    let keeper = bench.keeper()
    for number in 1...6 { try await bench.receive("a.files.example.com/\(number)", keeper: keeper) }
    let four = await onThread {
      bench.origin.hanging.wait(timeout: .seconds(60)) { $0 == FetchSlots.limit ? true : nil }
    }
    #expect(four == true)
    keeper.wake()
    #expect(await bench.wait { keeper.standing.pending == 6 })
    keeper.stop(within: .seconds(60))
    #expect(bench.origin.running.withLock { $0.most } == 4)
    bench.close()
  }

  @Test func nothingIsFetchedWhileTheDiskIsFull() async throws {
    let bench = try await KeeperBench()
    bench.origin.answer { _ in .file(Self.picture) }
    bench.mayWrite.withLock { $0 = false }
    let keeper = bench.keeper()
    let (event, _) = try await bench.receive("a.files.example.com/1", keeper: keeper)
    #expect(await bench.wait { keeper.standing.pending == 1 })
    #expect(bench.origin.asked.withLock { $0.isEmpty })
    bench.mayWrite.withLock { $0 = true }
    keeper.wake()
    #expect(await bench.outcome(of: event, keeper)?.file != nil)
    keeper.stop(within: .seconds(10))
    bench.close()
  }

  // MARK: Restarts

  @Test func whatIsPendingGoesOnAfterARestart() async throws {
    let bench = try await KeeperBench()
    bench.origin.answer { _ in .hang }
    let first = bench.keeper()
    let (event, _) = try await bench.receive("a.files.example.com/1", keeper: first)
    let hangs = await onThread { bench.origin.hanging.wait(timeout: .seconds(60)) { $0 == 1 ? true : nil } }
    #expect(hangs == true)
    first.stop(within: .seconds(60))
    bench.origin.answer { _ in .file(Self.picture) }
    let second = bench.keeper()
    #expect(await bench.outcome(of: event, second)?.file != nil)
    #expect(bench.incoming.isEmpty)
    second.stop(within: .seconds(10))
    bench.close()
  }

  @Test func whatWasCommittedAndNeverToldIsFoundInTheStore() async throws {
    let bench = try await KeeperBench()
    bench.origin.answer { _ in .file(Self.picture) }
    let first = bench.keeper()
    let told = try await bench.receive("a.files.example.com/1", keeper: first)
    _ = await bench.outcome(of: told.event, first)
    first.stop(within: .seconds(60))
    bench.clock.advance(by: .seconds(30))
    let untold = try await bench.receive("a.files.example.com/2", keeper: nil)
    bench.clock.advance(by: .seconds(30))
    let second = bench.keeper()
    #expect(await bench.outcome(of: untold.event, second)?.file != nil)
    second.stop(within: .seconds(10))
    bench.close()
  }

  @Test func whatDidNotFitIntoTheInboxIsFoundInTheStore() async throws {
    let bench = try await KeeperBench()
    bench.origin.answer { _ in .file(Self.picture) }
    let keeper = bench.keeper()
    let (event, _) = try await bench.receive("a.files.example.com/1", keeper: nil)
    keeper.missed(since: bench.clock.now())
    #expect(await bench.outcome(of: event, keeper)?.file != nil)
    keeper.stop(within: .seconds(10))
    bench.close()
  }

  @Test func anIndexThatFailsHoldsNothingAndForgetsNothing() async throws {
    let bench = try await KeeperBench()
    bench.origin.answer { _ in .file(Self.picture) }
    let keeper = bench.keeper()
    let first = try await bench.receive("a.files.example.com/1", keeper: keeper)
    _ = await bench.outcome(of: first.event, keeper)
    bench.failure.withLock { $0 = StoreError(code: .failing, message: "the disk is broken") }
    let second = try await bench.receive("a.files.example.com/2", keeper: keeper)
    #expect(await bench.wait { keeper.standing.problem == "the disk is broken" })
    bench.failure.withLock { $0 = nil }
    bench.clock.advance(by: .seconds(6))
    keeper.wake()
    #expect(await bench.outcome(of: second.event, keeper)?.file != nil)
    #expect(await bench.wait { keeper.standing.problem == nil })
    keeper.stop(within: .seconds(10))
    bench.close()
  }

  @Test func aFileThatNoRowNeedsIsRemovedAtTheStart() async throws {
    let bench = try await KeeperBench()
    let hash = String(repeating: "0f", count: 32)
    let folder = "\(bench.folder.path)/attachments/files/0f/0f"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    try Data(Self.picture).write(to: URL(filePath: "\(folder)/\(hash)"))
    let keeper = bench.keeper()
    #expect(await bench.wait { bench.kept.isEmpty })
    keeper.stop(within: .seconds(10))
    bench.close()
  }

  // MARK: Keeping

  @Test func aFileStaysWhileADeliveryIsPendingAndThenForKeep() async throws {
    let bench = try await KeeperBench()
    bench.origin.answer { _ in .file(Self.picture) }
    let keeper = bench.keeper(KeeperBench.source { $0.keep = .seconds(7_200) })
    let (event, deliveries) = try await bench.receive("a.files.example.com/1", keeper: keeper)
    _ = await bench.outcome(of: event, keeper)
    bench.clock.advance(by: .seconds(86_400))
    keeper.wake()
    #expect(await bench.wait { bench.hasLooked() })
    #expect(bench.kept.count == 1)
    await bench.store.settle(deliveries[0].settled(.delivered))
    bench.clock.advance(by: .seconds(3_600))
    keeper.wake()
    #expect(await bench.wait { bench.hasLooked() })
    #expect(bench.kept.count == 1)
    bench.clock.advance(by: .seconds(3_600))
    keeper.wake()
    #expect(await bench.wait { (try? keeper.attachment(of: event.id, at: 0))?.state == .ended })
    #expect(await bench.wait { bench.kept.isEmpty && keeper.standing.bytes.isEmpty })
    keeper.stop(within: .seconds(10))
    bench.close()
  }

  @Test func roomIsMadeByTheOldestWhoseEventsAreSettled() async throws {
    let bench = try await KeeperBench()
    bench.origin.answer { url in .file(Array("\(url) fills".utf8)) }
    let bytes = "https://a.files.example.com/1 fills".utf8.count
    let keeper = bench.keeper(KeeperBench.source { $0.maxTotalBytes = 2 * bytes })
    let open = try await bench.receive("a.files.example.com/1", keeper: keeper)
    _ = await bench.outcome(of: open.event, keeper)
    let settled = try await bench.receive("a.files.example.com/2", to: [], keeper: keeper)
    _ = await bench.outcome(of: settled.event, keeper)
    let third = try await bench.receive("a.files.example.com/3", keeper: keeper)
    #expect(await bench.outcome(of: third.event, keeper)?.file != nil)
    #expect(await bench.outcome(of: settled.event, keeper) == .ended)
    #expect(await bench.outcome(of: open.event, keeper)?.file != nil)
    // Now all is needed.
    let fourth = try await bench.receive("a.files.example.com/4", keeper: keeper)
    #expect(await bench.outcome(of: fourth.event, keeper)?.reason?.hasPrefix("no room") == true)
    #expect(await bench.wait { keeper.standing.counts[.noRoom] == 1 })
    #expect(bench.kept.count == 2)
    keeper.stop(within: .seconds(10))
    bench.close()
  }

  @Test func anErasureRemovesTheFilesOfItsEvents() async throws {
    let bench = try await KeeperBench()
    bench.origin.answer { url in .file(Array(url.utf8)) }
    let keeper = bench.keeper()
    let (event, _) = try await bench.receive(
      "a.files.example.com/1", "a.files.example.com/2", keeper: keeper)
    let other = try await bench.receive("a.files.example.com/3", keeper: keeper)
    for place in 0...1 { _ = await bench.outcome(of: event, keeper, at: place) }
    _ = await bench.outcome(of: other.event, keeper)
    let count = try await onThread { Result { try keeper.erase([event.id]) } }.get()
    #expect(count == 2)
    #expect(try keeper.attachments(of: event.id).map(\.state) == [.ended, .ended])
    #expect(bench.kept.count == 1)
    keeper.stop(within: .seconds(10))
    bench.close()
  }

  @Test func anErasureBreaksOffWhatIsBeingFetched() async throws {
    let bench = try await KeeperBench()
    bench.origin.answer { url in url.hasSuffix("/1") ? .hang : .file(Self.picture) }
    let keeper = bench.keeper()
    let (event, _) = try await bench.receive("a.files.example.com/1", keeper: keeper)
    let hangs = await onThread { bench.origin.hanging.wait(timeout: .seconds(60)) { $0 == 1 ? true : nil } }
    #expect(hangs == true)
    let count = try await onThread { Result { try keeper.erase([event.id]) } }.get()
    #expect(count == 1)
    #expect(await bench.wait { bench.origin.running.withLock { $0.now } == 0 && bench.incoming.isEmpty })
    #expect(!bench.indexHolds("a.files.example.com/1"))
    keeper.stop(within: .seconds(10))
    bench.close()
  }

  @Test func noLinkStaysOnDiskOnceNothingIsPending() async throws {
    let bench = try await KeeperBench()
    bench.origin.answer { _ in .file(Self.picture) }
    let keeper = bench.keeper()
    let (event, _) = try await bench.receive("a.files.example.com/1?s3cret", keeper: keeper)
    #expect(await bench.outcome(of: event, keeper)?.file != nil)
    #expect(await bench.wait { !bench.indexHolds("s3cret") })
    keeper.stop(within: .seconds(10))
    bench.close()
  }

  @Test func aReloadWithFurtherHostsFindsWhatCameAMomentAgo() async throws {
    let bench = try await KeeperBench()
    bench.origin.answer { _ in .file(Self.picture) }
    let keeper = bench.keeper()
    let (event, _) = try await bench.receive("cdn.example.org/1", keeper: keeper)
    #expect(await bench.wait { keeper.standing.counts[.otherHost] == 1 })
    keeper.configure([KeeperBench.source { $0.hosts = ["cdn.example.org"] }])
    #expect(await bench.outcome(of: event, keeper)?.file != nil)
    keeper.stop(within: .seconds(10))
    bench.close()
  }

  @Test func withoutAPolicyNothingIsMade() async throws {
    let bench = try await KeeperBench()
    let keeper = bench.keeper(Source(name: "huggy"))
    let (event, _) = try await bench.receive("a.files.example.com/1", keeper: nil)
    #expect(try keeper.attachments(of: event.id).isEmpty)
    let count = try keeper.erase([event.id])
    #expect(count == 0)
    keeper.stop(within: .seconds(10))
    #expect(!FileManager.default.fileExists(atPath: "\(bench.folder.path)/attachments"))
    bench.close()
  }
}
