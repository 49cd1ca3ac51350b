import RelayCore

/// The disk that the store is on: looks at it now and then, and keeps the reserve. Confined to the store's thread.
final class Disk {
  private let space: () -> DiskSpace
  private let reserve: ReserveFile
  private var guardian = DiskGuard()
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
    let reserved = guardian.hasReserve ? 0 : reserve.allocatedBytes
    guard guardian.look(space(), reserved: reserved) == .makeReserve else { return }
    do throws(StoreError) {
      try reserve.make(bytes: guardian.reserveBytes)
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
  func filled(_ now: Timestamp) {
    reserve.remove()
    guardian.filled()
    lastLook = now
  }
}

@available(*, unavailable)
extension Disk: Sendable {}
