import CEpoll

/// The sockets that libcurl wants watched, and whose they are. Confined to the curl thread.
///
/// Between two requests libcurl lets go of a connection's socket, and asks for it again a moment later. Telling epoll
/// each time would be two system calls a request, so a connection's socket stays with epoll until it is closed, or until
/// it has something to say that nobody waits for.
struct WatchedSockets {
  private struct Slot {
    var owner: ConnectionPool?
    /// What epoll has been told to look for; 0: it does not know the socket.
    var events: UInt32 = 0
    /// Opened for a connection, so that its closing will be heard of: not so libcurl's own pairs of sockets.
    var isConnection = false
    /// The easy handle for which it was watched last.
    var user: EasyHandle.ID?
  }

  /// By descriptor: the system gives out the lowest that is free.
  private var slots: [Slot] = []
  private let poller: Poller

  init(poller: Poller) {
    self.poller = poller
  }

  /// Who waits for something on this socket; nil: nobody does, and epoll has been told.
  mutating func owner(of socket: Int32) -> ConnectionPool? {
    guard Int(socket) < slots.count else { return nil }
    if let owner = slots[Int(socket)].owner { return owner }
    forget(socket)
    return nil
  }

  /// Whether libcurl waits for something to read on it, and for nothing else.
  func waitsForInput(_ socket: Int32) -> Bool {
    guard Int(socket) < slots.count else { return false }
    return slots[Int(socket)].owner != nil && slots[Int(socket)].events == EPOLLIN.rawValue
  }

  /// The easy handle for which libcurl had this socket watched last. Over HTTP/1.1 it is the one whose request is on it.
  func user(of socket: Int32) -> EasyHandle.ID? {
    Int(socket) < slots.count ? slots[Int(socket)].user : nil
  }

  /// libcurl wants to hear of these events.
  mutating func watch(
    _ socket: Int32, _ events: UInt32, for pool: ConnectionPool, user: EasyHandle.ID? = nil
  ) {
    makeSlot(socket)
    slots[Int(socket)].owner = pool
    slots[Int(socket)].user = user
    let known = slots[Int(socket)].events
    guard known != events else { return }
    slots[Int(socket)].events = events
    poller.watch(socket, events: events, isNew: known == 0)
  }

  /// libcurl does not want to hear of it any more.
  mutating func release(_ socket: Int32) {
    guard Int(socket) < slots.count, slots[Int(socket)].owner != nil else { return }
    slots[Int(socket)].owner = nil
    // Only what is readable now and then may stay: an idle socket is always writable.
    if !slots[Int(socket)].isConnection || slots[Int(socket)].events != EPOLLIN.rawValue { forget(socket) }
  }

  mutating func opened(_ socket: Int32) {
    guard socket >= 0 else { return }
    makeSlot(socket)
    // What stood here was closed without a word, and epoll let go of it then.
    slots[Int(socket)] = Slot(isConnection: true)
  }

  /// It is about to be closed: then epoll lets go of it by itself.
  mutating func closing(_ socket: Int32) {
    guard Int(socket) < slots.count else { return }
    slots[Int(socket)] = Slot()
  }

  private mutating func forget(_ socket: Int32) {
    guard slots[Int(socket)].events != 0 else { return }
    slots[Int(socket)].events = 0
    poller.forget(socket)
  }

  private mutating func makeSlot(_ socket: Int32) {
    while slots.count <= Int(socket) { slots.append(Slot()) }
  }
}
