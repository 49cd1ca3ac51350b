/// What a lane holds in memory and has not started, of each of its destination's queues: what is live, and what replays have
/// queued, which takes what the others leave (docs/decisions/0029-replays.md).
struct LaneWindows: Sendable {
  private(set) var live: LaneWindow
  private(set) var replays: LaneWindow
  /// A replay may have queued something for it, ever.
  private var mayHaveReplays: Bool

  init(size: WindowSize, mayHaveReplays: Bool) {
    live = LaneWindow(size: size)
    replays = LaneWindow(size: size.ofReplays, isStored: mayHaveReplays)
    self.mayHaveReplays = mayHaveReplays
  }

  mutating func resize(to size: WindowSize) {
    live.resize(to: size)
    replays.resize(to: size.ofReplays)
  }

  /// What starts is taken out of the one or the other.
  mutating func change<Value>(_ body: (_ live: inout LaneWindow, _ replays: inout LaneWindow) -> Value)
    -> Value
  {
    body(&live, &replays)
  }

  mutating func change<Value>(_ queue: DeliveryQueue, _ body: (inout LaneWindow) -> Value) -> Value {
    switch queue {
    case .live: body(&live)
    case .replay: body(&replays)
    }
  }

  // MARK: What is wanted from the store

  /// A claim of either kind, of either queue, is under way.
  var isClaiming: Bool { live.isClaiming || replays.isClaiming }

  /// Whether all that waits, here or in the store, is such.
  func hasNothing(but isSuch: (DeliveryID) -> Bool) -> Bool {
    live.hasNothing(but: isSuch) && replays.hasNothing(but: isSuch)
  }

  /// How many deliveries it holds, with the followers of each.
  var events: Int { live.events + replays.events }

  /// The first of what waits for others that would fill its batch; nil: nothing does, for a batch is full, or something is
  /// there that waits for none.
  func first(waitingFor events: Int, maxBytes: Int) -> Delivery? {
    guard !live.retrying.hasReady, !replays.fresh.hasReady, !replays.retrying.hasReady, live.holdsAllFresh,
      live.fresh.events < events, live.fresh.footprint < maxBytes
    else { return nil }
    return live.fresh.first
  }

  /// When a claim is due; nil: not before something happens.
  ///
  /// - Parameter lacksTriable: What it holds of what is live can't be tried now.
  func claimsFrom(lacksTriable: Bool) -> Timestamp? {
    .earliest(live.claimsFrom(lacksTriable: lacksTriable), replays.claimsFrom(lacksTriable: false))
  }

  /// What is live comes first.
  mutating func nextWish(now: Timestamp, lacksTriable: Bool) -> (queue: DeliveryQueue, wish: LaneWindow.Wish)?
  {
    if let wish = live.nextWish(now: now, lacksTriable: lacksTriable) { return (.live, wish) }
    // Beside envelopes the store answers it with fewer.
    return replays.nextWish(now: now, lacksTriable: false).map { (.replay, $0) }
  }

  /// A replay has queued some.
  mutating func replayQueued() {
    mayHaveReplays = true
    replays.storeMayHaveMore(.fresh)
  }

  /// The store has some of all kinds that replays have queued.
  mutating func hasStoredReplays() {
    mayHaveReplays = true
    for kind in ClaimRequest.Kind.allCases { storeMayHaveMore(kind) }
  }

  /// Dead ones may be pending again, those of replays too.
  mutating func retriedByPerson() { mayHaveReplays = true }

  /// The store may have some that it had not, or has them earlier.
  mutating func storeMayHaveMore(_ kind: ClaimRequest.Kind) {
    live.storeMayHaveMore(kind)
    if mayHaveReplays { replays.storeMayHaveMore(kind) }
  }

  // MARK: What goes out

  /// Everything it holds, for giving back.
  mutating func giveUp() -> [DeliveryID] { live.giveUp() + replays.giveUp() }

  /// Other kinds are refused than before: none is set aside any more.
  mutating func takeBackAside() {
    live.takeBackAside()
    replays.takeBackAside()
  }
}
