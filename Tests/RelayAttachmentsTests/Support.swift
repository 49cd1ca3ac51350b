import Foundation
import Logging
import RelayCore
import RelayHarness
import RelaySQLite
import RelayTestSupport
import RelayThreads

@testable import RelayAttachments

/// An index that tells tests whenever it was asked for something.
final class WatchedIndex: AttachmentIndex {
  private let index: any AttachmentIndex
  private let calls: Monitor<Int>
  /// What its calls fail with; nil: they do not.
  let failure: Locked<StoreError?>

  init(_ index: any AttachmentIndex, calls: Monitor<Int>, failure: Locked<StoreError?>) {
    self.index = index
    self.calls = calls
    self.failure = failure
  }

  private func told<Value>(_ body: () throws(StoreError) -> Value) throws(StoreError) -> Value {
    defer { calls.update { $0 += 1 } }
    if let failure = failure.withLock({ $0 }) { throw failure }
    return try body()
  }

  func recordedThrough() throws(StoreError) -> Timestamp? {
    try told { () throws(StoreError) in try index.recordedThrough() }
  }
  func record(_ links: [PendingAttachment], keep: [String: Duration], through: Timestamp?) throws(StoreError)
    -> Int
  {
    try told { () throws(StoreError) in try index.record(links, keep: keep, through: through) }
  }
  func pending(at now: Timestamp, limit: Int) throws(StoreError) -> [PendingAttachment] {
    try told { () throws(StoreError) in try index.pending(at: now, limit: limit) }
  }
  func nextPending() throws(StoreError) -> Timestamp? {
    try told { () throws(StoreError) in try index.nextPending() }
  }
  func pendingCount() throws(StoreError) -> Int {
    try told { () throws(StoreError) in try index.pendingCount() }
  }
  func fetched(_ key: AttachmentKey, _ file: AttachmentFile, lookAt due: Timestamp) throws(StoreError) -> Int?
  {
    try told { () throws(StoreError) in try index.fetched(key, file, lookAt: due) }
  }
  func failed(_ key: AttachmentKey, reason: String, lookAt due: Timestamp) throws(StoreError) -> Bool {
    try told { () throws(StoreError) in try index.failed(key, reason: reason, lookAt: due) }
  }
  func again(_ key: AttachmentKey, tries: Int, reason: String, at due: Timestamp) throws(StoreError) -> Bool {
    try told { () throws(StoreError) in try index.again(key, tries: tries, reason: reason, at: due) }
  }
  func toLookAt(at now: Timestamp, limit: Int) throws(StoreError) -> [KeptAttachment] {
    try told { () throws(StoreError) in try index.toLookAt(at: now, limit: limit) }
  }
  func nextLook() throws(StoreError) -> Timestamp? {
    try told { () throws(StoreError) in try index.nextLook() }
  }
  func look(again looks: [AttachmentLook]) throws(StoreError) {
    try told { () throws(StoreError) in try index.look(again: looks) }
  }
  func keep(_ duration: Duration, of source: String, lookAt due: Timestamp) throws(StoreError) {
    try told { () throws(StoreError) in try index.keep(duration, of: source, lookAt: due) }
  }
  func oldest(of source: String, after: AttachmentKey?, limit: Int) throws(StoreError) -> [KeptAttachment] {
    try told { () throws(StoreError) in try index.oldest(of: source, after: after, limit: limit) }
  }
  func end(_ keys: [AttachmentKey], rememberedUntil: Timestamp) throws(StoreError) -> EndedAttachments {
    try told { () throws(StoreError) in try index.end(keys, rememberedUntil: rememberedUntil) }
  }
  func endAll(of events: [EventID], rememberedUntil: Timestamp) throws(StoreError) -> EndedAttachments {
    try told { () throws(StoreError) in try index.endAll(of: events, rememberedUntil: rememberedUntil) }
  }
  func forget(before now: Timestamp) throws(StoreError) {
    try told { () throws(StoreError) in try index.forget(before: now) }
  }
  func bytes() throws(StoreError) -> [String: Int] { try told { () throws(StoreError) in try index.bytes() } }
  func needs(_ hash: String) throws(StoreError) -> Bool {
    try told { () throws(StoreError) in try index.needs(hash) }
  }
  func cleanLog() throws(StoreError) { try told { () throws(StoreError) in try index.cleanLog() } }
  func attachments(of event: EventID) throws(StoreError) -> [Attachment] { try index.attachments(of: event) }
  func attachment(of event: EventID, at place: Int) throws(StoreError) -> Attachment? {
    try index.attachment(of: event, at: place)
  }
  func close() { index.close() }
}

/// An origin that does what a test says, without a network.
final class ScriptedOrigin: AttachmentFetcher {
  enum Reply: Sendable {
    case file([UInt8], type: String? = nil)
    case answer(AttachmentAnswer)
    /// Until it is not wanted any more.
    case hang
  }

  private let script = Locked<@Sendable (String) -> Reply>({ _ in .answer(.status(404, location: nil)) })
  let asked = Locked<[String]>([])
  let running = Locked((now: 0, most: 0))
  /// Told once something hangs.
  let hanging = Monitor(0)

  func answer(_ body: @escaping @Sendable (String) -> Reply) { script.withLock { $0 = body } }

  func fetch(
    _ fetch: AttachmentFetch, isWanted: @escaping () -> Bool,
    take: @escaping (UnsafeRawBufferPointer) -> Bool
  ) -> AttachmentAnswer {
    asked.withLock { $0.append(fetch.url.reveal) }
    running.withLock { running in
      running.now += 1
      running.most = max(running.most, running.now)
    }
    defer { running.withLock { $0.now -= 1 } }
    switch script.withLock({ $0 })(fetch.url.reveal) {
    case .file(let bytes, let type):
      guard bytes.count <= fetch.maxBytes else { return .tooLarge }
      return bytes.withUnsafeBytes { take($0) } ? .whole(contentType: type) : .stopped
    case .answer(let answer): return answer
    case .hang:
      hanging.update { $0 += 1 }
      while isWanted() { sched_yield() }
      return .stopped
    }
  }
}

/// A keeper over a real store and a real index, with a clock and an origin that a test moves.
final class KeeperBench: Sendable {
  let folder: TemporaryFolder
  let clock = ManualClock(.second(100_000))
  let origin = ScriptedOrigin()
  let store: any DeliveryStore
  let lookup: any DeliveryLookup
  let make = TestEnvelopes()
  let mayWrite = Locked(true)
  let failure = Locked<StoreError?>(nil)
  private let calls = Monitor(0)
  private let index = Locked<(any AttachmentIndex)?>(nil)

  init() async throws {
    let folder = try TemporaryFolder()
    self.folder = folder
    let store = try SQLiteStore(path: "\(folder.path)/relay.db", clock: clock)
    self.store = store
    lookup = SQLiteLookup(store, clock: clock)
    try await store.configure(.test)
  }

  func close() {
    _ = lookup.close(within: .seconds(10))
    _ = store.close(within: .seconds(10))
  }

  static func source(_ change: (inout AttachmentPolicy) -> Void = { _ in }) -> Source {
    var source = Source(name: "huggy")
    var policy = AttachmentPolicy(hosts: ["*.files.example.com"])
    change(&policy)
    source.attachments = policy
    return source
  }

  /// One that runs, as after the start of a relay.
  func keeper(_ source: Source = KeeperBench.source()) -> AttachmentKeeper {
    let keeper = AttachmentKeeper(
      AttachmentKeeper.Parts(
        folder: "\(folder.path)/attachments",
        makeIndex: { [calls, failure, index] (path) throws(StoreError) in
          let opened = try SQLiteAttachmentIndex(path: path)
          index.withLock { $0 = opened }
          return WatchedIndex(opened, calls: calls, failure: failure)
        }, fetcher: origin, lookup: lookup, clock: clock,
        mayWrite: { [mayWrite] in mayWrite.withLock { $0 } },
        logger: Logger(label: "test") { [calls] _ in TellingLog(calls: calls) }))
    keeper.configure([source])
    return keeper
  }

  /// Stores an event with these files, and tells the keeper of it as the receiver does.
  ///
  /// - Parameter keeper: nil: nobody is told, as when the process was killed in between.
  @discardableResult
  func receive(_ files: String..., to destinations: [String] = ["crm"], keeper: AttachmentKeeper?)
    async throws
    -> (event: Event, deliveries: [Delivery])
  {
    let links = files.map { "\"https://\($0)\"" }.joined(separator: ",")
    let envelope = make.envelope(
      to: destinations, at: clock.now(), body: Array("{\"files\":[\(links)]}".utf8))
    let deliveries = try await store.stored(envelope)
    keeper?.arrived(envelope.events.map(\.event))
    return (envelope.events[0].event, deliveries)
  }

  /// Whether nothing is to be tried, or to be looked at, now: all that was due has been done.
  func hasTried() -> Bool { isLater { try $0.nextPending() } }
  func hasLooked() -> Bool { isLater { try $0.nextLook() } }

  private func isLater(_ time: (any AttachmentIndex) throws -> Timestamp?) -> Bool {
    guard let index = index.withLock({ $0 }), let next = try? time(index) else { return false }
    return next > clock.now()
  }

  /// Waits until it is so: the keeper has it looked at after each question to its index.
  func wait(until isSo: @escaping @Sendable () -> Bool) async -> Bool {
    let calls = calls
    return await onThread(named: "waits") {
      calls.wait(timeout: .seconds(60)) { _ in isSo() ? true : nil } ?? false
    }
  }

  /// Waits for an event's first file to be in another state than pending.
  func outcome(of event: Event, _ keeper: AttachmentKeeper, at place: Int = 0) async -> Attachment.State? {
    _ = await wait {
      guard let found = try? keeper.attachment(of: event.id, at: place) else { return false }
      return found.state != .pending
    }
    return (try? keeper.attachment(of: event.id, at: place))?.state
  }

  /// The names of all files that are kept.
  var kept: [String] {
    let files = "\(folder.path)/attachments/files"
    let paths = (try? FileManager.default.subpathsOfDirectory(atPath: files)) ?? []
    return paths.compactMap { $0.split(separator: "/").last.map(String.init) }.filter { $0.count == 64 }
      .sorted()
  }

  /// Whether the text stands in one of the index's files.
  func indexHolds(_ text: String) -> Bool {
    ["index.db", "index.db-wal"].contains { name in
      let bytes = try? Data(contentsOf: URL(filePath: "\(folder.path)/attachments/\(name)"))
      return String(decoding: bytes ?? Data(), as: UTF8.self).contains(text)
    }
  }

  var incoming: [String] {
    (try? FileManager.default.contentsOfDirectory(atPath: "\(folder.path)/attachments/incoming")) ?? []
  }
}

/// Tells tests of each line.
private struct TellingLog: LogHandler {
  let calls: Monitor<Int>

  subscript(metadataKey _: String) -> Logger.Metadata.Value? {
    get { nil }
    set {}
  }

  var metadata: Logger.Metadata {
    get { [:] }
    set {}
  }

  var logLevel: Logger.Level {
    get { .trace }
    set {}
  }

  func log(event: LogEvent) { calls.update { $0 += 1 } }
}

extension Attachment.State {
  var file: AttachmentFile? {
    if case .fetched(let file) = self { file } else { nil }
  }

  var reason: String? {
    if case .failed(let reason) = self { reason } else { nil }
  }
}
