import RelayCore
import RelayThreads

/// The embedded store: one SQLite file, one thread, one sync for all that arrived while the last was under way.
///
/// Nothing here waits for a timer: an idle store sleeps until there is work. The one exception is a store that
/// can't commit, which tries its settlements again every second.
public final class SQLiteStore: DeliveryStore {
  private enum Operation: Sendable {
    case register(StoreNames, @Sendable (Result<Void, StoreError>) -> Void)
    case append(NewEnvelope, @Sendable (Result<AppendOutcome, StoreError>) -> Void)
    case settle([Settlement], @Sendable () -> Void)
    case claim(ClaimRequest, @Sendable (Claim) -> Void)
    case release([DeliveryID])
    case counts(@Sendable (Result<[String: DeliveryCounts], StoreError>) -> Void)
    case ping(@Sendable () -> Void)
  }

  private struct Inbox: Sendable {
    var operations: [Operation] = []
    var isClosing = false
  }

  private let inbox: Monitor<Inbox>
  private let thread: WorkerThread
  /// The database file.
  public let path: String

  /// Opens the store, or makes it.
  ///
  /// - Parameters:
  ///   - clock: For the time at which a delivery was settled.
  ///   - duplicateLimit: How many envelopes are remembered for telling redeliveries.
  /// - Throws: `inUse` if another relay has it, `newerSchema`, `cannotOpen`.
  public init(path: String, clock: any WallClock, duplicateLimit: Int = 500_000) throws(StoreError) {
    let inbox = Monitor(Inbox())
    let opened = Monitor<Result<Void, StoreError>?>(nil)
    // SQLite is used on the thread that opened it, and on no other.
    let thread = WorkerThread(name: "store") {
      do throws(StoreError) {
        let session = try StoreSession(path: path, duplicateLimit: duplicateLimit)
        opened.update { $0 = .success(()) }
        Self.run(session, inbox, clock)
      } catch {
        opened.update { $0 = .failure(error) }
      }
    }
    do throws(StoreError) {
      try opened.wait { $0 }!.get()
    } catch {
      thread.join()
      throw error
    }
    self.inbox = inbox
    self.thread = thread
    self.path = path
  }

  // MARK: DeliveryStore
  //
  // Once it closes, nobody is left waiting: register, append and pendingCounts fail with `closed`; a claim finds
  // nothing (and is not exhausted); a settlement is answered unrecorded, and its delivery tried again by the next
  // start. These answers come on the caller's thread.

  public func register(
    _ names: StoreNames, completion: @escaping @Sendable (Result<Void, StoreError>) -> Void
  ) {
    if !post(.register(names, completion)) { completion(.failure(Self.closed)) }
  }

  public func append(
    _ envelope: NewEnvelope, completion: @escaping @Sendable (Result<AppendOutcome, StoreError>) -> Void
  ) {
    if !post(.append(envelope, completion)) { completion(.failure(Self.closed)) }
  }

  public func settle(_ settlements: [Settlement], completion: @escaping @Sendable () -> Void) {
    if !post(.settle(settlements, completion)) { completion() }
  }

  public func claim(_ request: ClaimRequest, completion: @escaping @Sendable (Claim) -> Void) {
    if !post(.claim(request, completion)) { completion(.nothing(for: request)) }
  }

  public func release(_ deliveries: [DeliveryID]) {
    _ = post(.release(deliveries))
  }

  public func pendingCounts(
    completion: @escaping @Sendable (Result<[String: DeliveryCounts], StoreError>) -> Void
  ) {
    if !post(.counts(completion)) { completion(.failure(Self.closed)) }
  }

  /// Answers from the store's thread, once it has come to it: a sign of life.
  public func ping(_ answer: @escaping @Sendable () -> Void) {
    if !post(.ping(answer)) { answer() }
  }

  public func close() {
    inbox.update { $0.isClosing = true }
    thread.join()
  }

  private static let closed = StoreError(code: .closed, message: "the store is closed")

  /// - Returns: Whether it will be carried out.
  private func post(_ operation: Operation) -> Bool {
    inbox.update { inbox in
      guard !inbox.isClosing else { return false }
      inbox.operations.append(operation)
      return true
    }
  }

  // MARK: The store's thread

  /// How much one transaction may hold, so that the sender at its head does not wait for all behind it.
  private static let maxBatch = 2_048
  private static let retryInterval = Duration.seconds(1)

  private static func run(_ session: StoreSession, _ inbox: Monitor<Inbox>, _ clock: any WallClock) {
    var writer = BatchWriter(session: session, clock: clock)
    while true {
      let timeout = writer.hasHeldSettlements ? retryInterval : nil
      let batch = inbox.wait(timeout: timeout) { inbox -> [Operation]? in
        guard !inbox.operations.isEmpty else { return inbox.isClosing ? [] : nil }
        let batch = Array(inbox.operations.prefix(maxBatch))
        inbox.operations.removeFirst(batch.count)
        return batch
      }
      for operation in batch ?? [] {
        switch operation {
        case .register(let names, let completion): writer.registrations.append((names, completion))
        case .append(let envelope, let completion): writer.appends.append((envelope, completion))
        case .settle(let settlements, let completion): writer.settlements.append((settlements, completion))
        case .release(let deliveries): session.claimed.subtract(deliveries.map(\.rawValue))
        case .claim, .counts, .ping: break
        }
      }
      writer.write()
      // Reads come after the commit, so that they see it, and what they answer comes after its answers.
      for operation in batch ?? [] { read(operation, session) }
      if batch?.isEmpty == true { return writer.abandon() }
    }
  }

  private static func read(_ operation: Operation, _ session: StoreSession) {
    switch operation {
    case .claim(let request, let completion):
      completion((try? session.claim(request)) ?? .nothing(for: request))
    case .counts(let completion):
      completion(Result { () throws(StoreError) in try session.pendingCounts() })
    case .ping(let answer): answer()
    case .register, .append, .settle, .release: break
    }
  }
}

extension Claim {
  /// The answer of a store that can't read.
  fileprivate static func nothing(for request: ClaimRequest) -> Claim {
    Claim(destination: request.destination, kind: request.kind, deliveries: [], isExhausted: false)
  }
}
