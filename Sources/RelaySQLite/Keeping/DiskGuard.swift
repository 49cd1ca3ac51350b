import RelayCore

/// Whether the disk has room for envelopes. Pure: told what there is, it says what to do.
///
/// Envelopes are refused before the disk is full, and outcomes of attempts go on: when even those don't fit any more,
/// the reserve is given away for them. Envelopes are taken again only when the reserve stands anew and there is room
/// beyond that.
struct DiskGuard: Equatable {
  enum Action: Equatable {
    case none, makeReserve
  }

  /// Why envelopes are refused; nil: they are taken. Its text stays the same while it lasts.
  private(set) var refusal: StoreError?
  private(set) var hasReserve = false
  private var isLow = false
  /// A commit found no room since the reserve last stood.
  private var wasFilled = false
  private var space = DiskSpace(available: .max, total: .max)

  /// Below this, envelopes are refused.
  private var lowWater: Int { min(32 << 20, space.total / 16) }
  /// Above this, they are taken again.
  private var highWater: Int { 2 * lowWater }
  /// How large the reserve is to be.
  var reserveBytes: Int { max(1 << 20, min(64 << 20, space.total / 16)) }

  /// What there must be beside the reserve when it is made anew, where the file system says that there is plenty: a quota,
  /// or a limit of the file's size, is not in what it says.
  var roomToProve: Int { wasFilled ? max(0, min(highWater, space.available - reserveBytes)) : 0 }

  /// What is missing until envelopes are taken again.
  var shortfall: Int {
    guard refusal != nil else { return 0 }
    return max(0, highWater + (hasReserve ? 0 : reserveBytes) - space.available)
  }

  /// - Parameters:
  ///   - space: What there is now.
  ///   - reserved: What the reserve's file holds, if it is not known to stand: an earlier run may have made it.
  mutating func look(_ space: DiskSpace, reserved: Int) -> Action {
    self.space = space
    if reserved >= reserveBytes { hasReserve = true }
    // What is free before the reserve stands is not free for long.
    isLow = space.available < (isLow ? highWater : lowWater) || isLow && !hasReserve
    decide(reserveFailure: nil)
    // Making it must not take what outcomes need now.
    let isRoomFor = space.available + reserved >= reserveBytes + lowWater
    return !hasReserve && isRoomFor ? .makeReserve : .none
  }

  /// The reserve was made: so much is available now. It can't be made: why.
  mutating func reserveMade(_ result: Result<DiskSpace, StoreError>) {
    switch result {
    case .success(let space):
      hasReserve = true
      wasFilled = false
      _ = look(space, reserved: 0)
    case .failure(let error): decide(reserveFailure: error)
    }
  }

  /// A commit found no room: the reserve is given away.
  ///
  /// - Parameter why: What the system said, for people.
  mutating func filled(_ why: String? = nil) {
    hasReserve = false
    isLow = true
    wasFilled = true
    let why = why.map { ": \($0)" } ?? ""
    refusal = StoreError(code: .full, message: "the disk of the store is full\(why); \(remedy)")
  }

  /// The reserve is given away for another reason.
  mutating func reserveLost() { hasReserve = false }

  private mutating func decide(reserveFailure: StoreError?) {
    if !isLow && hasReserve {
      refusal = nil
    } else if let reserveFailure {
      refusal = reserveFailure
    } else if refusal == nil {
      refusal = StoreError(
        code: .full, message: "the disk of the store has \(space.available >> 20) MiB left; \(remedy)")
    }
  }

  private var remedy: String {
    let needed = highWater + (hasReserve ? 0 : reserveBytes)
    return "make room: envelopes are taken again once \(needed >> 20) MiB are free"
  }
}
