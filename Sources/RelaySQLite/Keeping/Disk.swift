import RelayCore

/// The disk that the store is on: looks at it now and then, and keeps the reserve. Confined to the store's thread.
final class Disk {
  private let space: () -> DiskSpace
  private let reserve: ReserveFile
  private var guardian = DiskGuard()
  /// The last commit failed in writing.
  private var isFailing = false
  private(set) var lastLook: Timestamp?

  init(databasePath: String, space: @escaping () -> DiskSpace) {
    reserve = ReserveFile(databasePath: databasePath)
    self.space = space
  }

  var refusal: StoreError? { guardian.refusal }
  /// What is missing until envelopes are taken again.
  var shortfall: Int { guardian.shortfall }

  var reserveBytes: Int { guardian.reserveBytes }

  func look(_ now: Timestamp) {
    lastLook = now
    // Whether there is room does not matter while nothing can be written.
    guard !isFailing else { return }
    let reserved = guardian.hasReserve ? 0 : reserve.allocatedBytes
    guard guardian.look(space(), reserved: reserved) == .makeReserve else { return }
    do throws(StoreError) {
      try reserve.make(bytes: guardian.reserveBytes, with: guardian.roomToProve)
      guardian.reserveMade(.success(space()))
    } catch {
      guardian.reserveMade(.failure(error))
    }
  }

  /// The same, unless it was done a moment ago.
  func glance(_ now: Timestamp) {
    if let lastLook, lastLook <= now, lastLook.duration(to: now) < .milliseconds(100) { return }
    look(now)
  }

  /// A commit found no room.
  ///
  /// - Parameter error: What the system said.
  func filled(_ now: Timestamp, _ error: SystemError? = nil) {
    reserve.remove()
    guardian.filled(error?.description)
    lastLook = now
  }

  /// A commit failed in writing, for whatever reason: the reserve may help, and is not made anew before one has succeeded.
  func failed() {
    isFailing = true
    reserve.remove()
    guardian.reserveLost()
  }

  /// A commit succeeded.
  func wrote() { isFailing = false }
}

@available(*, unavailable)
extension Disk: Sendable {}
