import CCurl
import Glibc
import RelayCore

/// A multi handle of an endpoint: connections, and the requests that are on them. Confined to the curl thread.
///
/// libcurl 7.88.1 can't be told to leave a connection alone, or to close those that are idle. So an endpoint that has
/// lost faith in its connections goes on with another pool: the old one gets no new request, its requests finish,
/// and with the last of them its connections go (docs/decisions/0017-connection-pools.md).
final class ConnectionPool {
  unowned let endpoint: Endpoint
  private let multi: MultiHandle
  /// Something has happened on it since the last turn.
  private var isTouched = false
  /// Its timer is due at once.
  private var isDueAtOnce = false
  private(set) var isClosed = false
  private var active: [EasyHandle.ID: Transfer] = [:]
  /// Every open connection's socket.
  private var connections: Set<Int32> = []
  /// How many active transfers have their outcome, and read what follows it.
  private var answered = 0
  /// When its first connection was opened; nil: it has had none.
  private var firstOpening: ContinuousClock.Instant?
  /// The peer of one of its connections could not be reached any more.
  private var hasLostConnection = false
  /// Those that did not end together with their header, in the order in which their time ends.
  private var lingering: [Lingering] = []
  /// How libcurl failed on all transfers together, since the last `collect`.
  private var fault: CURLMcode?

  private struct Lingering {
    var transfer: Transfer
    var deadline: ContinuousClock.Instant
    /// nil: other transfers share it, or the kernel does not count.
    var socket: Int32?
    /// The socket's count of bytes where the rest of the answer began.
    var start: UInt64 = 0
  }

  init(endpoint: Endpoint) {
    self.endpoint = endpoint
    let destination = endpoint.destination
    multi = MultiHandle(maxConnections: destination.concurrency, multiplexes: destination.usesHTTP2)
    multi.report(to: self)
    endpoint.loop.opened(self)
  }

  /// The last request has ended, or the thread is ending.
  func close() {
    guard !isClosed else { return }
    isClosed = true
    for easy in active.keys { multi.remove(easy) }
    active.removeAll()
    lingering.removeAll()
    multi.close()
    endpoint.loop.closed(self)
  }

  var isIdle: Bool { active.isEmpty }
  var requestCount: Int { active.count }
  var hasConnections: Bool { !connections.isEmpty }

  // MARK: Turns

  /// Something has happened on it.
  ///
  /// - Returns: Whether it is the first since the last turn.
  func touch() -> Bool {
    defer { isTouched = true }
    return !isTouched
  }

  func turnBegins() { isTouched = false }

  /// - Returns: Whether its timer was due at once before.
  func setDueAtOnce(_ isDue: Bool) -> Bool {
    defer { isDueAtOnce = isDue }
    return isDueAtOnce
  }

  // MARK: Requests

  func add(_ transfer: Transfer) -> CURLMcode {
    transfer.move(to: self)
    let code = multi.add(transfer.easy)
    if code == CURLM_OK { active[transfer.easy.id] = transfer }
    return code
  }

  /// Lets libcurl do what there is to do: see `MultiHandle.act`.
  func act(on socket: curl_socket_t, flags: Int32) { acted(multi.act(on: socket, flags: flags)) }

  /// What libcurl said of all transfers together: after a failure none of them may ever be heard of again.
  func acted(_ code: CURLMcode) {
    if code != CURLM_OK { fault = code }
  }

  /// Hands its endpoint what has ended since the last call.
  func collect(at instant: ContinuousClock.Instant, into finished: inout [FinishedAttempt]) {
    while let (easy, code) = multi.nextEnded() {
      guard let transfer = remove(easy) else { continue }
      endpoint.ended(transfer, code, on: self, at: instant, into: &finished)
    }
    if let fault { endAll(fault, into: &finished) }
    if answered > lingering.count { linger(from: instant) }
  }

  private func remove(_ easy: EasyHandle.ID) -> Transfer? {
    multi.remove(easy)
    guard let transfer = active.removeValue(forKey: easy) else { return nil }
    if transfer.answer.isFinal { answered -= 1 }
    if transfer.setLingering(false) {
      lingering.removeAll { $0.transfer === transfer }
    }
    return transfer
  }

  private func endAll(_ fault: CURLMcode, into finished: inout [FinishedAttempt]) {
    self.fault = nil
    for (easy, transfer) in active {
      multi.remove(easy)
      _ = transfer.setLingering(false)
      finished.append(transfer.abandon(fault))
    }
    active.removeAll()
    lingering.removeAll()
    answered = 0
  }

  // MARK: What follows the final header

  /// Called within libcurl: a final header has ended.
  func wasAnswered() { answered += 1 }

  /// From now on those that have their outcome have two seconds.
  private func linger(from instant: ContinuousClock.Instant) {
    let deadline = instant.advanced(by: AnswerProgress.maxRestTime)
    for transfer in active.values where transfer.answer.isFinal {
      if transfer.setLingering(true) { continue }
      var one = Lingering(transfer: transfer, deadline: deadline)
      var isTooLong = false
      // What libcurl says leaves out the frames of chunks; where others share the connection, that must do.
      if !endpoint.sharesConnections, let socket = socket(of: transfer),
        let received = TCPSocket.receivedBytes(socket)
      {
        one.socket = socket
        one.start = start(of: transfer, on: socket, received: received)
        isTooLong = Self.isTooLong(received, since: one.start)
      }
      lingering.append(one)
      if isTooLong { cut(transfer) }
    }
    if !lingering.isEmpty { endpoint.comeBack(at: deadline) }
  }

  /// The socket's count of bytes where the rest of the answer began. What came on a kept connection before is not known;
  /// there it is what libcurl has told of the rest, and of the frames what follows.
  private func start(of transfer: Transfer, on socket: Int32, received: UInt64) -> UInt64 {
    if !transfer.isReused { return UInt64(transfer.answer.headerBytes) }
    return received - min(received, TCPSocket.unreadBytes(socket) + UInt64(transfer.answer.restBytes))
  }

  private static func isTooLong(_ received: UInt64, since start: UInt64) -> Bool {
    received > start + UInt64(AnswerProgress.maxRestBytes)
  }

  /// Over HTTP/1.1.
  private func socket(of transfer: Transfer) -> Int32? {
    connections.first { loop.user(of: $0) == transfer.easy.id }
  }

  /// Something was read, and libcurl waits for more. (An answer that came in one piece never gets here.)
  func readInPart(_ socket: Int32) {
    // On a shared connection there is always somebody who waits.
    guard !endpoint.sharesConnections else { return }
    TCPSocket.acknowledgeAtOnce(socket)
    guard let one = lingering.first(where: { $0.socket == socket }),
      let received = TCPSocket.receivedBytes(socket), Self.isTooLong(received, since: one.start)
    else { return }
    cut(one.transfer)
  }

  var firstLingeringEnd: ContinuousClock.Instant? { lingering.first?.deadline }

  func cutLingering(at instant: ContinuousClock.Instant) {
    while let first = lingering.first, first.deadline <= instant { cut(first.transfer) }
  }

  /// Its outcome stands. Its connection (or its stream) is closed.
  private func cut(_ transfer: Transfer) {
    guard let transfer = remove(transfer.easy.id) else { return }
    endpoint.cut(transfer, at: .now)
  }

  // MARK: Connections

  /// How old its oldest connection may be; nil: it has had none.
  func age(at instant: ContinuousClock.Instant) -> Duration? { firstOpening.map { $0.duration(to: instant) } }

  /// Takes out those requests that wait on a connection whose peer can't be reached any more, and that may be sent again.
  func takeStranded(at instant: ContinuousClock.Instant) -> [Transfer] {
    guard active.values.contains(where: { $0.hasWaited(until: instant) }) else { return [] }
    let lost = connections.filter { TCPSocket.unansweredRepetitions($0) >= Self.lostAfterRepetitions }
    if !lost.isEmpty { hasLostConnection = true }
    guard hasLostConnection else { return [] }
    // Where one is lost, less is needed to believe that another is.
    let suspects = connections.filter {
      TCPSocket.unansweredRepetitions($0) >= Self.lostLikeOthersAfterRepetitions
    }
    let ports = Set(suspects.map(TCPSocket.localPort))
    let stranded = active.values.filter { $0.mayBeRepeated && ports.contains($0.easy.localPort) }
    return stranded.compactMap { remove($0.easy.id) }
  }

  /// The third of the kernel's repetitions comes 1.4 seconds after the first sending at the earliest; on a longer way later.
  private static let lostAfterRepetitions = 3
  private static let lostLikeOthersAfterRepetitions = 2

  private var loop: CurlLoop { endpoint.loop }

  func socketChanged(_ socket: curl_socket_t, _ what: Int32, for easy: EasyHandle.ID) {
    loop.socketChanged(socket, what, of: self, for: easy)
  }

  func timerChanged(_ delay: Duration?) { loop.timerChanged(delay, of: self) }

  func opened(_ socket: Int32) {
    guard socket >= 0 else { return }
    connections.insert(socket)
    if firstOpening == nil { firstOpening = .now }
    loop.socketOpened(socket)
  }

  func closes(_ socket: Int32) {
    connections.remove(socket)
    loop.socketCloses(socket)
  }
}

@available(*, unavailable)
extension ConnectionPool: Sendable {}
